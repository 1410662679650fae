//! Conversion of stored objects to and from other groups and versions.

use crate::store::{Object, Resource};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The form of a kind under one group and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Stored,
    /// The same fields with an old `apiVersion`.
    Beta(&'static str),
    /// Core events in the form of `events.k8s.io/v1`.
    EventsV1,
}

/// The event fields with a different name in `events.k8s.io/v1`: stored name, shown name.
const EVENT_FIELDS: [(&str, &str); 6] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

impl View {
    /// Returns an object's JSON in this form.
    pub(super) fn bytes(self, object: &Object) -> Bytes {
        match self {
            View::Stored => object.json.clone(),
            _ => Bytes::from(self.show(object.value()).to_string()),
        }
    }

    /// Converts from the stored form to this form.
    pub(super) fn show(self, mut stored: Value) -> Value {
        match self {
            View::Stored => {}
            View::Beta(api_version) => stored["apiVersion"] = api_version.into(),
            View::EventsV1 => {
                stored["apiVersion"] = "events.k8s.io/v1".into();
                rename(&mut stored, |key| swap(key, |(stored, shown)| (stored, shown)));
                move_field(&mut stored, "source", "deprecatedSource");
                complete_event(&mut stored);
            }
        }
        stored
    }

    /// Converts from this form to the stored form.
    pub(super) fn store(self, resource: Resource, mut shown: Value) -> Value {
        if self == View::EventsV1 {
            rename(&mut shown, |key| swap(key, |(stored, shown)| (shown, stored)));
            move_field(&mut shown, "deprecatedSource", "source");
        }
        if self != View::Stored && shown.is_object() {
            shown["apiVersion"] = resource.api_version().into();
        }
        shown
    }

    /// Returns the stored name of a selectable field.
    pub(super) fn stored_field(self, key: &str) -> String {
        match self {
            View::EventsV1 if key == "reportingController" => "reportingComponent".into(),
            View::EventsV1 => match key.strip_prefix("regarding.") {
                Some(rest) => format!("involvedObject.{rest}"),
                None => key.into(),
            },
            _ => key.into(),
        }
    }
}

fn swap(
    key: &str,
    direction: fn((&'static str, &'static str)) -> (&'static str, &'static str),
) -> Option<&'static str> {
    EVENT_FIELDS.into_iter().map(direction).find(|(from, _)| *from == key).map(|(_, to)| to)
}

fn rename(object: &mut Value, name: impl Fn(&str) -> Option<&'static str>) {
    let Some(map) = object.as_object_mut() else { return };
    *map = std::mem::take(map)
        .into_iter()
        .map(|(key, value)| (name(&key).map_or(key, str::to_owned), value))
        .collect::<Map<_, _>>();
}

fn move_field(object: &mut Value, from: &str, to: &str) {
    if let Some(map) = object.as_object_mut()
        && let Some(value) = map.shift_remove(from)
    {
        map.insert(to.to_owned(), value);
    }
}

/// Sets the fields that readers of the newer form rely on and that core events lack.
fn complete_event(event: &mut Value) {
    if event["eventTime"].is_null() {
        let at = event["deprecatedFirstTimestamp"].as_str().and_then(|at| at.strip_suffix('Z'));
        event["eventTime"] = at.map_or(Value::Null, |at| json!(format!("{at}.000000Z")));
    }
    let controller = event["reportingController"].as_str().unwrap_or_default();
    if controller.is_empty() {
        event["reportingController"] = event["deprecatedSource"]["component"].clone();
    }
}
