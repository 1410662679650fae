//! Pod templates: their pods, and their comparison.
//!
//! Clients with Go's types add and drop empty fields (`creationTimestamp: null`, `env: []`, `resources: {}`) when they
//! write back an object, and `rollout undo` would create a new `ReplicaSet` because of that. Empty fields are therefore
//! ignored in comparisons.

use super::{naming, ownership};
use crate::store::Object;
use serde_json::{Map, Value, json};

/// The label that distinguishes the `ReplicaSets` of one Deployment.
pub(super) const HASH_LABEL: &str = "pod-template-hash";

/// Returns a new pod of a template that `owner` controls.
pub(super) fn pod(template: &Value, owner: &Object, name: &str) -> Value {
    let mut pod = json!({
        "metadata": {
            "name": name,
            "generateName": format!("{}-", owner.name),
            "namespace": owner.namespace,
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": [ownership::reference(owner)],
        },
        "spec": template["spec"],
        "status": {"phase": "Pending"},
    });
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        metadata.retain(|_, value| !value.is_null());
    }
    pod
}

/// Returns whether both templates describe the same pods.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    bare(one) == bare(other)
}

/// Returns the hash of a template; another value of `collisions` gives another hash when a name is taken.
pub(super) fn hash(template: &Value, collisions: u64) -> String {
    let mut bytes = sorted(&bare(template)).to_string().into_bytes();
    if collisions > 0 {
        bytes.extend(collisions.to_le_bytes());
    }
    naming::encode_hash(naming::hash(&bytes))
}

fn bare(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.shift_remove(HASH_LABEL);
    }
    without_empty(&template).unwrap_or_default()
}

fn without_empty(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            Some(items.iter().map(|item| without_empty(item).unwrap_or_default()).collect())
        }
        Value::Object(fields) => {
            let fields: Map<String, Value> =
                fields.iter().filter_map(|(key, value)| Some((key.clone(), without_empty(value)?))).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        other => Some(other.clone()),
    }
}

/// Returns the value with sorted keys, so that the key order does not affect the hash.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_fields_order_and_the_hash_label_do_not_matter() {
        let plain = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
        let written_back = json!({
            "spec": {"containers": [{"image": "i", "name": "c", "env": [], "resources": {}}], "hostname": ""},
            "metadata": {"creationTimestamp": null, "labels": {"a": "b", HASH_LABEL: "x"}},
        });
        assert!(same(&plain, &written_back));
        assert_eq!(hash(&plain, 0), hash(&written_back, 0));
        let mut other = plain.clone();
        other["spec"]["containers"][0]["image"] = "j".into();
        assert!(!same(&plain, &other));
        assert_ne!(hash(&plain, 0), hash(&other, 0));
        assert_ne!(hash(&plain, 0), hash(&plain, 1));
    }
}
