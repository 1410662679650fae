//! What a step would hit: workloads, pods without one, Services.

use super::{
    Saved,
    manifest::{Kept, Manifest},
};
use crate::provider::kubernetes::{
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    legacy::meant,
    pod::selection::{self, Selection},
    preview::{count, owner},
};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    core::v1::{Pod, Service},
};
use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, ListParams},
};

/// Most pods looked through for a container's name.
const SEARCHED: u32 = 500;

/// Objects of one namespace, by kind and name, and what the step does to them.
pub(super) struct Found {
    namespace: String,
    objects: Vec<(Kept, String)>,
    harm: Harm,
}

/// What a step does to what it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Deletes,
    /// Changes its number of replicas.
    Scales,
    Rolls,
    /// Takes away pods that a controller replaces; those without one are gone.
    Pods,
    /// Stops containers, which the kubelet starts again.
    Containers,
}

/// What a call would hit; `None` for functions of which nothing is saved.
pub(super) async fn by_call(call: &Invocation<'_>) -> Result<Option<Found>, Failure> {
    let found = |objects, harm| Ok(Some(Found { namespace: call.namespace()?.to_owned(), objects, harm }));
    match call.native.func {
        "terminate_pods" | "delete_pods" => found(owners(&pods(call).await?), Harm::Pods),
        "kill_microservice" | "delete_deployment" => {
            found(listed::<Deployment>(call, Kept::Deployment).await?, Harm::Deletes)
        }
        "remove_statefulset" => found(listed::<StatefulSet>(call, Kept::StatefulSet).await?, Harm::Deletes),
        "delete_daemon_set" => found(listed::<DaemonSet>(call, Kept::DaemonSet).await?, Harm::Deletes),
        "delete_replica_set" => found(listed::<ReplicaSet>(call, Kept::ReplicaSet).await?, Harm::Deletes),
        "scale_deployment" | "scale_microservice" => {
            found(listed::<Deployment>(call, Kept::Deployment).await?, Harm::Scales)
        }
        "scale_statefulset" => found(listed::<StatefulSet>(call, Kept::StatefulSet).await?, Harm::Scales),
        "rollout_deployment" => found(listed::<Deployment>(call, Kept::Deployment).await?, Harm::Rolls),
        "delete_service" | "remove_service_endpoint" => {
            found(listed::<Service>(call, Kept::Service).await?, Harm::Deletes)
        }
        _ => Ok(None),
    }
}

async fn pods(call: &Invocation<'_>) -> Result<Vec<Pod>, Failure> {
    let api = Pod::api(call)?;
    if call.native.func != "delete_pods" {
        return Selection::of(call)?.candidates(&api).await;
    }
    let pattern = call.text("name")?.map(selection::pattern).transpose()?;
    let mut pods = api.list(&call.labelled()?).await?.items;
    pods.retain(|pod| pattern.as_ref().is_none_or(|p| p.is_match(&pod.name_any()).unwrap_or(false)));
    Ok(pods)
}

/// The names that a function on workloads or Services is about.
async fn listed<K: Kind>(call: &Invocation<'_>, kind: Kept) -> Result<Vec<(Kept, String)>, Failure> {
    let params = match call.native.func {
        "kill_microservice" => meant::<K>(call, call.needed("name")?).await?,
        func if func.starts_with("scale_") || kind == Kept::Service => {
            by_name(ListParams::default(), call.needed("name")?)
        }
        _ => call.named_or_labelled()?,
    };
    Ok(K::api(call)?.list(&params).await?.iter().map(|object| (kind, object.name_any())).collect())
}

/// What owns the pods, each once; a pod that nothing owns stands for itself.
fn owners(pods: &[Pod]) -> Vec<(Kept, String)> {
    let mut found = Vec::new();
    for pod in pods {
        let owned = owner(pod).and_then(|owner| Some((Kept::named(&owner.kind)?, owner.name)));
        let object = owned.unwrap_or_else(|| (Kept::Pod, pod.name_any()));
        if !found.contains(&object) {
            found.push(object);
        }
    }
    found
}

