//! The control loop of every controller.

use crate::store::{Object, Resource, Selectors, Status, Store};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

/// The delay between a change and its reconciliation, so that a burst of changes is reconciled once.
const DEBOUNCE: Duration = Duration::from_millis(2);
/// The delay before a failed reconciliation is retried.
const RETRY: Duration = Duration::from_millis(200);

/// Reconciles objects of one kind with their specs. Controllers are level-triggered: they receive the key of an object,
/// never the kind of change, so missed or repeated changes do no harm.
pub(super) trait Controller: Send + 'static {
    /// The key of a reconciled object.
    type Key: Ord + Clone + std::fmt::Debug + Send;

    /// Returns the keys of the objects that a change of `object` (formerly `previous`) may affect.
    fn affected_keys(&self, store: &Store, object: &Object, previous: Option<&Object>) -> Vec<Self::Key>;

    /// Reconciles one object. Returns the delay after which to reconcile it again even without a change.
    ///
    /// # Errors
    /// Returns the store's error; the control loop retries.
    fn reconcile(&mut self, store: &Store, key: &Self::Key) -> Result<Option<Duration>, Status>;
}

/// Runs a controller for as long as the store exists.
pub(super) async fn run<C: Controller>(name: &'static str, mut controller: C, store: Store) {
    let mut ticked = store.ticked();
    let mut cursor = None;
    let mut appointments: BTreeMap<C::Key, Instant> = BTreeMap::new();
    loop {
        let mut dirty = BTreeSet::new();
        cursor = Some(next_keys(&controller, &store, cursor, &mut dirty));
        let now = Instant::now();
        dirty.extend(appointments.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()));
        for key in dirty {
            appointments.remove(&key);
            let again = controller.reconcile(&store, &key).unwrap_or_else(|status| {
                tracing::warn!("{name} {key:?}: {status}");
                Some(RETRY)
            });
            if let Some(after) = again {
                appointments.insert(key, Instant::now() + after);
            }
        }
        let next = appointments.values().min().copied();
        tokio::select! {
            moved = ticked.changed() => match moved {
                Ok(()) => sleep(DEBOUNCE).await,
                Err(_) => return,
            },
            () = sleep_until(next.unwrap_or(now)), if next.is_some() => {}
        }
    }
}

/// Adds the keys affected by the changes since `cursor` to `dirty`, or the keys of all objects when the history no
/// longer reaches back to `cursor`. Returns the new cursor.
fn next_keys<C: Controller>(
    controller: &C,
    store: &Store,
    cursor: Option<u64>,
    dirty: &mut BTreeSet<C::Key>,
) -> u64 {
    if let Some(Ok(changes)) = cursor.map(|cursor| store.changes_since(cursor)) {
        for change in &changes.changes {
            dirty.extend(controller.affected_keys(store, &change.object, change.previous.as_deref()));
        }
        return changes.cursor;
    }
    let version = store.version();
    for resource in Resource::ALL {
        for object in store.list(resource, None, &Selectors::default()).objects {
            dirty.extend(controller.affected_keys(store, &object, None));
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Key;
    use serde_json::json;

    /// Copies `spec` to `status`, after the first attempt has failed.
    struct Copier {
        failed: bool,
    }

    impl Controller for Copier {
        type Key = Key;

        fn affected_keys(&self, _: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
            if object.resource == Resource::ConfigMaps { vec![object.key()] } else { Vec::new() }
        }

        fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
            if !std::mem::replace(&mut self.failed, true) {
                return Err(Status::internal("not yet"));
            }
            store.mutate(Resource::ConfigMaps, &key.0, &key.1, |object| {
                Ok(object.map(|mut object| {
                    object["status"] = object["spec"].clone();
                    object
                }))
            })?;
            Ok(None)
        }
    }

    async fn status(store: &Store, name: &str) -> serde_json::Value {
        let mut ticked = store.ticked();
        loop {
            let object = store.get(Resource::ConfigMaps, "default", name).unwrap().value();
            if !object["status"].is_null() {
                return object["status"].clone();
            }
            ticked.changed().await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_looks_at_what_was_there_before_at_what_comes_and_again_at_what_failed() {
        let store = Store::new();
        let create = |name: &str| {
            store.mutate(Resource::ConfigMaps, "default", name, |_| Ok(Some(json!({"spec": name})))).unwrap();
        };
        create("before");
        let engine = tokio::spawn(run("copier", Copier { failed: false }, store.clone()));
        assert_eq!(status(&store, "before").await, "before");
        create("after");
        assert_eq!(status(&store, "after").await, "after");
        engine.abort();
    }
}
