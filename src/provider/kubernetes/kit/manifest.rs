//! Manifests as a user would write them: without the fields that the API server manages.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    core::v1::{Node, Pod, Service},
    networking::v1::{Ingress, NetworkPolicy},
};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value as Json, json};

/// The metadata fields that a manifest keeps. The server manages identity, versions, owners and field managers.
const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];
/// Annotations that controllers write.
const WRITTEN: [&str; 1] = ["deployment.kubernetes.io/revision"];

/// The kinds of objects that are saved. Secrets are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the kind of that name")]
pub enum SavedKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Pod,
    Service,
    NetworkPolicy,
    Ingress,
    /// Of a node only whether it is cordoned is saved.
    Node,
}

impl SavedKind {
    /// The workload or pod of this kind; `None` for a kind that is not saved as the owner of a pod.
    pub(super) fn owner(kind: &str) -> Option<Self> {
        let all = [
            SavedKind::Deployment,
            SavedKind::StatefulSet,
            SavedKind::DaemonSet,
            SavedKind::ReplicaSet,
            SavedKind::Pod,
        ];
        all.into_iter().find(|kept| kept.word() == kind)
    }

    /// The kind's name.
    pub fn word(self) -> &'static str {
        match self {
            SavedKind::Deployment => "Deployment",
            SavedKind::StatefulSet => "StatefulSet",
            SavedKind::DaemonSet => "DaemonSet",
            SavedKind::ReplicaSet => "ReplicaSet",
            SavedKind::Pod => "Pod",
            SavedKind::Service => "Service",
            SavedKind::NetworkPolicy => "NetworkPolicy",
            SavedKind::Ingress => "Ingress",
            SavedKind::Node => "Node",
        }
    }

    /// The API group and the resource, as permissions name them.
    pub(super) fn group_and_resource(self) -> (&'static str, &'static str) {
        match self {
            SavedKind::Deployment => ("apps", "deployments"),
            SavedKind::StatefulSet => ("apps", "statefulsets"),
            SavedKind::DaemonSet => ("apps", "daemonsets"),
            SavedKind::ReplicaSet => ("apps", "replicasets"),
            SavedKind::Pod => ("", "pods"),
            SavedKind::Service => ("", "services"),
            SavedKind::NetworkPolicy => ("networking.k8s.io", "networkpolicies"),
            SavedKind::Ingress => ("networking.k8s.io", "ingresses"),
            SavedKind::Node => ("", "nodes"),
        }
    }

    /// Whether the objects own pods by a template with labels.
    pub(super) fn is_workload(self) -> bool {
        use SavedKind::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
        matches!(self, Deployment | StatefulSet | DaemonSet | ReplicaSet)
    }

    pub(super) fn api(self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        match self {
            SavedKind::Node => Api::all_with(client.clone(), &self.resource()),
            _ => Api::namespaced_with(client.clone(), namespace, &self.resource()),
        }
    }

    fn resource(self) -> ApiResource {
        match self {
            SavedKind::Deployment => ApiResource::erase::<Deployment>(&()),
            SavedKind::StatefulSet => ApiResource::erase::<StatefulSet>(&()),
            SavedKind::DaemonSet => ApiResource::erase::<DaemonSet>(&()),
            SavedKind::ReplicaSet => ApiResource::erase::<ReplicaSet>(&()),
            SavedKind::Pod => ApiResource::erase::<Pod>(&()),
            SavedKind::Service => ApiResource::erase::<Service>(&()),
            SavedKind::NetworkPolicy => ApiResource::erase::<NetworkPolicy>(&()),
            SavedKind::Ingress => ApiResource::erase::<Ingress>(&()),
            SavedKind::Node => ApiResource::erase::<Node>(&()),
        }
    }
}

