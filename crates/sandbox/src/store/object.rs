//! A stored object: its JSON, and the fields that lists and watches use without parsing it.

use super::{Resource, selector, stamp};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;

/// `metadata.labels`.
pub type Labels = BTreeMap<String, String>;

/// One immutable version of one object.
#[derive(Debug, PartialEq)]
pub struct Object {
    /// The kind of resource.
    pub resource: Resource,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The UID.
    pub uid: String,
    /// The resource version.
    pub version: u64,
    /// The labels.
    pub labels: Labels,
    /// The UIDs of the owners.
    pub owners: Vec<String>,
    /// The values of the selectable fields, in the order of [`selector::selectable`].
    fields: Vec<String>,
    /// The complete object as JSON on one line, including `kind` and `apiVersion`.
    pub json: Bytes,
}

/// The namespace and name of an object. Sorts by namespace, then name.
pub type Key = (String, String);

impl Object {
    /// Creates an object from `value`, which must have been stamped.
    pub(super) fn new(resource: Resource, version: u64, value: &Value) -> Object {
        let metadata = &value["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
        let fields = selector::selectable(resource);
        Object {
            resource,
            namespace: text("namespace"),
            name: text("name"),
            uid: text("uid"),
            version,
            labels: labels
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
            owners: owners.filter_map(|owner| owner["uid"].as_str().map(str::to_owned)).collect(),
            fields: fields.iter().map(|key| selector::fact(value, key)).collect(),
            json: Bytes::from(value.to_string()),
        }
    }

    /// Returns the complete object, parsed.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.json).expect("the store wrote these bytes from a Value")
    }

    /// Returns the same object with another version, for watchers that see it leave their selection.
    pub fn at_version(&self, version: u64) -> Object {
        let mut value = self.value();
        stamp::version(&mut value, version);
        Object::new(self.resource, version, &value)
    }

    /// Returns the namespace and name.
    pub fn key(&self) -> Key {
        (self.namespace.clone(), self.name.clone())
    }

    /// Returns a selectable field as text; empty when it is missing or not selectable.
    pub fn field(&self, key: &str) -> &str {
        match key {
            "metadata.name" => &self.name,
            "metadata.namespace" => &self.namespace,
            _ => {
                let place = selector::selectable(self.resource).iter().position(|known| *known == key);
                place.and_then(|place| self.fields.get(place)).map_or("", String::as_str)
            }
        }
    }
}
