//! The namespace controller: creates the default objects of every namespace, and empties a namespace before its
//! deletion.

use super::engine::Controller;
use crate::store::{Deletion, Key, Object, Resource, Selectors, Status, Store};
use serde_json::json;
use std::time::Duration;

pub(super) struct Namespaces;

impl Controller for Namespaces {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
        if object.resource == Resource::Namespaces {
            return vec![object.key()];
        }
        // The deleted object may have been the last one in a terminating namespace.
        let leaving = store
            .get(Resource::Namespaces, "", &object.namespace)
            .is_some_and(|namespace| namespace.field("status.phase") == "Terminating");
        if leaving { vec![(String::new(), object.namespace.clone())] } else { Vec::new() }
    }

    fn reconcile(&mut self, store: &Store, (_, name): &Key) -> Result<Option<Duration>, Status> {
        let Some(namespace) = store.get(Resource::Namespaces, "", name) else { return Ok(None) };
        if namespace.field("status.phase") == "Terminating" {
            if empty(store, name)? {
                store.mutate(Resource::Namespaces, "", name, |_| Ok(None))?;
            }
            return Ok(None);
        }
        add_defaults(store, name)?;
        Ok(None)
    }
}

/// Deletes all objects in a namespace. Returns whether none is left.
fn empty(store: &Store, namespace: &str) -> Result<bool, Status> {
    let mut left = false;
    let resources = Resource::ALL.into_iter().filter(|resource| resource.descriptor().namespaced);
    for resource in resources {
        for object in store.list(resource, Some(namespace), &Selectors::default()).objects {
            let deletion = Deletion { uid: Some(object.uid.clone()), ..Deletion::default() };
            match store.delete(resource, namespace, &object.name, &deletion) {
                Ok(_) => left |= store.get(resource, namespace, &object.name).is_some(),
                Err(status) if status.code == 404 => {}
                Err(status) => return Err(status),
            }
        }
    }
    Ok(!left)
}

/// Creates the default objects that pods expect in a namespace.
fn add_defaults(store: &Store, namespace: &str) -> Result<(), Status> {
    store.mutate(Resource::Namespaces, "", namespace, |known| {
        Ok(known.map(|mut known| {
            known["metadata"]["labels"]["kubernetes.io/metadata.name"] = namespace.into();
            if known["status"]["phase"].is_null() {
                known["status"]["phase"] = "Active".into();
            }
            if known["spec"]["finalizers"].is_null() {
                known["spec"]["finalizers"] = json!(["kubernetes"]);
            }
            known
        }))
    })?;
    store.mutate(Resource::ServiceAccounts, namespace, "default", |known| {
        Ok(Some(known.unwrap_or(json!({}))))
    })?;
    store.mutate(Resource::ConfigMaps, namespace, "kube-root-ca.crt", |known| {
        Ok(Some(known.unwrap_or_else(|| json!({"data": {"ca.crt": ""}}))))
    })?;
    Ok(())
}
