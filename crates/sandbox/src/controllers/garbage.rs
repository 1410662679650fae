//! The garbage collector: deletes the dependents of deleted owners (kubernetes-wire 14.5).

use super::{engine::Controller, ownership::is_terminating};
use crate::store::{Deletion, FOREGROUND, ORPHAN, Object, Propagation, Resource, Status, Store};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

pub(super) struct Garbage;

/// An owner, which may already be deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    uid: String,
    resource: Resource,
    namespace: String,
    name: String,
}

impl Controller for Garbage {
    type Key = Owner;

    fn affected_keys(&self, _: &Store, object: &Object, previous: Option<&Object>) -> Vec<Owner> {
        if object.resource == Resource::Events {
            return Vec::new();
        }
        // The object may be an owner itself, and its owners may be waiting for its deletion.
        let itself = Owner {
            uid: object.uid.clone(),
            resource: object.resource,
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        };
        previous.into_iter().chain([object]).flat_map(owners).chain([itself]).collect()
    }

    fn reconcile(&mut self, store: &Store, owner: &Owner) -> Result<Option<Duration>, Status> {
        let present = store.get(owner.resource, &owner.namespace, &owner.name);
        let present = present.filter(|present| present.uid == owner.uid);
        match present {
            None => {
                for child in store.children(&owner.uid) {
                    drop_owner(store, &child, &owner.uid)?;
                }
            }
            Some(object) => {
                let value = object.value();
                if is_terminating(&value) {
                    wait_for_children(store, &object, &value, &store.children(&owner.uid))?;
                }
            }
        }
        Ok(None)
    }
}

/// Returns the owners in an object's owner references.
fn owners(object: &Object) -> Vec<Owner> {
    if object.owners.is_empty() {
        return Vec::new();
    }
    let value = object.value();
    let references = value["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    references
        .filter_map(|reference| {
            let resource = Resource::of_kind(reference["apiVersion"].as_str()?, reference["kind"].as_str()?)?;
            let namespaced = resource.descriptor().namespaced;
            Some(Owner {
                uid: reference["uid"].as_str()?.to_owned(),
                resource,
                namespace: if namespaced { object.namespace.clone() } else { String::new() },
                name: reference["name"].as_str()?.to_owned(),
            })
        })
        .collect()
}

/// Handles a deleted owner: deletes the child unless it has another owner.
fn drop_owner(store: &Store, child: &Object, uid: &str) -> Result<(), Status> {
    if child.owners.len() > 1 {
        return forget_owner(store, child, uid);
    }
    delete(store, child, Propagation::Background)
}

fn delete(store: &Store, object: &Object, propagation: Propagation) -> Result<(), Status> {
    let deletion =
        Deletion { uid: Some(object.uid.clone()), propagation: Some(propagation), ..Deletion::default() };
    match store.delete(object.resource, &object.namespace, &object.name, &deletion) {
        Err(status) if status.code == 404 || status.code == 409 => Ok(()),
        other => other.map(drop),
    }
}

fn forget_owner(store: &Store, child: &Object, uid: &str) -> Result<(), Status> {
    edit(store, child, |metadata| {
        if let Some(owners) = metadata["ownerReferences"].as_array_mut() {
            owners.retain(|owner| owner["uid"] != uid);
        }
    })
}

/// Handles a terminating owner: deletes its children (foreground) or removes itself from their owner references
/// (orphan), then removes its finalizer.
fn wait_for_children(
    store: &Store,
    owner: &Object,
    value: &Value,
    children: &[Arc<Object>],
) -> Result<(), Status> {
    let waits_for = |finalizer: &str| {
        value["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|all| all.iter().any(|known| known == finalizer))
    };
    if waits_for(ORPHAN) {
        for child in children {
            forget_owner(store, child, &owner.uid)?;
        }
        return remove_finalizer(store, owner, ORPHAN);
    }
    if waits_for(FOREGROUND) {
        if children.is_empty() {
            return remove_finalizer(store, owner, FOREGROUND);
        }
        for child in children.iter().filter(|child| !is_terminating(&child.value())) {
            delete(store, child, Propagation::Foreground)?;
        }
    }
    Ok(())
}

fn remove_finalizer(store: &Store, object: &Object, finalizer: &str) -> Result<(), Status> {
    edit(store, object, |metadata| {
        if let Some(finalizers) = metadata["finalizers"].as_array_mut() {
            finalizers.retain(|known| known != finalizer);
        }
    })
}

fn edit(store: &Store, object: &Object, change: impl FnOnce(&mut Value)) -> Result<(), Status> {
    store.mutate(object.resource, &object.namespace, &object.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == object.uid.as_str() {
                change(&mut known["metadata"]);
            }
            known
        }))
    })?;
    Ok(())
}
