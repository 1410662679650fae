//! Handling of `status.conditions`.

use crate::store::time;
use serde_json::{Value, json};

/// The new values of one condition.
pub(super) struct Condition<'a> {
    pub kind: &'a str,
    pub holds: bool,
    pub reason: &'a str,
    pub message: String,
}

/// Sets a condition in the form that Deployments use. The transition time changes only with the status, the update time
/// with any field.
pub(super) fn set(conditions: &mut Vec<Value>, condition: &Condition<'_>) {
    let status = if condition.holds { "True" } else { "False" };
    let now = time::now();
    let known = conditions.iter().position(|known| known["type"] == condition.kind);
    let before = known.and_then(|place| conditions.get(place)).cloned().unwrap_or_default();
    if before["status"] == status
        && before["reason"] == condition.reason
        && before["message"] == condition.message
    {
        return;
    }
    let since = match before["lastTransitionTime"].as_str().filter(|_| before["status"] == status) {
        Some(since) => since.to_owned(),
        None => now.clone(),
    };
    let next = json!({
        "type": condition.kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": since,
        "reason": condition.reason,
        "message": condition.message,
    });
    match known.and_then(|place| conditions.get_mut(place)) {
        Some(place) => *place = next,
        None => conditions.push(next),
    }
}

/// Returns the condition of the given type.
pub(super) fn get<'a>(conditions: &'a [Value], kind: &str) -> Option<&'a Value> {
    conditions.iter().find(|condition| condition["type"] == kind)
}
