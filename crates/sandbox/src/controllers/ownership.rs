//! Owner references: `metadata.ownerReferences`.

use crate::store::{Object, Resource, Store};
use serde_json::{Value, json};

/// Returns the reference to a controlling owner, for use in its child.
pub(super) fn reference(owner: &Object) -> Value {
    json!({
        "apiVersion": owner.resource.api_version(),
        "kind": owner.resource.kind(),
        "name": owner.name,
        "uid": owner.uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Returns the reference to the controlling owner of `object`.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

/// Returns the UID of the controlling owner of `object`.
pub(super) fn controller_uid(object: &Value) -> Option<&str> {
    controller(object)?["uid"].as_str()
}

/// Returns the name of the controlling owner of `object`, if the owner has this kind.
pub(super) fn controller_name(object: &Object, kind: Resource) -> Option<String> {
    if object.owners.is_empty() {
        return None;
    }
    let value = object.value();
    let owner = controller(&value).filter(|owner| owner["kind"] == kind.kind())?;
    owner["name"].as_str().map(str::to_owned)
}

/// Returns the parsed objects of `resource` that `owner` controls.
pub(super) fn controlled(store: &Store, owner: &Object, resource: Resource) -> Vec<Value> {
    let children = store.children(&owner.uid).into_iter().filter(|child| child.resource == resource);
    children
        .map(|child| child.value())
        .filter(|child| controller_uid(child) == Some(owner.uid.as_str()))
        .collect()
}

/// Returns whether the object is terminating.
pub(super) fn is_terminating(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// Returns `metadata.name`.
pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}
