//! The cluster's memory: objects, what happened to them, and who wants to know.
//!
//! The API server, the controllers and the kubelet meet only here. [`Store::mutate`] is the one way to write; a
//! reader is a cursor into the history that waits for [`Store::ticked`] and asks for what came after.

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
pub use history::{Change, ChangeKind, TooOld};
pub use object::{Key, Labels, Object};
pub use query::{Changes, Listing, Page};
pub use resource::{Descriptor, Resource};
pub use selector::{FieldSelector, LabelSelector, Selectors};
pub use status::{Cause, Details, Status};

use history::History;
use resource_table::StoreState;
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// All objects of the cluster. Clones share them and are cheap.
#[derive(Clone, Debug)]
pub struct Store {
    state: Arc<RwLock<StoreState>>,
    tick: Arc<watch::Sender<u64>>,
}

/// What a write did. The objects are those after it; for a deletion the last state.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Written {
    Created(Arc<Object>),
    Updated(Arc<Object>),
    Unchanged(Arc<Object>),
    Deleted(Arc<Object>),
    /// There was nothing, and there is nothing.
    Absent,
}

impl Written {
    /// The object, unless there is none.
    pub fn object(&self) -> Option<&Arc<Object>> {
        match self {
            Written::Created(o) | Written::Updated(o) | Written::Unchanged(o) | Written::Deleted(o) => {
                Some(o)
            }
            Written::Absent => None,
        }
    }

    /// Whether anything was written.
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
    /// An empty store. Its versions start at the wall clock in milliseconds, so that a client that remembers a
    /// version of an earlier sandbox is told that it is too old instead of waiting for the past.
    pub fn new() -> Store {
        let start = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(1);
        Store {
            state: Arc::new(RwLock::new(StoreState::new(start))),
            tick: Arc::new(watch::Sender::new(start)),
        }
    }

    /// The one way to write. `change` gets the object as it is (or `None`) and says how it shall be (`None`:
    /// gone). The store keeps what nobody may change (uid, creation time), counts versions and generations, fills
    /// `kind` and `apiVersion`, removes an object that is marked for deletion when its last finalizer goes, keeps
    /// the history and wakes the watchers. What changes nothing makes no version and no event.
    ///
    /// `change` runs under the lock: it must be quick and must not touch the store. Its refusal is handed on.
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
        // Woken under the lock, so that ticks arrive in the order of the versions.
        if let Some(version) = version {
            self.tick.send_replace(version);
        }
        Ok(written)
    }

    /// What [`Store::mutate`] would do; nothing is written (`dryRun=All`), so the object keeps its version.
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

    /// Moves whenever something was written; its value is the newest version.
    pub fn ticked(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }

    // A writer that panicked had not begun to change the maps: `decide` reads, `commit` cannot fail.
    fn read(&self) -> RwLockReadGuard<'_, StoreState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, StoreState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
