//! Reports objects for which the sandbox has no controller.
//!
//! The API accepts kinds without a controller, so that manifests for a real cluster can be applied unchanged. A warning
//! event tells the user that such an object has no effect.

use super::engine::Controller;
use crate::{
    recorder::EventRecorder,
    store::{Object, Resource, Status, Store},
};
use std::time::Duration;

pub(super) struct UnsupportedKinds {
    pub recorder: EventRecorder,
}

/// The key of an object without a controller.
type StoredObject = (Resource, String, String);

impl Controller for UnsupportedKinds {
    type Key = StoredObject;

    fn affected_keys(&self, _: &Store, object: &Object, previous: Option<&Object>) -> Vec<StoredObject> {
        let inert = matches!(object.resource, Resource::DaemonSets | Resource::Ingresses);
        if inert && previous.is_none() {
            vec![(object.resource, object.namespace.clone(), object.name.clone())]
        } else {
            Vec::new()
        }
    }

    fn reconcile(
        &mut self,
        store: &Store,
        (resource, namespace, name): &StoredObject,
    ) -> Result<Option<Duration>, Status> {
        if let Some(object) = store.get(*resource, namespace, name) {
            let message = format!(
                "the sandbox stores the {} but has no controller for it, so it has no effect",
                resource.kind()
            );
            self.recorder.warning(&object, "NotSupported", &message);
        }
        Ok(None)
    }
}
