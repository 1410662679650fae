//! Strategic merge patches.

use super::keys;
use crate::store::{Resource, Status};
use serde_json::{Map, Value};

/// Merges `patch` into `object`. Error: 500 when a list element lacks its merge key, as on a real server.
pub(super) fn merge(resource: Resource, object: &mut Value, patch: &Value) -> Result<(), Status> {
    if !object.is_object() {
        *object = Value::Object(Map::default());
    }
    if let (Some(object), Some(patch)) = (object.as_object_mut(), patch.as_object()) {
        Merge { resource }.maps("", object, patch)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Merge {
    resource: Resource,
}

impl Merge {
    /// Merges into the map with the field name `name`.
    fn maps(
        self,
        name: &str,
        target: &mut Map<String, Value>,
        patch: &Map<String, Value>,
    ) -> Result<(), Status> {
        match patch.get("$patch").and_then(Value::as_str) {
            Some("replace") => {
                target.clear();
                target.extend(
                    patch
                        .iter()
                        .filter(|(key, _)| !key.starts_with('$'))
                        .map(|(k, v)| (k.clone(), v.clone())),
                );
                return Ok(());
            }
            Some("delete") => {
                target.clear();
                return Ok(());
            }
            None | Some("merge") => {}
            Some(other) => return Err(unknown_directive(other)),
        }
        if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array) {
            target.retain(|key, _| kept.iter().any(|kept| kept == key));
        }
        for (key, gone) in patch {
            if let Some(field) = key.strip_prefix("$deleteFromPrimitiveList/")
                && let (Some(list), Some(gone)) =
                    (target.get_mut(field).and_then(Value::as_array_mut), gone.as_array())
            {
                list.retain(|item| !gone.contains(item));
            }
        }
        for (key, change) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
            self.field(name, key, target, change)?;
        }
        for (key, order) in patch {
            if let Some(field) = key.strip_prefix("$setElementOrder/")
                && let (Some(list), Some(order)) =
                    (target.get_mut(field).and_then(Value::as_array_mut), order.as_array())
            {
                reorder(list, order, keys::strategic(self.resource, name, field));
            }
        }
        Ok(())
    }

    fn field(
        self,
        parent: &str,
        key: &str,
        target: &mut Map<String, Value>,
        change: &Value,
    ) -> Result<(), Status> {
        match change {
            Value::Null => {
                target.shift_remove(key);
            }
            Value::Object(change) => {
                if change.get("$patch").is_some_and(|directive| directive == "delete") {
                    target.shift_remove(key);
                    return Ok(());
                }
                let child = target.entry(key).or_insert_with(|| Value::Object(Map::default()));
                if !child.is_object() {
                    *child = Value::Object(Map::default());
                }
                if let Some(child) = child.as_object_mut() {
                    self.maps(key, child, change)?;
                }
            }
            Value::Array(change) => {
                let list = target.entry(key).or_insert_with(|| Value::Array(Vec::new()));
                if !list.is_array() {
                    *list = Value::Array(Vec::new());
                }
                if let Some(list) = list.as_array_mut() {
                    self.lists(parent, key, list, change)?;
                }
            }
            scalar => {
                target.insert(key.to_owned(), scalar.clone());
            }
        }
        Ok(())
    }

    fn lists(
        self,
        parent: &str,
        field: &str,
        target: &mut Vec<Value>,
        patch: &[Value],
    ) -> Result<(), Status> {
        if keys::is_set(parent, field) {
            for item in patch {
                if !target.contains(item) {
                    target.push(item.clone());
                }
            }
            return Ok(());
        }
        let directive = |item: &Value, word| item.get("$patch").is_some_and(|directive| directive == word);
        let replaces = patch.iter().any(|item| directive(item, "replace"));
        let Some(key) = keys::strategic(self.resource, parent, field).filter(|_| !replaces) else {
            *target = patch.iter().filter(|item| !directive(item, "replace")).map(without_nulls).collect();
            return Ok(());
        };
        for item in patch {
            let (Some(change), Some(id)) = (item.as_object(), item.get(key)) else {
                return Err(Status::internal(format!(
                    "map: {} does not contain declared merge key: {key}",
                    as_go(item)
                )));
            };
            let place = target.iter().position(|known| known.get(key) == Some(id));
            match (place, directive(item, "delete")) {
                (_, true) => target.retain(|known| known.get(key) != Some(id)),
                (Some(place), false) => {
                    if let Some(known) = target.get_mut(place).and_then(Value::as_object_mut) {
                        self.maps(field, known, change)?;
                    }
                }
                (None, false) => {
                    let mut new = Map::default();
                    self.maps(field, &mut new, change)?;
                    target.push(Value::Object(new));
                }
            }
        }
        Ok(())
    }
}

/// Sorts the elements that `order` contains into its order; the others keep their positions.
fn reorder(list: &mut [Value], order: &[Value], key: Option<&str>) {
    let id = |item: &Value| key.map_or_else(|| item.clone(), |key| item[key].clone());
    let wanted = |item: &Value| {
        let own = id(item);
        order.iter().position(|ordered| id(ordered) == own)
    };
    let places: Vec<usize> = (0..list.len()).filter(|&at| list.get(at).and_then(wanted).is_some()).collect();
    let mut named: Vec<Value> = places.iter().filter_map(|&at| list.get(at).cloned()).collect();
    named.sort_by_key(wanted);
    for (at, item) in places.into_iter().zip(named) {
        if let Some(slot) = list.get_mut(at) {
            *slot = item;
        }
    }
}

/// Removes nulls and directives from a value that replaces another one: they have no meaning there.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, value)| !value.is_null() && !key.starts_with('$'));
            Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        scalar => scalar.clone(),
    }
}

fn unknown_directive(word: &str) -> Status {
    Status::internal(format!("unknown patch directive: {word}"))
}

/// Formats a value as Go does, so that the error message matches that of a real server.
fn as_go(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut parts: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", as_go(value))).collect();
            parts.sort();
            format!("map[{}]", parts.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(as_go).collect::<Vec<_>>().join(" ")),
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".into(),
        other => other.to_string(),
    }
}
