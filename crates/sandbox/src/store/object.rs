//! An object at rest: its JSON and the few facts that lists and watches ask for without parsing.

use super::{Resource, selector, stamp};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;

/// `metadata.labels`.
pub type Labels = BTreeMap<String, String>;

/// One version of one object; never changes.
#[derive(Debug, PartialEq)]
pub struct Object {
    /// What it is.
    pub resource: Resource,
    /// Its namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its resource version.
    pub version: u64,
    /// Its labels.
    pub labels: Labels,
    /// The uids of its owners.
    pub owners: Vec<String>,
    /// The fields that can be selected by, in the order of [`selector::selectable`].
    fields: Vec<String>,
    /// The whole object, `kind` and `apiVersion` included, on one line.
    pub json: Bytes,
}

/// Where an object is found. Sorts by namespace, then name.
pub type Key = (String, String);

impl Object {
    /// Indexes `value`, which must have been stamped.
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

    /// The whole object, parsed.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.json).expect("the store wrote these bytes from a Value")
    }

    /// The same object under another version: how a watcher sees it leave its selection.
    pub fn at_version(&self, version: u64) -> Object {
        let mut value = self.value();
        stamp::version(&mut value, version);
        Object::new(self.resource, version, &value)
    }

    /// Namespace and name.
    pub fn key(&self) -> Key {
        (self.namespace.clone(), self.name.clone())
    }

    /// A field that can be selected by, as text; empty when it is not there or cannot be selected by.
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
