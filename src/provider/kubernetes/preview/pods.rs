//! Target cards of actions on pods.

use super::{CardDraft, count, impact::Hit, listed, written};
use crate::provider::kubernetes::{
    failure::Failure,
    invocation::Invocation,
    kind::Kind,
    pod::{selection, selection::Selection},
};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

/// Pods that would be deleted.
pub(super) async fn deletion_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let api = Pod::api(call)?;
    let (candidates, number, by_chance) = if call.native.func == "delete_pods" {
        let pattern = call.text("name")?.map(selection::pattern).transpose()?;
        let mut pods = api.list(&call.labelled()?).await?.items;
        pods.retain(|pod| pattern.as_ref().is_none_or(|p| p.is_match(&pod.name_any()).unwrap_or(false)));
        let number = pods.len().min(1);
        (pods, number, false)
    } else {
        let selection = Selection::of(call)?;
        let pods = selection.candidates(&api).await?;
        let number = selection.count(pods.len());
        let by_chance = selection.random && number < pods.len();
        (pods, number, by_chance)
    };
    let all = candidates.len();
    let mut pods = candidates;
    if !by_chance {
        pods.truncate(number);
    }
    let hit = Hit { namespace: call.namespace()?.to_owned(), pods };
    let grace = match call.whole("grace_period", -1)? {
        0 => ", immediately, without a grace period",
        _ => ", with its grace period to finish",
    };
    let chance = if by_chance { format!(" of {all}, chosen at random") } else { String::new() };
    let owner = hit.owner();
    let mut consequences = Vec::new();
    match number {
        0 => consequences
            .push("no pod matches: NOTHING will happen, and the action will still succeed".to_owned()),
        _ if by_chance => consequences.push("which one is not known in advance".to_owned()),
        _ => consequences = hit.services_left(&call.client).await?,
    }
    Ok(CardDraft {
        headline: format!("KILL {}{chance}, by deleting it{grace}", count(number, "pod")),
        objects: hit.objects(),
        share: hit.share(&call.client, number).await?,
        consequences,
        comes_back: match (&owner, number) {
            (_, 0) => "nothing is deleted".to_owned(),
            (Some(owner), _) => owner.brings_back(),
            (None, _) if hit.pods.iter().any(|pod| super::impact::owner(pod).is_none()) => {
                "NO: no controller owns the pod, so it is not replaced".to_owned()
            }
            (None, _) => "yes: each pod has a controller that replaces it".to_owned(),
        },
        undo: match owner {
            Some(_) => "a new pod comes by itself".to_owned(),
            None => "the file's rollbacks, or `kubectl apply` of its manifest".to_owned(),
        },
        confirm: owner
            .map(|owner| owner.name)
            .or(hit.pods.first().map(ResourceExt::name_any))
            .unwrap_or_default(),
    })
}

/// Pods in which a command would be run.
pub(super) async fn exec_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let selection = Selection::of(call)?;
    let candidates = selection.candidates(&Pod::api(call)?).await?;
    let number = selection.count(candidates.len());
    let names = candidates.iter().map(ResourceExt::name_any);
    let shown = if selection.random { candidates.len() } else { number };
    Ok(CardDraft {
        headline: format!("RUN `{}` in {}", written(call.given("cmd")), count(number, "pod")),
        objects: listed(names.take(shown)),
        share: Some(format!("{number} of {}", count(candidates.len(), "matching pod"))),
        consequences: vec!["what the command does there is not known to chaos-tui".to_owned()],
        comes_back: "not known".to_owned(),
        undo: "the file's rollbacks".to_owned(),
        confirm: candidates.first().map(ResourceExt::name_any).unwrap_or_default(),
    })
}
