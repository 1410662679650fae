//! Determines the objects that a step would affect: workloads, pods without a workload, Services.

use super::{
    SavedManifests,
    manifest::{Manifest, SavedKind},
};
use crate::provider::kubernetes::{
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    legacy::list_params_for,
    networking,
    node::selection::candidates,
    pod::selection::{self, Selection},
    preview::{count, owner},
};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    core::v1::{Pod, Service},
    networking::v1::Ingress,
};
use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, ListParams},
};

/// The maximum number of pods searched for a container's name.
const SEARCHED: u32 = 500;

/// Objects of one namespace, by kind and name, and the step's effect on them.
pub(super) struct FoundObjects {
    namespace: String,
    objects: Vec<(SavedKind, String)>,
    effect: StepEffect,
}

/// A step's effect on its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepEffect {
    Deletes,
    /// Changes the number of replicas.
    Scales,
    Rolls,
    /// Deletes pods; a controller replaces them, pods without a controller are lost.
    Pods,
    /// Stops containers, which the kubelet restarts.
    Containers,
    /// Changes an object's fields.
    Changes,
    /// Cordons nodes, or makes them schedulable again.
    Cordons,
    Uncordons,
    /// Cordons nodes and evicts their pods.
    Drains,
}

/// The objects that a call would affect; `None` for functions whose objects are not saved.
pub(super) async fn by_call(call: &Invocation<'_>) -> Result<Option<FoundObjects>, Failure> {
    let found = |objects, harm| {
        Ok(Some(FoundObjects { namespace: call.namespace()?.to_owned(), objects, effect: harm }))
    };
    match call.native.func {
        "terminate_pods" | "delete_pods" => found(owners(&pods(call).await?), StepEffect::Pods),
        "kill_microservice" | "delete_deployment" => {
            found(listed::<Deployment>(call, SavedKind::Deployment).await?, StepEffect::Deletes)
        }
        "remove_statefulset" => {
            found(listed::<StatefulSet>(call, SavedKind::StatefulSet).await?, StepEffect::Deletes)
        }
        "delete_daemon_set" => {
            found(listed::<DaemonSet>(call, SavedKind::DaemonSet).await?, StepEffect::Deletes)
        }
        "delete_replica_set" => {
            found(listed::<ReplicaSet>(call, SavedKind::ReplicaSet).await?, StepEffect::Deletes)
        }
        "scale_deployment" | "scale_microservice" => {
            found(listed::<Deployment>(call, SavedKind::Deployment).await?, StepEffect::Scales)
        }
        "scale_statefulset" => {
            found(listed::<StatefulSet>(call, SavedKind::StatefulSet).await?, StepEffect::Scales)
        }
        "rollout_deployment" => {
            found(listed::<Deployment>(call, SavedKind::Deployment).await?, StepEffect::Rolls)
        }
        "delete_service" | "remove_service_endpoint" => {
            found(listed::<Service>(call, SavedKind::Service).await?, StepEffect::Deletes)
        }
        "delete_ingress" => found(listed::<Ingress>(call, SavedKind::Ingress).await?, StepEffect::Deletes),
        "update_ingress" => found(listed::<Ingress>(call, SavedKind::Ingress).await?, StepEffect::Changes),
        "cordon_node" => in_cluster(nodes(call).await?, StepEffect::Cordons),
        "uncordon_node" => in_cluster(nodes(call).await?, StepEffect::Uncordons),
        "drain_nodes" => in_cluster(nodes(call).await?, StepEffect::Drains),
        _ => match networking::policy(call).await? {
            Some(name) => found(vec![(SavedKind::NetworkPolicy, name)], StepEffect::Changes),
            None => Ok(None),
        },
    }
}

fn in_cluster(
    objects: Vec<(SavedKind, String)>,
    effect: StepEffect,
) -> Result<Option<FoundObjects>, Failure> {
    Ok(Some(FoundObjects { namespace: String::new(), objects, effect }))
}

