//! The metadata that the store itself sets.

use super::{Resource, time};
use serde_json::{Map, Value};

/// Sets the metadata of a new object.
pub(super) fn created(resource: Resource, namespace: &str, name: &str, new_version: u64, object: &mut Value) {
    typed(resource, object);
    let metadata = metadata(object);
    metadata.insert("name".into(), name.into());
    if resource.descriptor().namespaced {
        metadata.insert("namespace".into(), namespace.into());
    } else {
        metadata.shift_remove("namespace");
    }
    metadata.insert("uid".into(), uuid::Uuid::new_v4().to_string().into());
    if resource.descriptor().counts_generations {
        metadata.insert("generation".into(), 1.into());
    } else {
        metadata.shift_remove("generation");
    }
    metadata.insert("creationTimestamp".into(), time::now().into());
    metadata.shift_remove("deletionTimestamp");
    metadata.shift_remove("deletionGracePeriodSeconds");
    version(object, new_version);
}

/// Restores the immutable metadata of a changed object.
pub(super) fn kept(resource: Resource, old: &Value, new: &mut Value) {
    typed(resource, new);
    let metadata = metadata(new);
    let fixed = [
        "name",
        "namespace",
        "uid",
        "generation",
        "creationTimestamp",
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    for key in fixed {
        match &old["metadata"][key] {
            // An object is marked for deletion once; after that the deletion can only be accelerated.
            Value::Null if key.starts_with("deletion") => {}
            _ if key.starts_with("deletion") && metadata.contains_key(key) => {}
            Value::Null => {
                metadata.shift_remove(key);
            }
            value => {
                metadata.insert(key.into(), value.clone());
            }
        }
    }
}

/// Increments the generation when `spec` changes or when the object is marked for deletion.
pub(super) fn generation(resource: Resource, old: &Value, new: &mut Value) {
    let marked =
        old["metadata"]["deletionTimestamp"].is_null() && !new["metadata"]["deletionTimestamp"].is_null();
    if resource.descriptor().counts_generations && (marked || old["spec"] != new["spec"]) {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        metadata(new).insert("generation".into(), generation.into());
    }
}

/// Returns whether a terminating object has just lost its last finalizer and must be removed.
pub(super) fn finished(resource: Resource, old: &Value, new: &Value) -> bool {
    let finalizers =
        |object: &Value| object["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
    let metadata = &new["metadata"];
    resource != Resource::Namespaces
        && !metadata["deletionTimestamp"].is_null()
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && finalizers(old)
        && !finalizers(new)
}

/// Sets the resource version; 0 removes it.
pub(super) fn version(object: &mut Value, version: u64) {
    if version == 0 {
        metadata(object).shift_remove("resourceVersion");
        return;
    }
    metadata(object).insert("resourceVersion".into(), version.to_string().into());
}

fn typed(resource: Resource, object: &mut Value) {
    object["kind"] = resource.kind().into();
    object["apiVersion"] = resource.api_version().into();
}

fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    let metadata = &mut object["metadata"];
    if !metadata.is_object() {
        *metadata = Value::Object(Map::default());
    }
    metadata.as_object_mut().expect("it was made an object above")
}
