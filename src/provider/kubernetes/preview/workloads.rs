//! Target cards of actions on workloads (Deployments and similar kinds) and on Services.

use super::{CardDraft, count, impact::Hit, listed};
use crate::provider::kubernetes::{
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    legacy::list_params_for,
    objects::missing,
    readiness::Workload,
};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    core::v1::{Pod, Service},
    discovery::v1::EndpointSlice,
};
use kube::{Api, ResourceExt, api::ListParams};
use std::collections::BTreeMap;

/// A kind whose objects own pods.
pub(super) trait OwnsPods: Kind {
    fn pod_labels(&self) -> Option<&BTreeMap<String, String>>;
}

macro_rules! owns_pods {
    ($($kind:ty),+) => {
        $(impl OwnsPods for $kind {
            fn pod_labels(&self) -> Option<&BTreeMap<String, String>> {
                self.spec.as_ref()?.selector.match_labels.as_ref()
            }
        })+
    };
}
owns_pods!(Deployment, StatefulSet, DaemonSet, ReplicaSet);

/// The pods of some workloads.
async fn pods_of<K: OwnsPods>(call: &Invocation<'_>, workloads: &[K]) -> Result<Hit, Failure> {
    let api = Pod::api(call)?;
    let mut pods = Vec::new();
    for labels in workloads.iter().filter_map(OwnsPods::pod_labels) {
        let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pods.extend(api.list(&ListParams::default().labels(&pairs.join(","))).await?.items);
    }
    Ok(Hit { namespace: call.namespace()?.to_owned(), pods })
}

fn nothing_there(confirm: &str, missing: String) -> CardDraft {
    CardDraft {
        headline: "NOTHING matches".to_owned(),
        objects: Vec::new(),
        share: None,
        consequences: vec![missing],
        comes_back: "nothing is deleted".to_owned(),
        undo: "nothing to undo".to_owned(),
        confirm: confirm.to_owned(),
    }
}

/// Workloads that would be deleted, with their pods.
pub(super) async fn deletion_card<K: OwnsPods>(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let params = match call.native.func {
        "kill_microservice" => list_params_for::<K>(call, call.needed("name")?).await?,
        _ => call.named_or_labelled()?,
    };
    let found = K::api(call)?.list(&params).await?.items;
    let asked = call.text("name")?.or(call.text("label_selector")?).unwrap_or("anything");
    let Some(first) = found.first() else {
        return Ok(nothing_there(asked, missing::<K>(call).await?));
    };
    let kind = K::kind(&());
    let hit = pods_of(call, &found).await?;
    let name = first.name_any();
    // A Deployment re-creates a deleted replica set; no controller re-creates a deleted Deployment.
    let owned = found
        .iter()
        .all(|object| object.owner_references().iter().any(|owner| owner.controller == Some(true)));
    let (comes_back, undo) = if owned {
        (format!("yes: the owner of the {kind} re-creates it"), "nothing to undo".to_owned())
    } else {
        (
            format!("NO: no controller re-creates a deleted {kind}"),
            format!("the file's rollbacks, or `kubectl apply` of the manifest of {name}"),
        )
    };
    Ok(CardDraft {
        headline: format!(
            "DELETE {} with {}",
            count(found.len(), kind.as_ref()),
            count(hit.pods.len(), "pod")
        ),
        objects: listed(found.iter().map(ResourceExt::name_any).chain(hit.objects())),
        share: Some("every replica".to_owned()),
        consequences: hit.services_left(&call.client).await?,
        comes_back,
        undo,
        confirm: name,
    })
}

/// A workload whose replicas would change.
pub(super) async fn scale_card<K: OwnsPods + Workload>(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let name = call.needed("name")?;
    let wanted = usize::try_from(call.whole("replicas", 0)?).unwrap_or(0);
    let found = K::api(call)?.list(&by_name(ListParams::default(), name)).await?.items;
    let Some(workload) = found.first() else {
        return Ok(nothing_there(name, missing::<K>(call).await?));
    };
    let kind = K::kind(&());
    let before = usize::try_from(workload.counts().wanted).unwrap_or(0);
    let mut hit = pods_of(call, &found).await?;
    let lost = before.saturating_sub(wanted);
    let consequences = match wanted {
        0 => hit.services_left(&call.client).await?,
        _ if lost > 0 => vec![format!("{} deleted, the newest first", count(lost, "pod"))],
        _ => Vec::new(),
    };
    hit.pods.truncate(if wanted == 0 { hit.pods.len() } else { 0 });
    Ok(CardDraft {
        headline: format!("SCALE {kind} {name} from {before} to {wanted}"),
        objects: listed(std::iter::once(name.to_owned()).chain(hit.objects())),
        share: Some(format!("{lost} of {}", count(before, "replica"))),
        consequences,
        comes_back: match lost {
            0 => "nothing is deleted".to_owned(),
            _ => format!("NO: it stays at {wanted} until it is scaled again"),
        },
        undo: format!(
            "the file's rollbacks, or `kubectl scale {} {name} --replicas={before}`",
            K::kind_name()
        ),
        confirm: name.to_owned(),
    })
}

/// A Deployment whose pods would be replaced one after the other.
pub(super) async fn rollout_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let name = call.needed("name")?;
    let found = Deployment::api(call)?.list(&by_name(ListParams::default(), name)).await?.items;
    if found.is_empty() {
        return Ok(nothing_there(name, missing::<Deployment>(call).await?));
    }
    let hit = pods_of(call, &found).await?;
    Ok(CardDraft {
        headline: format!(
            "REPLACE {} of Deployment {name}, one after the other",
            count(hit.pods.len(), "pod")
        ),
        objects: hit.objects(),
        share: None,
        consequences: vec![
            "new pods replace old ones one by one, following the Deployment's update strategy".to_owned(),
        ],
        comes_back: "yes: it is a rollout".to_owned(),
        undo: format!("`kubectl rollout undo deployment {name}` would roll once more"),
        confirm: name.to_owned(),
    })
}

/// A Service that would be deleted; its pods stay.
pub(super) async fn service_deletion_card(call: &Invocation<'_>) -> Result<CardDraft, Failure> {
    let name = call.needed("name")?;
    let found = Service::api(call)?.list(&by_name(ListParams::default(), name)).await?.items;
    if found.is_empty() {
        return Ok(nothing_there(name, missing::<Service>(call).await?));
    }
    let slices: Api<EndpointSlice> = Api::namespaced(call.client.clone(), call.namespace()?);
    let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={name}"));
    let slices = slices.list(&of_service).await?;
    let endpoints = slices.iter().flat_map(|slice| &slice.endpoints);
    let ready = endpoints
        .filter(|endpoint| endpoint.conditions.as_ref().and_then(|c| c.ready) != Some(false))
        .count();
    Ok(CardDraft {
        headline: format!("DELETE Service {name}; the pods behind it stay"),
        objects: vec![name.to_owned()],
        share: Some(format!("{} cut off", count(ready, "endpoint"))),
        consequences: vec![format!("{name} no longer resolves: EVERY new call to it will fail")],
        comes_back: "NO: no controller re-creates a deleted Service".to_owned(),
        undo: format!("the file's rollbacks, or `kubectl apply` of the manifest of {name}"),
        confirm: name.to_owned(),
    })
}