/// Every node that the step may choose.
async fn nodes(call: &Invocation<'_>) -> Result<Vec<(SavedKind, String)>, Failure> {
    Ok(candidates(call).await?.iter().map(|node| (SavedKind::Node, node.name_any())).collect())
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

/// The objects that a function on workloads or Services names.
async fn listed<K: Kind>(
    call: &Invocation<'_>,
    kind: SavedKind,
) -> Result<Vec<(SavedKind, String)>, Failure> {
    let params = match call.native.func {
        "kill_microservice" => list_params_for::<K>(call, call.needed("name")?).await?,
        func if func.starts_with("scale_") || matches!(kind, SavedKind::Service | SavedKind::Ingress) => {
            by_name(ListParams::default(), call.needed("name")?)
        }
        _ => call.named_or_labelled()?,
    };
    Ok(K::api(call)?.list(&params).await?.iter().map(|object| (kind, object.name_any())).collect())
}

/// The owners of the pods, each once; a pod without an owner is listed itself.
fn owners(pods: &[Pod]) -> Vec<(SavedKind, String)> {
    let mut found = Vec::new();
    for pod in pods {
        let owned = owner(pod).and_then(|owner| Some((SavedKind::owner(&owner.kind)?, owner.name)));
        let object = owned.unwrap_or_else(|| (SavedKind::Pod, pod.name_any()));
        if !found.contains(&object) {
            found.push(object);
        }
    }
    found
}

impl FoundObjects {
    /// Finds the owners of pods that have a container with one of these names.
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
        Ok(Self { namespace: namespace.to_owned(), objects: owners(&pods), effect: StepEffect::Containers })
    }

    /// Fetches the objects and cleans their manifests; adds the Services that select their pods. A Service that may
    /// not be read is left out, since the step does not touch it.
    pub(super) async fn saved(self, client: &Client) -> Result<SavedManifests, Failure> {
        let mut manifests = Vec::new();
        for (kind, name) in &self.objects {
            match kind.api(client, &self.namespace).get_opt(name).await? {
                Some(object) => {
                    let manifest = Manifest::of(*kind, &self.namespace, &object);
                    manifests.push(if self.touches(*kind) { manifest } else { manifest.untouched() });
                }
                None if *kind == SavedKind::NetworkPolicy => {
                    manifests.push(Manifest::absent(*kind, &self.namespace, name));
                }
                None => {}
            }
        }
        let (cost, needed) = self.cost(client, &manifests).await?;
        if manifests.iter().any(|manifest| manifest.pod_labels().is_some()) {
            let api = SavedKind::Service.api(client, &self.namespace);
            let services = api.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default();
            let before = services.iter().filter(|service| is_before(service, &manifests));
            let before = before
                .map(|service| Manifest::of(SavedKind::Service, &self.namespace, service).untouched())
                .collect::<Vec<_>>();
            manifests.extend(before);
        }
        Ok(SavedManifests { manifests, cost, needed })
    }

    /// Whether the step itself changes or deletes objects of this kind; a workload whose pods are deleted stays.
    fn touches(&self, kind: SavedKind) -> bool {
        match self.effect {
            StepEffect::Pods => kind == SavedKind::Pod,
            StepEffect::Containers => false,
            _ => true,
        }
    }

    /// Describes what restoring the objects would do, and whether anything needs to be restored.
    async fn cost(&self, client: &Client, manifests: &[Manifest]) -> Result<(String, bool), Failure> {
        let Some(first) = manifests.first() else { return Ok(("nothing to undo".to_owned(), false)) };
        let more = match manifests.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let title = first.called();
        let words = match self.effect {
            StepEffect::Containers => {
                return Ok((
                    format!("nothing to undo: the kubelet starts the containers of {title} again"),
                    false,
                ));
            }
            StepEffect::Pods if manifests.iter().all(|manifest| manifest.kind != SavedKind::Pod) => {
                let about = about(startup(client, &self.namespace, first).await?);
                return Ok((format!("nothing to undo: {title} starts a new pod by itself{about}"), false));
            }
            StepEffect::Cordons | StepEffect::Drains if manifests.iter().all(Manifest::cordoned) => {
                return Ok((format!("nothing to undo: {title}{more} was cordoned before"), false));
            }
            StepEffect::Uncordons if !manifests.iter().any(Manifest::cordoned) => {
                return Ok((format!("nothing to undo: {title}{more} was not cordoned before"), false));
            }
            StepEffect::Cordons => return Ok((format!("uncordons {title}{more}"), true)),
            StepEffect::Uncordons => return Ok((format!("cordons {title}{more} again"), true)),
            StepEffect::Drains => {
                return Ok((
                    format!("uncordons {title}{more}; pods that were evicted come back by themselves"),
                    true,
                ));
            }
            StepEffect::Changes if first.body.is_none() => {
                return Ok((format!("removes {title}{more}"), true));
            }
            StepEffect::Changes => return Ok((format!("puts {title}{more} back"), true)),
            StepEffect::Deletes | StepEffect::Pods => format!("re-creates {title}{more}"),
            StepEffect::Rolls => format!("rolls {title}{more} back"),
            StepEffect::Scales => match first.replicas() {
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

/// The duration of the startup as a text; the API server reports whole seconds only.
fn about(seconds: Option<i64>) -> String {
    seconds.map(|seconds| format!(", about {} s", seconds.max(1))).unwrap_or_default()
}

/// How many seconds the workload's pods took to become ready: the slowest of those that were never restarted.
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
        let ready = status.conditions.iter().flatten().find(|c| c.type_ == "Ready" && c.status == "True")?;
        let ready = ready.last_transition_time.as_ref()?.0;
        let made = pod.metadata.creation_timestamp.as_ref()?.0;
        (!restarted).then(|| ready.duration_since(made).as_secs()).filter(|seconds| *seconds >= 0)
    };
    Ok(pods.iter().filter_map(took).max())
}

/// Whether a Service selects pods of one of the workloads and has a non-empty selector.
fn is_before(service: &DynamicObject, manifests: &[Manifest]) -> bool {
    let Some(selector) = service.data.pointer("/spec/selector").and_then(|selector| selector.as_object())
    else {
        return false;
    };
    !selector.is_empty()
        && manifests.iter().any(|manifest| {
            let labels = manifest.pod_labels();
            labels.is_some_and(|labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
        })
}
