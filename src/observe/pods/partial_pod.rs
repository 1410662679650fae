//! A pod deserialized only as far as its fields are used.
//!
//! Most of a pod is about volumes, environments and managed fields. In a namespace of thousands of pods, reading these
//! costs more time and memory than everything else in a watch.

use k8s_openapi::{
    api::core::v1::{Container, Pod, PodSpec, PodStatus, Probe},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time},
};
use kube::{Resource, core::NamespaceResourceScope};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, collections::BTreeMap};

/// A pod with only those fields that a row shows or a selector needs.
#[derive(Clone, Debug)]
pub(super) struct PartialPod(pub(super) Pod);

#[derive(Deserialize)]
struct PartialPodJson {
    metadata: PartialMeta,
    spec: Option<PartialSpec>,
    status: Option<PodStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartialMeta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartialSpec {
    node_name: Option<String>,
    #[serde(default)]
    containers: Vec<PartialContainer>,
    init_containers: Option<Vec<PartialContainer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartialContainer {
    name: String,
    image: Option<String>,
    liveness_probe: Option<Probe>,
    restart_policy: Option<String>,
}

impl<'de> Deserialize<'de> for PartialPod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PartialPodJson::deserialize(deserializer).map(|read| {
            let metadata = read.metadata.into();
            Self(Pod { metadata, spec: read.spec.map(PodSpec::from), status: read.status })
        })
    }
}

impl From<PartialMeta> for ObjectMeta {
    fn from(read: PartialMeta) -> Self {
        Self {
            name: read.name,
            namespace: read.namespace,
            uid: read.uid,
            resource_version: read.resource_version,
            creation_timestamp: read.creation_timestamp,
            deletion_timestamp: read.deletion_timestamp,
            labels: read.labels,
            owner_references: read.owner_references,
            ..Self::default()
        }
    }
}

impl From<PartialSpec> for PodSpec {
    fn from(read: PartialSpec) -> Self {
        let containers = |read: Vec<PartialContainer>| read.into_iter().map(Container::from).collect();
        Self {
            node_name: read.node_name,
            containers: containers(read.containers),
            init_containers: read.init_containers.map(containers),
            ..Self::default()
        }
    }
}

impl From<PartialContainer> for Container {
    fn from(read: PartialContainer) -> Self {
        Self {
            name: read.name,
            image: read.image,
            liveness_probe: read.liveness_probe,
            restart_policy: read.restart_policy,
            ..Self::default()
        }
    }
}

impl Resource for PartialPod {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Pod::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Pod::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Pod::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Pod::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.0.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.0.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::pods::row;
    use serde_json::json;

    #[test]
    fn the_row_of_a_pod_needs_no_more_than_is_read() {
        let whole = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "app-6c8b-x2k8p", "namespace": "default", "uid": "u1", "resourceVersion": "7",
                "labels": {"pod-template-hash": "6c8b"}, "annotations": {"a": "b"},
                "creationTimestamp": "2024-01-01T00:00:00Z", "deletionTimestamp": "2024-01-01T00:01:00Z",
                "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-6c8b", "uid": "u0",
                                     "controller": true}]},
            "spec": {"nodeName": "n1", "volumes": [{"name": "v", "emptyDir": {}}],
                "initContainers": [{"name": "init", "image": "i:1", "restartPolicy": "Always"}],
                "containers": [{"name": "main", "image": "m:2", "env": [{"name": "A", "value": "b"}],
                    "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 5}}]},
            "status": {"phase": "Running", "podIP": "10.0.0.1",
                "initContainerStatuses": [{"name": "init", "image": "i:1", "imageID": "", "ready": false,
                    "restartCount": 0, "started": true, "state": {"running": {}}}],
                "containerStatuses": [{"name": "main", "image": "m:2", "imageID": "", "ready": true, "restartCount": 2,
                    "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]},
        });
        let lean: PartialPod = serde_json::from_value(whole.clone()).unwrap();
        let whole: Pod = serde_json::from_value(whole).unwrap();
        assert_eq!(row::pod(&lean.0), row::pod(&whole));
        assert_eq!(lean.0.metadata.labels, whole.metadata.labels);
        assert_eq!(lean.meta().resource_version.as_deref(), Some("7"), "a watch goes on from it");
        assert!(lean.0.metadata.managed_fields.is_none());
    }

    #[test]
    fn a_pod_of_which_hardly_anything_is_said_can_be_read() {
        let lean: PartialPod = serde_json::from_value(json!({"metadata": {"name": "p"}})).unwrap();
        assert_eq!(row::pod(&lean.0).status, "Unknown");
    }
}
