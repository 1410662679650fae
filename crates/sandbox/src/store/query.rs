//! Read access to the store.

use super::{Change, Key, Object, Resource, Selectors, Store, TooOld};
use std::{ops::Bound, sync::Arc};

/// A snapshot of objects, sorted by namespace and name.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The version of the snapshot: a watch from this version misses no change.
    pub version: u64,
    /// The selected objects.
    pub objects: Vec<Arc<Object>>,
    /// The number of objects after the end of the page, selected or not; 0 at the end.
    pub remaining: usize,
}

/// The requested part of a list; the default is the whole list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Returns only objects after this key.
    pub after: Option<Key>,
    /// The maximum number of objects; 0 means all.
    pub limit: usize,
}

/// The changes after a cursor.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The cursor for the next read.
    pub cursor: u64,
    /// The changes, oldest first.
    pub changes: Vec<Change>,
}

impl Store {
    /// Returns one object; `namespace` is empty for cluster-scoped objects.
    pub fn get(&self, resource: Resource, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.read().get(resource, namespace, name).cloned()
    }

    /// Returns the selected objects of one namespace or of all.
    pub fn list(&self, resource: Resource, namespace: Option<&str>, selectors: &Selectors) -> Listing {
        self.page(resource, namespace, selectors, &Page::default())
    }

    /// Returns one page of [`Store::list`].
    pub fn page(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        selectors: &Selectors,
        page: &Page,
    ) -> Listing {
        let state = self.read();
        let first = match (&page.after, namespace) {
            (Some(key), _) => Bound::Excluded(key.clone()),
            (None, Some(namespace)) => Bound::Included((namespace.to_owned(), String::new())),
            (None, None) => Bound::Unbounded,
        };
        let inside = |key: &Key| namespace.is_none_or(|namespace| key.0 == namespace);
        let behind = state.table(resource).objects.range((first, Bound::Unbounded));
        let mut rest = behind.take_while(|(key, _)| inside(key)).map(|(_, object)| object);
        let limit = if page.limit == 0 { usize::MAX } else { page.limit };
        let objects = rest.by_ref().filter(|object| selectors.matches(object)).take(limit).cloned().collect();
        Listing { version: state.version, objects, remaining: rest.count() }
    }

    /// Returns the objects owned by the object with this UID, by `metadata.ownerReferences`.
    pub fn children(&self, uid: &str) -> Vec<Arc<Object>> {
        self.read().children(uid)
    }

    /// Returns the newest resource version.
    pub fn version(&self) -> u64 {
        self.read().version
    }

    /// Returns the changes of all resources after `cursor`, in order.
    pub fn changes_since(&self, cursor: u64) -> Result<Changes, TooOld> {
        let state = self.read();
        let mut changes = Vec::new();
        for resource in Resource::ALL {
            changes.extend(state.table(resource).history.since(cursor, usize::MAX)?);
        }
        changes.sort_by_key(|change| change.version);
        Ok(Changes { cursor: state.version, changes })
    }

    /// Returns at most `limit` changes of one resource after `cursor`.
    pub fn changes_of(&self, resource: Resource, cursor: u64, limit: usize) -> Result<Changes, TooOld> {
        let state = self.read();
        if cursor > state.version {
            return Err(TooOld { asked: cursor, oldest: state.version });
        }
        let changes = state.table(resource).history.since(cursor, limit)?;
        let cursor = match changes.last() {
            Some(last) if changes.len() == limit => last.version,
            _ => state.version,
        };
        Ok(Changes { cursor, changes })
    }
}
