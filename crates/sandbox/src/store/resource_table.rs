//! The objects and indexes behind the store's lock.

use super::{Change, ChangeKind, History, Key, Object, Resource, Status, Written, stamp};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// The complete state of the store.
#[derive(Debug)]
pub(super) struct StoreState {
    /// The newest resource version.
    pub(super) version: u64,
    tables: BTreeMap<Resource, ResourceTable>,
    /// The UIDs of owners, with the keys of the objects that they own.
    children: HashMap<String, BTreeSet<(Resource, Key)>>,
}

/// The objects of one resource.
#[derive(Debug)]
pub(super) struct ResourceTable {
    pub(super) objects: BTreeMap<Key, Arc<Object>>,
    pub(super) history: History,
}

impl StoreState {
    pub(super) fn new(start: u64) -> StoreState {
        let shelf = || ResourceTable { objects: BTreeMap::new(), history: History::new(start) };
        let shelves = Resource::ALL.into_iter().map(|resource| (resource, shelf())).collect();
        StoreState { version: start, tables: shelves, children: HashMap::new() }
    }

    pub(super) fn table(&self, resource: Resource) -> &ResourceTable {
        self.tables.get(&resource).expect("a shelf was made for every resource")
    }

    pub(super) fn get(&self, resource: Resource, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.table(resource).objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    pub(super) fn children(&self, uid: &str) -> Vec<Arc<Object>> {
        let places = self.children.get(uid).into_iter().flatten();
        places
            .filter_map(|(resource, (namespace, name))| self.get(*resource, namespace, name).cloned())
            .collect()
    }

    /// Computes the result of `change` without writing it.
    pub(super) fn decide(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(Option<Value>) -> Result<Option<Value>, Status>,
    ) -> Result<Written, Status> {
        let next = self.version + 1;
        let Some(before) = self.get(resource, namespace, name) else {
            return Ok(match change(None)? {
                None => Written::Absent,
                Some(mut new) => {
                    stamp::created(resource, namespace, name, next, &mut new);
                    Written::Created(Arc::new(Object::new(resource, next, &new)))
                }
            });
        };
        let old = before.value();
        let Some(mut new) = change(Some(old.clone()))? else {
            let mut last = old;
            stamp::version(&mut last, next);
            return Ok(Written::Deleted(Arc::new(Object::new(resource, next, &last))));
        };
        stamp::kept(resource, &old, &mut new);
        if new == old {
            return Ok(Written::Unchanged(before.clone()));
        }
        stamp::generation(resource, &old, &mut new);
        stamp::version(&mut new, next);
        let object = Arc::new(Object::new(resource, next, &new));
        Ok(if stamp::finished(resource, &old, &new) {
            Written::Deleted(object)
        } else {
            Written::Updated(object)
        })
    }

    /// Writes a result of `decide`, under the same lock. Returns the new version, if there is one.
    pub(super) fn commit(&mut self, written: &Written) -> Option<u64> {
        let (kind, object) = match written {
            Written::Created(object) => (ChangeKind::Added, object),
            Written::Updated(object) => (ChangeKind::Modified, object),
            Written::Deleted(object) => (ChangeKind::Deleted, object),
            Written::Unchanged(_) | Written::Absent => return None,
        };
        self.version = object.version;
        let shelf = self.tables.get_mut(&object.resource).expect("a shelf was made for every resource");
        let previous = match kind {
            ChangeKind::Deleted => shelf.objects.remove(&object.key()),
            _ => shelf.objects.insert(object.key(), object.clone()),
        };
        let change =
            Change { version: object.version, kind, object: object.clone(), previous: previous.clone() };
        shelf.history.push(change);
        if let Some(previous) = previous {
            self.remove_owner(&previous);
        }
        if kind != ChangeKind::Deleted {
            for owner in &object.owners {
                self.children.entry(owner.clone()).or_default().insert((object.resource, object.key()));
            }
        }
        Some(object.version)
    }

    fn remove_owner(&mut self, child: &Object) {
        for owner in &child.owners {
            if let Some(children) = self.children.get_mut(owner) {
                children.remove(&(child.resource, child.key()));
                if children.is_empty() {
                    self.children.remove(owner);
                }
            }
        }
    }
}
