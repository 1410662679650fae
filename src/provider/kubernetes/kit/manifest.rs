//! Manifests as a user would write them: without the fields that the API server manages.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    core::v1::{Pod, Service},
};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
};
use serde_json::{Map as Object, Value as Json};

/// The metadata fields that a manifest keeps. The server manages identity, versions, owners and field managers.
const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];
/// Annotations that controllers write.
const WRITTEN: [&str; 1] = ["deployment.kubernetes.io/revision"];

/// The kinds of objects that are saved. Secrets are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the kind of that name")]
pub enum SavedKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Pod,
    Service,
}

impl SavedKind {
    pub(super) fn named(kind: &str) -> Option<Self> {
        let all = [
            SavedKind::Deployment,
            SavedKind::StatefulSet,
            SavedKind::DaemonSet,
            SavedKind::ReplicaSet,
            SavedKind::Pod,
            SavedKind::Service,
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
        }
    }

    pub(super) fn api(self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(client.clone(), namespace, &self.resource())
    }

    fn resource(self) -> ApiResource {
        match self {
            SavedKind::Deployment => ApiResource::erase::<Deployment>(&()),
            SavedKind::StatefulSet => ApiResource::erase::<StatefulSet>(&()),
            SavedKind::DaemonSet => ApiResource::erase::<DaemonSet>(&()),
            SavedKind::ReplicaSet => ApiResource::erase::<ReplicaSet>(&()),
            SavedKind::Pod => ApiResource::erase::<Pod>(&()),
            SavedKind::Service => ApiResource::erase::<Service>(&()),
        }
    }
}

/// A saved manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub kind: SavedKind,
    pub namespace: String,
    pub name: String,
    /// The manifest in a form that can be applied.
    pub body: Json,
}

impl Manifest {
    /// Builds the manifest of an object that the server returned.
    pub(super) fn of(kind: SavedKind, namespace: &str, object: &DynamicObject) -> Self {
        let name = object.metadata.name.clone().unwrap_or_default();
        let body = clean(kind, serde_json::to_value(object).unwrap_or_default());
        Self { kind, namespace: namespace.to_owned(), name, body }
    }

    /// Kind and name, such as `Deployment my-provider-app`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.word(), self.name)
    }

    /// The object's name in a sentence: a workload's name without its kind.
    pub(super) fn called(&self) -> String {
        match self.kind {
            SavedKind::Pod | SavedKind::Service => self.title(),
            _ => self.name.clone(),
        }
    }

    /// The label selector of its pods; `None` for a pod or a Service.
    pub(crate) fn selector(&self) -> Option<String> {
        if matches!(self.kind, SavedKind::Pod | SavedKind::Service) {
            return None;
        }
        let pairs =
            self.pod_labels()?.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
        Some(pairs.collect::<Vec<_>>().join(",")).filter(|selector| !selector.is_empty())
    }

    pub(super) fn pod_labels(&self) -> Option<&Object<String, Json>> {
        let at =
            if self.kind == SavedKind::Pod { "/metadata/labels" } else { "/spec/template/metadata/labels" };
        self.body.pointer(at)?.as_object()
    }

    pub(super) fn replicas(&self) -> Option<u64> {
        self.body.pointer("/spec/replicas")?.as_u64()
    }
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
