//! Target cards of actions on nodes and on the network.

use super::{CardDraft, count, listed};
use crate::provider::kubernetes::{
    failure::Failure,
    invocation::Invocation,
    kind::Kind,
    node::{
        drain::{DrainDecision, pods_on},
        selection::{candidates, number},
    },
};
use k8s_openapi::api::{
    core::v1::{Node, Pod},
    policy::v1::PodDisruptionBudget,
};
use kube::{
    Api, ResourceExt,
    api::ListParams,
    core::{Selector, SelectorExt},
};

/// The nodes of a step, as far as they are known: with `count`, they are chosen at random among the candidates.
struct ChosenNodes {
    candidates: Vec<Node>,
    number: usize,
}

impl ChosenNodes {
    async fn of(call: &Invocation<'_>) -> Result<Self, Failure> {
        let candidates = candidates(call).await?;
        let number = number(call)?.map_or(candidates.len(), |number| number.min(candidates.len()));
        Ok(Self { candidates, number })
    }

    fn by_chance(&self) -> bool {
        self.number < self.candidates.len()
    }

    /// `2 nodes`, or `1 node of 3, chosen at random`.
    fn counted(&self) -> String {
        let chance = if self.by_chance() {
            format!(" of {}, chosen at random", self.candidates.len())
        } else {
            String::new()
        };
        format!("{}{chance}", count(self.number, "node"))
    }
}

/// Nodes that would be cordoned or uncordoned.
pub(super) async fn cordon_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let chosen = ChosenNodes::of(call).await?;
    let (verb, effect, undo) = match call.native.func {
        "uncordon_node" => ("UNCORDON", "new pods may be placed there again", "cordon"),
        _ => ("CORDON", "no new pod is placed there; the running ones stay", "uncordon"),
    };
    Ok(CardDraft {
        headline: format!("{verb} {}", chosen.counted()),
        objects: names(&chosen.candidates),
        share: share(call, chosen.number).await?,
        consequences: vec![effect.to_owned()],
        comes_back: "NO: the setting remains until it is reverted".to_owned(),
        undo: format!("the file's rollbacks, or `kubectl {undo}` for each"),
        confirm: first(&chosen.candidates),
    })
}

/// Nodes whose pods would be evicted.
pub(super) async fn drain_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let chosen = ChosenNodes::of(call).await?;
    let (mut evicted, mut consequences) = (Vec::new(), Vec::new());
    for node in &chosen.candidates {
        for (pod, decision) in pods_on(call, &node.name_any()).await? {
            match decision {
                DrainDecision::Evict => evicted.push(pod),
                DrainDecision::Refuse => consequences.push(format!(
                    "{} cannot be drained: no owner would re-create pod {}",
                    node.name_any(),
                    pod.name_any()
                )),
                DrainDecision::Stay => {}
            }
        }
    }
    let at_most = if chosen.by_chance() { "at most " } else { "" };
    let elsewhere = nodes_elsewhere(call, &chosen).await?;
    consequences.push(match elsewhere {
        0 => "NOWHERE TO GO: no other node takes pods, so they stay Pending until a node is uncordoned"
            .to_owned(),
        _ => format!("the pods start again on {}, as far as there is room", count(elsewhere, "other node")),
    });
    consequences.extend(refusing_budgets(call, &evicted).await);
    consequences.push("disruption budgets are respected; the nodes stay cordoned".to_owned());
    Ok(CardDraft {
        headline: format!("DRAIN {}: evict {at_most}{}", chosen.counted(), count(evicted.len(), "pod")),
        objects: names(&chosen.candidates),
        share: share(call, chosen.number).await?,
        consequences,
        comes_back: match elsewhere {
            0 => "NO: no other node takes the pods; the nodes stay cordoned".to_owned(),
            _ => "the pods restart on other nodes by themselves; the nodes stay cordoned".to_owned(),
        },
        undo: "the file's rollbacks, or `kubectl uncordon` for each".to_owned(),
        confirm: first(&chosen.candidates),
    })
}

