//! Target cards of actions on nodes and on the network.

use super::{CardDraft, count, listed};
use crate::provider::kubernetes::{
    failure::Failure, invocation::Invocation, kind::Kind, node::selection::nodes,
};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{Api, ResourceExt, api::ListParams};

/// Nodes that would be cordoned or uncordoned.
pub(super) async fn cordon_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let chosen = nodes(call).await?;
    let (verb, effect, undo) = match call.native.func {
        "uncordon_node" => ("UNCORDON", "new pods may be placed there again", "cordon"),
        _ => ("CORDON", "no new pod is placed there; the running ones stay", "uncordon"),
    };
    Ok(CardDraft {
        headline: format!("{verb} {}", count(chosen.len(), "node")),
        objects: names(&chosen),
        share: share(call, chosen.len()).await?,
        consequences: vec![effect.to_owned()],
        comes_back: "NO: the setting remains until it is reverted".to_owned(),
        undo: format!("the file's rollbacks, or `kubectl {undo}` for each"),
        confirm: first(&chosen),
    })
}

/// Nodes whose pods would be evicted.
pub(super) async fn drain_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let chosen = nodes(call).await?;
    let everywhere: Api<Pod> = Api::all(call.client.clone());
    let mut pods = 0;
    for node in &chosen {
        let on_node = ListParams::default().fields(&format!("spec.nodeName={}", node.name_any()));
        let daemon = |pod: &Pod| pod.owner_references().iter().any(|owner| owner.kind == "DaemonSet");
        pods += everywhere.list(&on_node).await?.iter().filter(|pod| !daemon(pod)).count();
    }
    Ok(CardDraft {
        headline: format!("DRAIN {}: evict {}", count(chosen.len(), "node"), count(pods, "pod")),
        objects: names(&chosen),
        share: share(call, chosen.len()).await?,
        consequences: vec![
            "the pods start again on other nodes, as far as there is room".to_owned(),
            "disruption budgets are respected; the nodes stay cordoned".to_owned(),
        ],
        comes_back: "the pods restart on other nodes by themselves; the nodes stay cordoned".to_owned(),
        undo: "the file's rollbacks, or `kubectl uncordon` for each".to_owned(),
        confirm: first(&chosen),
    })
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