/// A saved manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub kind: SavedKind,
    /// The namespace; empty for a node.
    pub namespace: String,
    pub name: String,
    /// The manifest in a form that can be applied; `None` if the object did not exist, so that restoring deletes it.
    pub body: Option<Json>,
    /// Whether the step itself changes or removes the object. The others are saved because they belong to it, such as
    /// the Services of a workload: whether they can be restored does not decide whether the step can be undone.
    pub touched: bool,
}

impl Manifest {
    /// Builds the manifest of an object that the server returned.
    pub(super) fn of(kind: SavedKind, namespace: &str, object: &DynamicObject) -> Self {
        let name = object.metadata.name.clone().unwrap_or_default();
        let object = serde_json::to_value(object).unwrap_or_default();
        let body = match kind {
            SavedKind::Node => cordon_state(&name, &object),
            _ => clean(kind, object),
        };
        Self { kind, namespace: namespace.to_owned(), name, body: Some(body), touched: true }
    }

    /// The manifest of an object that does not exist, and that the step creates.
    pub(super) fn absent(kind: SavedKind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned(), body: None, touched: true }
    }

    /// Marks the object as one that the step itself leaves alone.
    pub(super) fn untouched(self) -> Self {
        Self { touched: false, ..self }
    }

    /// Kind and name, such as `Deployment my-provider-app`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.word(), self.name)
    }

    /// The object's name in a sentence: a workload's name without its kind.
    pub(super) fn called(&self) -> String {
        if self.kind.is_workload() || self.kind == SavedKind::Node { self.name.clone() } else { self.title() }
    }

    /// The label selector of its pods; `None` for kinds other than workloads.
    pub(crate) fn selector(&self) -> Option<String> {
        if !self.kind.is_workload() {
            return None;
        }
        let pairs =
            self.pod_labels()?.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
        Some(pairs.collect::<Vec<_>>().join(",")).filter(|selector| !selector.is_empty())
    }

    pub(super) fn pod_labels(&self) -> Option<&Object<String, Json>> {
        let at =
            if self.kind == SavedKind::Pod { "/metadata/labels" } else { "/spec/template/metadata/labels" };
        self.body.as_ref()?.pointer(at)?.as_object()
    }

    pub(super) fn replicas(&self) -> Option<u64> {
        self.body.as_ref()?.pointer("/spec/replicas")?.as_u64()
    }

    /// Whether a node is cordoned.
    pub(super) fn cordoned(&self) -> bool {
        self.body.as_ref().and_then(|body| body.pointer("/spec/unschedulable")).and_then(Json::as_bool)
            == Some(true)
    }
}

/// The one field of a node that steps change. The server omits it for a node that is not cordoned.
fn cordon_state(name: &str, object: &Json) -> Json {
    let cordoned = object.pointer("/spec/unschedulable").and_then(Json::as_bool).unwrap_or(false);
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"unschedulable": cordoned}})
}

/// Removes the fields that the API server manages.
fn clean(kind: SavedKind, object: Json) -> Json {
    let Json::Object(object) = object else { return object };
    let resource = kind.resource();
    let mut manifest = Object::new();
    manifest.insert("apiVersion".to_owned(), resource.api_version.into());
    manifest.insert("kind".to_owned(), kind.word().into());
    for (key, value) in object {
        match key.as_str() {
            "metadata" => drop(manifest.insert(key, metadata(value))),
            "status" | "apiVersion" | "kind" => {}
            _ => drop(manifest.insert(key, value)),
        }
    }
    // A re-created pod is scheduled anew.
    if kind == SavedKind::Pod
        && let Some(spec) = manifest.get_mut("spec").and_then(Json::as_object_mut)
    {
        spec.remove("nodeName");
    }
    manifest.into()
}

fn metadata(declared: Json) -> Json {
    let Json::Object(mut metadata) = declared else { return declared };
    metadata.retain(|key, _| METADATA.contains(&key.as_str()));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Json::as_object_mut) {
        annotations.retain(|key, _| !WRITTEN.contains(&key.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    metadata.into()
}