/// The number of nodes that could take the pods: ready, not cordoned, and not drained themselves.
async fn nodes_elsewhere(call: &Invocation<'_>, chosen: &ChosenNodes) -> Result<usize, Failure> {
    let all = Node::api(call)?.list(&ListParams::default()).await?.items;
    let takes_pods = |node: &Node| {
        let cordoned = node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true);
        let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let ready =
            conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
        ready && !cordoned
    };
    let drained = |node: &Node| chosen.candidates.iter().any(|other| other.name_any() == node.name_any());
    let others = all.iter().filter(|node| takes_pods(node) && !drained(node)).count();
    // Of nodes chosen at random, those that are not chosen still take pods.
    let spared =
        chosen.candidates.iter().filter(|node| takes_pods(node)).count().saturating_sub(chosen.number);
    Ok(others + if chosen.by_chance() { spared } else { 0 })
}

/// The disruption budgets that allow no eviction of these pods now. Empty without the permission to list budgets.
async fn refusing_budgets(call: &Invocation<'_>, pods: &[Pod]) -> Vec<String> {
    let api: Api<PodDisruptionBudget> = Api::all(call.client.clone());
    let budgets = api.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default();
    let mut lines = Vec::new();
    for budget in budgets {
        let allowed = budget.status.as_ref().map(|status| status.disruptions_allowed);
        let selector = budget.spec.as_ref().and_then(|spec| spec.selector.clone());
        let Some(selector) = selector.and_then(|selector| Selector::try_from(selector).ok()) else {
            continue;
        };
        let held =
            pods.iter().filter(|pod| pod.namespace() == budget.namespace() && selector.matches(pod.labels()));
        let held = held.count();
        if allowed == Some(0) && held > 0 {
            let name = budget.name_any();
            let stay = if held == 1 { "stays" } else { "stay" };
            lines.push(format!(
                "budget {name} allows no disruption now: {} {stay} until it does",
                count(held, "pod")
            ));
        }
    }
    lines
}

fn names(nodes: &[Node]) -> Vec<String> {
    listed(nodes.iter().map(ResourceExt::name_any))
}

fn first(nodes: &[Node]) -> String {
    nodes.first().map(ResourceExt::name_any).unwrap_or_default()
}

async fn share(call: &Invocation<'_>, number: usize) -> Result<Option<String>, Failure> {
    let all = Node::api(call)?.list(&ListParams::default()).await?.items.len();
    Ok(Some(format!("{number} of {}", count(all, "node"))))
}

/// Pods whose traffic a network policy would block.
pub(super) async fn network_policy_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let direction = if call.native.func == "deny_all_ingress" { "INTO" } else { "OUT OF" };
    let labels = if call.given("label_selectors").is_none() {
        String::new()
    } else {
        let pairs = call.document("label_selectors")?;
        let pairs = pairs.as_object().into_iter().flatten();
        let pairs = pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
        pairs.collect::<Vec<_>>().join(",")
    };
    let params =
        if labels.is_empty() { ListParams::default() } else { ListParams::default().labels(&labels) };
    let pods = Pod::api(call)?.list(&params).await?.items;
    let mut consequences =
        vec!["takes effect only if the cluster's network plugin enforces policies".to_owned()];
    if direction == "OUT OF" {
        consequences.push("DNS is blocked too".to_owned());
    }
    Ok(CardDraft {
        headline: format!("CUT all traffic {direction} {}", count(pods.len(), "pod")),
        objects: listed(pods.iter().map(ResourceExt::name_any)),
        share: None,
        consequences,
        comes_back: "NO: the policy stays until it is removed".to_owned(),
        undo: format!("the file's rollbacks, or chaosk8s' remove_{}", call.native.func),
        confirm: call.namespace()?.to_owned(),
    })
}
