//! How the store is read.

use super::{Change, Key, Object, Resource, Selectors, Store, TooOld};
use std::{ops::Bound, sync::Arc};

/// Objects at one moment, sorted by namespace and name.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The version of the moment: a watch from here misses nothing.
    pub version: u64,
    /// What was selected.
    pub objects: Vec<Arc<Object>>,
    /// How many more there are behind a page's end, selected or not; 0 at the end.
    pub remaining: usize,
}

/// Which part of a list is wanted; the default is all of it.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only what stands behind this key.
    pub after: Option<Key>,
    /// At most so many objects; 0 means all.
    pub limit: usize,
}

/// What happened after a cursor.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Where to go on reading.
    pub cursor: u64,
    /// Oldest first.
    pub changes: Vec<Change>,
}

impl Store {
    /// One object; `namespace` is empty for objects of the cluster.
    pub fn get(&self, resource: Resource, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.read().get(resource, namespace, name).cloned()
    }

    /// The selected objects of a namespace, or of all.
    pub fn list(&self, resource: Resource, namespace: Option<&str>, selectors: &Selectors) -> Listing {
        self.page(resource, namespace, selectors, &Page::default())
    }

    /// A part of [`Store::list`].
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

    /// What the object with this uid owns, by `metadata.ownerReferences`.
    pub fn children(&self, uid: &str) -> Vec<Arc<Object>> {
        self.read().children(uid)
    }

    /// The newest resource version.
    pub fn version(&self) -> u64 {
        self.read().version
    }

    /// What happened to all resources after `cursor`, in the order it happened.
    pub fn changes_since(&self, cursor: u64) -> Result<Changes, TooOld> {
        let state = self.read();
        let mut changes = Vec::new();
        for resource in Resource::ALL {
            changes.extend(state.table(resource).history.since(cursor, usize::MAX)?);
        }
        changes.sort_by_key(|change| change.version);
        Ok(Changes { cursor: state.version, changes })
    }

    /// At most `limit` changes of one resource after `cursor`.
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