impl Found {
    /// The owners of pods that have a container of one of these names.
    pub(super) async fn with_container(
        client: &Client,
        namespace: &str,
        names: &[String],
    ) -> Result<Self, Failure> {
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let mut pods = pods.list(&ListParams::default().limit(SEARCHED)).await?.items;
        let named = |pod: &Pod| {
            let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
            containers.into_iter().any(|container| names.contains(&container.name))
        };
        pods.retain(named);
        Ok(Self { namespace: namespace.to_owned(), objects: owners(&pods), harm: Harm::Containers })
    }

    /// Fetches and cleans them, with the Services in front of their pods.
    pub(super) async fn saved(self, client: &Client) -> Result<Saved, Failure> {
        let mut manifests = Vec::new();
        for (kind, name) in &self.objects {
            if let Some(object) = kind.api(client, &self.namespace).get_opt(name).await? {
                manifests.push(Manifest::of(*kind, &self.namespace, &object));
            }
        }
        let (cost, needed) = self.cost(client, &manifests).await?;
        let services = Kept::Service.api(client, &self.namespace).list(&ListParams::default()).await?;
        let before = services.iter().filter(|service| is_before(service, &manifests));
        let before: Vec<_> = before.map(|it| Manifest::of(Kept::Service, &self.namespace, it)).collect();
        manifests.extend(before);
        Ok(Saved { manifests, cost, needed })
    }

    /// What putting them back would do, and whether anything has to be.
    async fn cost(&self, client: &Client, manifests: &[Manifest]) -> Result<(String, bool), Failure> {
        let Some(first) = manifests.first() else { return Ok(("nothing to undo".to_owned(), false)) };
        let more = match manifests.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let title = first.called();
        let words = match self.harm {
            Harm::Containers => {
                return Ok((
                    format!("nothing to undo: the kubelet starts the containers of {title} again"),
                    false,
                ));
            }
            Harm::Pods if manifests.iter().all(|manifest| manifest.kind != Kept::Pod) => {
                let about = about(startup(client, &self.namespace, first).await?);
                return Ok((format!("nothing to undo: {title} starts a new pod by itself{about}"), false));
            }
            Harm::Deletes | Harm::Pods => format!("re-creates {title}{more}"),
            Harm::Rolls => format!("rolls {title}{more} back"),
            Harm::Scales => match first.replicas() {
                Some(replicas) => {
                    format!("puts {title}{more} back to {}", count(replicas as usize, "replica"))
                }
                None => format!("puts {title}{more} back"),
            },
        };
        let about = about(startup(client, &self.namespace, first).await?);
        Ok((words + &about, true))
    }
}

/// How long it takes, as measured; the API server tells full seconds only.
fn about(seconds: Option<i64>) -> String {
    seconds.map(|seconds| format!(", about {} s", seconds.max(1))).unwrap_or_default()
}

/// Seconds that the pods of a workload took to become ready, the slowest of those never restarted.
async fn startup(client: &Client, namespace: &str, manifest: &Manifest) -> Result<Option<i64>, Failure> {
    let Some(labels) = manifest.pod_labels().filter(|labels| !labels.is_empty()) else { return Ok(None) };
    let pairs = labels.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    let selector = pairs.collect::<Vec<_>>().join(",");
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pods = pods.list(&ListParams::default().labels(&selector).limit(SEARCHED)).await?;
    let took = |pod: &Pod| {
        let status = pod.status.as_ref()?;
        let restarted =
            status.container_statuses.iter().flatten().any(|container| container.restart_count > 0);
        let ready =
            status.conditions.iter().flatten().find(|it| it.type_ == "Ready" && it.status == "True")?;
        let ready = ready.last_transition_time.as_ref()?.0;
        let made = pod.metadata.creation_timestamp.as_ref()?.0;
        (!restarted).then(|| ready.duration_since(made).as_secs()).filter(|seconds| *seconds >= 0)
    };
    Ok(pods.iter().filter_map(took).max())
}

/// Whether a Service selects the pods of one of the workloads, and is not among them itself.
fn is_before(service: &DynamicObject, manifests: &[Manifest]) -> bool {
    let Some(selector) = service.data.pointer("/spec/selector").and_then(|it| it.as_object()) else {
        return false;
    };
    !selector.is_empty()
        && manifests.iter().any(|manifest| {
            let labels = manifest.pod_labels();
            labels.is_some_and(|labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
        })
}
