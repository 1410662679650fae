//! `metadata.managedFields`: the ownership of fields.

use super::{fields::Fields, paths};
use crate::store::{Resource, time};
use serde_json::{Value, json};

/// The way in which a manager writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Any other write.
    Update,
}

/// A field manager: a client that writes fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The `fieldManager` of the request, or the part of its user agent before the first `/`.
    pub name: String,
    /// The way in which it writes.
    pub operation: Operation,
    /// The group and version in which it writes.
    pub api_version: String,
    /// The subresource that it writes; empty for the object itself.
    pub subresource: String,
}

/// All managers of an object with their fields.
#[derive(Debug)]
pub(super) struct Managers(Vec<ManagerEntry>);

#[derive(Debug)]
struct ManagerEntry {
    manager: Manager,
    time: String,
    fields: Fields,
}

impl Manager {
    fn is(&self, other: &Manager) -> bool {
        self.name == other.name && self.operation == other.operation && self.subresource == other.subresource
    }

    /// Returns the manager for error messages: `"kubectl" using apps/v1`.
    fn described(&self) -> String {
        let part = match self.subresource.as_str() {
            "" => String::new(),
            part => format!(" with subresource {part:?}"),
        };
        format!("{:?}{part} using {}", self.name, self.api_version)
    }
}

/// Makes `manager` the only owner of the fields that changed between `old` (`None` for a new object) and `new`.
pub fn update(resource: Resource, old: Option<&Value>, new: &mut Value, manager: &Manager) {
    let nothing = Value::Null;
    let changed = paths::changed(resource, old.unwrap_or(&nothing), new);
    if changed.is_empty() {
        return;
    }
    let present: Fields = paths::leaves(resource, new).into_keys().collect();
    let mut managers = Managers::of(new);
    managers.take_from_others(manager, &changed);
    let owned = managers.owned_by(manager).union(&changed);
    managers.set(manager, owned);
    managers.keep_only(&present);
    managers.write(new);
}

impl Managers {
    pub(super) fn of(object: &Value) -> Managers {
        let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Managers(
            entries
                .map(|entry| ManagerEntry {
                    manager: Manager {
                        name: text(entry, "manager"),
                        operation: match entry["operation"].as_str() {
                            Some("Apply") => Operation::Apply,
                            _ => Operation::Update,
                        },
                        api_version: text(entry, "apiVersion"),
                        subresource: text(entry, "subresource"),
                    },
                    time: text(entry, "time"),
                    fields: Fields::decode(&entry["fieldsV1"]),
                })
                .collect(),
        )
    }

    pub(super) fn write(self, object: &mut Value) {
        let entries = self.0.into_iter().filter(|entry| !entry.fields.is_empty()).map(|entry| {
            let mut written = json!({
                "manager": entry.manager.name,
                "operation": match entry.manager.operation {
                    Operation::Apply => "Apply",
                    Operation::Update => "Update",
                },
                "apiVersion": entry.manager.api_version,
                "time": entry.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.fields.encode(),
            });
            if !entry.manager.subresource.is_empty() {
                written["subresource"] = entry.manager.subresource.into();
            }
            written
        });
        object["metadata"]["managedFields"] = entries.collect();
    }

    pub(super) fn owned_by(&self, manager: &Manager) -> Fields {
        self.0
            .iter()
            .find(|entry| entry.manager.is(manager))
            .map(|entry| entry.fields.clone())
            .unwrap_or_default()
    }

    pub(super) fn owned_by_others(&self, manager: &Manager) -> Fields {
        let others = self.0.iter().filter(|entry| !entry.manager.is(manager));
        others.fold(Fields::default(), |all, entry| all.union(&entry.fields))
    }

    /// Returns the other managers that own fields in `changed`, with those fields.
    pub(super) fn conflicts(&self, manager: &Manager, changed: &Fields) -> Vec<(String, Fields)> {
        let others = self.0.iter().filter(|entry| !entry.manager.is(manager));
        let shared = others.map(|entry| (entry.manager.described(), entry.fields.intersection(changed)));
        shared.filter(|(_, fields)| !fields.is_empty()).collect()
    }

    pub(super) fn take_from_others(&mut self, manager: &Manager, taken: &Fields) {
        for entry in self.0.iter_mut().filter(|entry| !entry.manager.is(manager)) {
            entry.fields = entry.fields.difference(taken);
        }
    }

    /// Sets the fields of a manager. The time of an entry changes only with its fields: repeating an apply must write
    /// nothing.
    pub(super) fn set(&mut self, manager: &Manager, fields: Fields) {
        match self.0.iter_mut().find(|entry| entry.manager.is(manager)) {
            Some(entry) if entry.fields == fields => {}
            Some(entry) => {
                entry.fields = fields;
                entry.time = time::now();
                entry.manager.api_version.clone_from(&manager.api_version);
            }
            None => self.0.push(ManagerEntry { manager: manager.clone(), time: time::now(), fields }),
        }
    }

    /// Removes fields that no longer exist from all managers.
    pub(super) fn keep_only(&mut self, present: &Fields) {
        for entry in &mut self.0 {
            entry.fields = entry.fields.intersection(present);
        }
    }
}
