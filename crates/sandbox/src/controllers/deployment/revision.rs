//! The `ReplicaSets` of a Deployment as revisions, as `rollout history` and `rollout undo` read them.

use super::super::{ownership, template};
use crate::store::{Object, Resource, Status, Store};
use serde_json::{Value, json};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Annotations of the Deployment that are not copied to its `ReplicaSets`.
const NOT_COPIED: [&str; 5] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
];

/// Returns the revision of a `ReplicaSet`; 0 when it has none.
pub(super) fn number(set: &Value) -> u64 {
    set["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn next(old: &[Value]) -> u64 {
    old.iter().map(number).max().unwrap_or(0) + 1
}

/// Creates the `ReplicaSet` of the Deployment's current template.
pub(super) fn create(
    store: &Store,
    object: &Object,
    deployment: &Value,
    old: &[Value],
    replicas: i64,
) -> Result<Value, Status> {
    let spec = &deployment["spec"];
    let (hash, name) = free_name(store, object, &spec["template"]);
    let revision = next(old).to_string();
    let mut labels = spec["template"]["metadata"]["labels"].clone();
    labels[template::HASH_LABEL] = hash.as_str().into();
    let mut selector = spec["selector"].clone();
    selector["matchLabels"][template::HASH_LABEL] = hash.as_str().into();
    let mut pod_template = spec["template"].clone();
    pod_template["metadata"]["labels"] = labels.clone();
    let mut set = json!({
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": annotations(deployment, &revision),
            "ownerReferences": [ownership::reference(object)],
        },
        "spec": {"replicas": replicas, "selector": selector, "template": pod_template},
        "status": {"replicas": 0},
    });
    if let Some(seconds) = spec["minReadySeconds"].as_u64().filter(|seconds| *seconds > 0) {
        set["spec"]["minReadySeconds"] = seconds.into();
    }
    let written = store.mutate(Resource::ReplicaSets, &object.namespace, &name, |_| Ok(Some(set)))?;
    note_revision(store, object, &revision)?;
    Ok(written.object().map_or(json!(null), |object| object.value()))
}

/// Makes the existing `ReplicaSet` of the current template the newest revision (after a `rollout undo` it is an older
/// one), and copies the Deployment's annotations (such as the change cause) to it.
pub(super) fn refresh(store: &Store, object: &Object, set: Value, old: &[Value]) -> Result<Value, Status> {
    let newest = next(old).max(number(&set));
    let revision = newest.to_string();
    let deployment = object.value();
    let written = store.mutate(Resource::ReplicaSets, &object.namespace, ownership::name(&set), |known| {
        Ok(known.map(|mut known| {
            let before = number(&known);
            let carried = annotations(&deployment, &revision);
            let present = &mut known["metadata"]["annotations"];
            for (key, value) in carried.as_object().into_iter().flatten() {
                present[key.as_str()] = value.clone();
            }
            if before != newest && before > 0 {
                let history = present[HISTORY].as_str().map(|history| format!("{history},{before}"));
                present[HISTORY] = history.unwrap_or_else(|| before.to_string()).into();
            }
            known
        }))
    })?;
    note_revision(store, object, &revision)?;
    Ok(written.object().map_or(set, |object| object.value()))
}

/// Returns the hash and name for a new `ReplicaSet`. When the name is already taken, a new hash is computed.
fn free_name(store: &Store, object: &Object, pod_template: &Value) -> (String, String) {
    let mut collisions = 0;
    loop {
        let hash = template::hash(pod_template, collisions);
        let name = format!("{}-{hash}", object.name);
        if store.get(Resource::ReplicaSets, &object.namespace, &name).is_none() {
            return (hash, name);
        }
        collisions += 1;
    }
}

fn annotations(deployment: &Value, revision: &str) -> Value {
    let mut annotations = deployment["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.retain(|key, _| !NOT_COPIED.contains(&key.as_str()));
    annotations.insert(REVISION.to_owned(), revision.into());
    Value::Object(annotations)
}

fn note_revision(store: &Store, object: &Object, revision: &str) -> Result<(), Status> {
    store.mutate(Resource::Deployments, &object.namespace, &object.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == object.uid.as_str() {
                known["metadata"]["annotations"][REVISION] = revision.into();
            }
            known
        }))
    })?;
    Ok(())
}
