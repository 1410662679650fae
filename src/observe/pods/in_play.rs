//! Which objects an experiment is about.

use crate::experiment::{Activity, Map, Value};
use std::collections::BTreeSet;

/// The objects that the experiment's activities name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InPlay {
    namespaces: BTreeSet<String>,
}

impl InPlay {
    /// Takes note of what an activity names. `provider` is its provider's mapping, substituted.
    pub fn add(&mut self, _activity: &Activity, provider: &Map) {
        let arguments = provider.get("arguments").and_then(Value::as_map);
        let namespace = arguments.and_then(|arguments| arguments.get("ns")).and_then(Value::as_str);
        self.namespaces.insert(namespace.unwrap_or("default").to_owned());
    }

    /// The namespaces to watch.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.iter().map(String::as_str)
    }
}
