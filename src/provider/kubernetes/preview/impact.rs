//! The consequences of losing pods, for their workload and for the Services that select them.

use super::{CardDraft, count, listed};
use crate::cluster::Connection;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Pod, Service},
};
use kube::{Api, Client, Error, ResourceExt, api::ListParams};
use std::collections::BTreeMap;

/// The maximum number of pods searched for a container's name.
const SEARCHED: u32 = 500;

/// The pods that would be affected, all in one namespace.
pub(crate) struct Hit {
    pub(crate) namespace: String,
    pub(crate) pods: Vec<Pod>,
}

/// The controller that owns a pod.
pub(in crate::provider::kubernetes) struct Owner {
    pub(in crate::provider::kubernetes) kind: String,
    pub(in crate::provider::kubernetes) name: String,
}

impl Hit {
    /// The pods' names with their nodes.
    pub(super) fn objects(&self) -> Vec<String> {
        listed(self.pods.iter().map(|pod| {
            let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
            node.map_or_else(|| pod.name_any(), |node| format!("{} on {node}", pod.name_any()))
        }))
    }

    /// The owner, if all pods have the same one.
    pub(super) fn owner(&self) -> Option<Owner> {
        let mut owners = self.pods.iter().map(owner);
        let first = owners.next()??;
        owners.all(|other| other.is_some_and(|other| other.name == first.name)).then_some(first)
    }

    /// How many of the owner's replicas are affected; `None` unless the owner is a Deployment.
    pub(super) async fn share(&self, client: &Client, number: usize) -> Result<Option<String>, Error> {
        let Some(owner) = self.owner() else { return Ok(None) };
        if owner.kind != "Deployment" {
            return Ok(None);
        }
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), &self.namespace);
        let deployment = deployments.get_opt(&owner.name).await?;
        let wanted = deployment.and_then(|deployment| deployment.spec?.replicas);
        Ok(wanted.map(|wanted| format!("{number} of {}", count(wanted.max(0) as usize, "replica"))))
    }

    /// Describes how many endpoints are left of each Service that selects the pods.
    pub(super) async fn services_left(&self, client: &Client) -> Result<Vec<String>, Error> {
        let services: Api<Service> = Api::namespaced(client.clone(), &self.namespace);
        let pods: Api<Pod> = Api::namespaced(client.clone(), &self.namespace);
        let mut consequences = Vec::new();
        for service in services.list(&ListParams::default()).await? {
            let Some(selector) = service.spec.as_ref().and_then(|spec| spec.selector.as_ref()) else {
                continue;
            };
            if selector.is_empty() || !self.pods.iter().any(|pod| is_selected(pod, selector)) {
                continue;
            }
            let pairs: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let behind = pods.list(&ListParams::default().labels(&pairs.join(","))).await?;
            let ready: Vec<&Pod> = behind.iter().filter(|pod| is_ready(pod)).collect();
            let left = ready.iter().filter(|pod| !self.has(pod)).count();
            consequences.push(left_of(&service.name_any(), left, ready.len()));
        }
        Ok(consequences)
    }

    fn has(&self, pod: &Pod) -> bool {
        self.pods.iter().any(|hit| hit.metadata.name == pod.metadata.name)
    }
}

fn left_of(service: &str, left: usize, before: usize) -> String {
    match left {
        0 => format!("Service {service} is left with 0 endpoints: EVERY call to it will fail"),
        _ => format!("Service {service} is left with {left} of {before} endpoints"),
    }
}

fn is_selected(pod: &Pod, selector: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value))
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    pod.metadata.deletion_timestamp.is_none()
        && conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// A pod's owner: the Deployment instead of its `ReplicaSet`, whose name is the Deployment's name with the template's
/// hash appended.
pub(in crate::provider::kubernetes) fn owner(pod: &Pod) -> Option<Owner> {
    let owners = pod.metadata.owner_references.as_deref()?;
    let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
    let hash = pod.labels().get("pod-template-hash");
    let deployment = hash.and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
    Some(match deployment.filter(|_| owner.kind == "ReplicaSet") {
        Some(name) => Owner { kind: "Deployment".to_owned(), name: name.to_owned() },
        None => Owner { kind: owner.kind.clone(), name: owner.name.clone() },
    })
}

impl Owner {
    /// Describes whether and how a deleted pod of this owner is replaced.
    pub(super) fn brings_back(&self) -> String {
        let Self { kind, name } = self;
        match kind.as_str() {
            "Deployment" | "ReplicaSet" => {
                format!("yes: a new pod, by the ReplicaSet of {name}")
            }
            "StatefulSet" => format!("yes: StatefulSet {name} starts it again, under the same name"),
            "DaemonSet" => format!("yes: DaemonSet {name} starts a new pod on the same node"),
            _ => format!("perhaps: it depends on {kind} {name}"),
        }
    }
}

/// Builds the card for stopping containers with these names: `number` of those that match, or all.
pub(crate) async fn on_containers(
    connection: &Connection,
    namespace: &str,
    names: &[String],
    number: Option<usize>,
) -> Result<CardDraft, String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    let failed = |error: Error| connection.error("look up the containers", error).to_string();
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let mut pods = pods.list(&ListParams::default().limit(SEARCHED)).await.map_err(failed)?.items;
    pods.retain(|pod| {
        pod.spec
            .as_ref()
            .is_some_and(|spec| spec.containers.iter().any(|container| names.contains(&container.name)))
    });
    let confirm = names.first().cloned().unwrap_or_default();
    if pods.is_empty() {
        return Err(format!("no container is called {} in namespace {namespace}", names.join(", ")));
    }
    let matching = pods.len();
    let number = number.map_or(matching, |number| number.min(matching));
    let hit = Hit { namespace: namespace.to_owned(), pods };
    let always = |pod: &Pod| {
        let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
        matches!(policy, None | Some("Always"))
    };
    let comes_back = if hit.pods.iter().all(always) {
        "yes: the kubelet starts the container again, in the same pod"
    } else {
        "perhaps not: a pod has a restart policy other than Always"
    };
    let consequences = if number == matching {
        hit.services_left(&client).await.map_err(failed)?
    } else {
        vec!["which one is not known in advance".to_owned()]
    };
    Ok(CardDraft {
        headline: format!("STOP {}, the pod stays", count(number, "container")),
        objects: hit.objects(),
        share: Some(match hit.share(&client, number).await.map_err(failed)? {
            Some(share) => share,
            None => format!("{number} of {} with such a container", count(matching, "pod")),
        }),
        consequences,
        comes_back: comes_back.to_owned(),
        undo: "nothing to undo".to_owned(),
        confirm,
    })
}
