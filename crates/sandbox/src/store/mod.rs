//! The store: objects, their change history, and notification of readers.
//!
//! The API server, the controllers and the kubelet communicate only through the store. [`Store::mutate`] is the only
//! way to write; a reader keeps a cursor into the history, waits for [`Store::ticked`] and reads the changes after its
//! cursor.

mod deletion;
mod history;
pub mod names;
mod object;
mod query;
mod resource;
mod resource_table;
pub mod selector;
mod stamp;
mod status;
pub mod time;

#[cfg(test)]
mod tests;

pub use deletion::{Deletion, FOREGROUND, ORPHAN, Propagation};
use history::History;
pub use history::{Change, ChangeKind, TooOld};
pub use object::{Key, Labels, Object};
pub use query::{Changes, Listing, Page};
pub use resource::{Descriptor, Resource};
use resource_table::StoreState;
pub use selector::{FieldSelector, LabelSelector, Selectors};
use serde_json::Value;
pub use status::{Cause, Details, Status};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// All objects of the cluster. Clones share them and are cheap.
#[derive(Clone, Debug)]
pub struct Store {
    state: Arc<RwLock<StoreState>>,
    tick: Arc<watch::Sender<u64>>,
}

/// The result of a write, with the object after the write; for a deletion with its last state.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Written {
    Created(Arc<Object>),
    Updated(Arc<Object>),
    Unchanged(Arc<Object>),
    Deleted(Arc<Object>),
    /// The object did not exist and was not created.
    Absent,
}

impl Written {
    /// Returns the object, if there is one.
    pub fn object(&self) -> Option<&Arc<Object>> {
        match self {
            Written::Created(o) | Written::Updated(o) | Written::Unchanged(o) | Written::Deleted(o) => {
                Some(o)
            }
            Written::Absent => None,
        }
    }

    /// Returns whether the write changed the store.
    pub fn changed(&self) -> bool {
        !matches!(self, Written::Unchanged(_) | Written::Absent)
    }
}

impl Default for Store {
    fn default() -> Store {
        Store::new()
    }
}

impl Store {
    /// Creates an empty store. Versions start at the wall clock in milliseconds, so that a version from an earlier
    /// sandbox is reported as too old instead of waiting for changes that never come.
    pub fn new() -> Store {
        let start = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(1);
        Store {
            state: Arc::new(RwLock::new(StoreState::new(start))),
            tick: Arc::new(watch::Sender::new(start)),
        }
    }

    /// Writes an object; this is the only way to write. `change` receives the current object (or `None`) and returns
    /// the new one (`None` to delete it). The store keeps the immutable fields (UID, creation time), increments
    /// versions and generations, sets `kind` and `apiVersion`, removes an object marked for deletion when its last
    /// finalizer is removed, records the change in the history and notifies readers. A write without a change creates
    /// no version and no event.
    ///
    /// `change` runs under the lock: it must be quick and must not access the store. Its error is returned.
    pub fn mutate(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(Option<Value>) -> Result<Option<Value>, Status>,
    ) -> Result<Written, Status> {
        let mut state = self.write();
        let written = state.decide(resource, namespace, name, change)?;
        let version = state.commit(&written);
        // Sent under the lock, so that notifications arrive in the order of the versions.
        if let Some(version) = version {
            self.tick.send_replace(version);
        }
        Ok(written)
    }

    /// Returns what [`Store::mutate`] would return, without writing (`dryRun=All`); the object keeps its version.
    pub fn dry_run(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(Option<Value>) -> Result<Option<Value>, Status>,
    ) -> Result<Written, Status> {
        let state = self.read();
        let version = state.get(resource, namespace, name).map_or(0, |object| object.version);
        Ok(match state.decide(resource, namespace, name, change)? {
            Written::Created(object) => Written::Created(Arc::new(object.at_version(version))),
            Written::Updated(object) => Written::Updated(Arc::new(object.at_version(version))),
            Written::Deleted(object) => Written::Deleted(Arc::new(object.at_version(version))),
            other => other,
        })
    }

    /// Returns a receiver that is notified of every write; its value is the newest version.
    pub fn ticked(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }

    // A writer that panicked has not begun to change the maps: `decide` only reads, and `commit` cannot fail.
    fn read(&self) -> RwLockReadGuard<'_, StoreState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, StoreState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
