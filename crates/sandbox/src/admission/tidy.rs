//! Removes null fields.

use serde_json::Value;

/// Removes fields that are null: Go clients send `creationTimestamp: null` and the like.
pub(super) fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
