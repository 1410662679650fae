//! The fields of objects: collecting, comparing, overlaying and removing them.

use super::fields::{Fields, Path};
use crate::{patch::keys, store::Resource};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Metadata that nobody owns: it identifies the object or belongs to the server.
const UNOWNED_METADATA: [&str; 11] = [
    "name",
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];

/// Returns every field that can be owned, with its value; elements of keyed lists have the value null.
pub(super) fn leaves(resource: Resource, object: &Value) -> BTreeMap<Path, Value> {
    let mut leaves = BTreeMap::new();
    let Some(root) = object.as_object() else { return leaves };
    for (key, value) in root {
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let owned = value.as_object().into_iter().flatten();
                let owned = owned.filter(|(key, _)| !UNOWNED_METADATA.contains(&key.as_str()));
                let mut path = vec![field_step("metadata")];
                for (key, value) in owned {
                    walk(resource, "metadata", key, value, &mut path, &mut leaves);
                }
            }
            _ => walk(resource, "", key, value, &mut Vec::new(), &mut leaves),
        }
    }
    leaves
}

/// Returns the fields that were added, changed or removed.
pub(super) fn changed(resource: Resource, old: &Value, new: &Value) -> Fields {
    let (old, new) = (leaves(resource, old), leaves(resource, new));
    let differs = new.iter().filter(|(path, value)| old.get(*path) != Some(value)).map(|(path, _)| path);
    let gone = old.keys().filter(|path| !new.contains_key(*path));
    differs.chain(gone).cloned().collect()
}

fn walk(
    resource: Resource,
    parent: &str,
    name: &str,
    value: &Value,
    path: &mut Path,
    leaves: &mut BTreeMap<Path, Value>,
) {
    path.push(field_step(name));
    match value {
        Value::Object(map) if !map.is_empty() && !keys::is_atomic(resource, parent, name) => {
            for (key, value) in map {
                walk(resource, name, key, value, path, leaves);
            }
        }
        Value::Array(items) if !items.is_empty() && keys::is_set(parent, name) => {
            for item in items {
                path.push(format!("v:{item}"));
                leaves.insert(path.clone(), item.clone());
                path.pop();
            }
        }
        Value::Array(items)
            if !items.is_empty()
                && let Some(keys) = keys::apply(resource, parent, name) =>
        {
            for item in items {
                path.push(element_step(keys, item));
                leaves.insert(path.clone(), Value::Null);
                for (key, value) in item.as_object().into_iter().flatten() {
                    walk(resource, name, key, value, path, leaves);
                }
                path.pop();
            }
        }
        leaf => {
            leaves.insert(path.clone(), leaf.clone());
        }
    }
    path.pop();
}

/// Merges `configuration` into `object`; fields that it does not mention are kept.
pub(super) fn overlay(resource: Resource, object: &mut Value, configuration: &Value) {
    overlay_map(resource, "", object, configuration);
}

fn overlay_map(resource: Resource, name: &str, target: &mut Value, config: &Value) {
    if !target.is_object() {
        *target = Value::Object(Map::default());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in config.as_object().into_iter().flatten() {
        match value {
            Value::Null => {
                target.shift_remove(key);
            }
            Value::Object(_) if !keys::is_atomic(resource, name, key) => {
                overlay_map(resource, key, target.entry(key).or_insert(Value::Null), value);
            }
            Value::Array(items) => {
                let list = target.entry(key).or_insert(Value::Null);
                overlay_list(resource, name, key, list, items);
            }
            value => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

fn overlay_list(resource: Resource, parent: &str, name: &str, target: &mut Value, items: &[Value]) {
    let keys = keys::apply(resource, parent, name);
    let is_set = keys::is_set(parent, name);
    let Some(list) = target.as_array_mut().filter(|_| keys.is_some() || is_set) else {
        *target = Value::Array(items.to_vec());
        return;
    };
    for item in items {
        let place = match keys {
            Some(keys) => {
                let step = element_step(keys, item);
                list.iter().position(|known| element_step(keys, known) == step)
            }
            None => list.iter().position(|known| known == item),
        };
        match place.and_then(|place| list.get_mut(place)) {
            Some(known) if keys.is_some() => overlay_map(resource, name, known, item),
            Some(_) => {}
            None => list.push(item.clone()),
        }
    }
}

/// Removes `fields` from `object`. A list element is removed as a whole unless `others` own a part of it; maps and
/// lists that become empty are removed too.
pub(super) fn remove(resource: Resource, object: &mut Value, fields: &Fields, others: &Fields) {
    for path in fields.iter() {
        let is_element = path.last().is_some_and(|step| step.starts_with("k:"));
        let kept = is_element && others.reaches(path);
        if !kept && !is_key(path) {
            remove_at(resource, "", object, path);
        }
    }
}

/// Returns whether the field is a key of its list element. Keys are removed only with the element, which could not be
/// found otherwise.
fn is_key(path: &Path) -> bool {
    let [.., element, field] = path.as_slice() else { return false };
    let keys = element.strip_prefix("k:").and_then(|keys| serde_json::from_str::<Value>(keys).ok());
    let name = field.strip_prefix("f:").unwrap_or_default();
    keys.is_some_and(|keys| keys.get(name).is_some())
}

fn remove_at(resource: Resource, name: &str, value: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else { return };
    let (Value::Object(map), Some(key)) = (value, step.strip_prefix("f:")) else { return };
    let Some(child) = map.get_mut(key) else { return };
    if !rest.is_empty() {
        let listed = Listed { resource, parent: name, field: key };
        if child.is_array() { listed.remove(child, rest) } else { remove_at(resource, key, child, rest) }
    }
    let empty = child.as_object().is_some_and(Map::is_empty) || child.as_array().is_some_and(Vec::is_empty);
    if rest.is_empty() || empty {
        map.shift_remove(key);
    }
}

/// A list with its position in the object.
struct Listed<'a> {
    resource: Resource,
    parent: &'a str,
    field: &'a str,
}

impl Listed<'_> {
    fn remove(&self, list: &mut Value, path: &[String]) {
        let (Some(items), Some((step, rest))) = (list.as_array_mut(), path.split_first()) else { return };
        let keys = keys::apply(self.resource, self.parent, self.field);
        let matches_step = |item: &Value| match keys {
            Some(keys) => element_step(keys, item) == *step,
            None => format!("v:{item}") == *step,
        };
        if rest.is_empty() {
            items.retain(|item| !matches_step(item));
        } else if let Some(item) = items.iter_mut().find(|item| matches_step(item)) {
            remove_at(self.resource, self.field, item, rest);
        }
    }
}

fn field_step(name: &str) -> String {
    format!("f:{name}")
}

/// Returns the path step of a list element: `k:{"name":"web"}`.
fn element_step(keys: &[&str], item: &Value) -> String {
    let default = |key: &str| keys::default_of(key).map_or(Value::Null, Value::from);
    let entry = |key: &&str| {
        let value = item.get(*key).cloned().unwrap_or_else(|| default(key));
        ((*key).to_owned(), value)
    };
    let keys: Map<String, Value> = keys.iter().map(entry).collect();
    format!("k:{}", Value::Object(keys))
}
