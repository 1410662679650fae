//! Formatting of cells, shared by several kinds.

use super::age;
use crate::store::LabelSelector;
use jiff::Timestamp;
use serde_json::Value;

pub(super) fn texts<const N: usize>(cells: [String; N]) -> Vec<Value> {
    cells.into_iter().map(Value::String).collect()
}

pub(super) fn name(object: &Value) -> String {
    text(&object["metadata"]["name"])
}

pub(super) fn created(object: &Value, now: Timestamp) -> String {
    age::since(object["metadata"]["creationTimestamp"].as_str(), now)
}

/// Returns a text; empty when it is missing.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns a text, or `<none>` when it is missing or empty.
pub(super) fn text_or_none(value: &Value) -> String {
    none_if_empty(text(value))
}

pub(super) fn none_if_empty(text: String) -> String {
    if text.is_empty() { "<none>".into() } else { text }
}

/// Returns a count; 0 when it is missing.
pub(super) fn count(value: &Value) -> String {
    value.as_i64().unwrap_or(0).to_string()
}

pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the same field of each item: `a,b`.
pub(super) fn joined(list: &Value, field: &str) -> String {
    items(list).map(|item| text(&item[field])).collect::<Vec<_>>().join(",")
}

/// Returns a plain map as a selector: `a=b,c=d`, or `<none>`.
pub(super) fn pairs(map: &Value) -> String {
    let pairs = map.as_object().into_iter().flatten();
    none_if_empty(pairs.map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(","))
}

/// Returns a workload's selector, or `<none>`.
pub(super) fn selector(selector: &Value) -> String {
    none_if_empty(LabelSelector::of_workload(selector).unwrap_or_default().to_string())
}

/// Returns the first three items and the number of the remaining ones.
pub(super) fn at_most_three(all: &[String]) -> String {
    let shown = all.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    match all.len() {
        0 => "<none>".into(),
        1..=3 => shown,
        many => format!("{shown} + {} more...", many - 3),
    }
}
