//! Rules 14 to 25: the parts that every activity must have.

use super::{CachedChecks, bad_activity, provider, suggest};
use crate::experiment::findings::Collector;
use pyvalue::{Map, Value, place::Place, python_text};

pub(super) async fn check(
    activity: &Value,
    path: &Place<'_>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    // Values that are not mappings have already been reported.
    let Some(activity) = activity.as_map() else { return };
    if activity.is_empty() {
        let refusal = bad_activity("E-ACT-EMPTY", "empty activity is no activity");
        return collector.refuse(path, refusal.remedy("declare `type`, `name` and `provider`, or a `ref`"));
    }
    match activity.get("ref") {
        None | Some(Value::Null) => {}
        Some(Value::Text(name)) if !name.is_empty() => return,
        Some(_) => {
            let refusal = bad_activity("E-REF", "reference to activity must be non-empty strings");
            return collector.refuse(path.key("ref"), refusal.remedy("write the `name` of another activity"));
        }
    }
    kind(activity, path, collector);
    if !activity.get("name").is_some_and(Value::truthy) {
        let refusal = bad_activity("E-NAME", "an activity must have a name");
        let remedy = match activity.get("name") {
            Some(Value::Bool(_)) => "put the name in quotes: YAML reads yes, no, on and off as booleans",
            _ => "give it a `name`",
        };
        collector.refuse(path.key("name"), refusal.remedy(remedy));
    }
    let provider = provider::of(activity, path, collector);
    timing(activity, path, collector);
    if let Some(background) = activity.get("background").filter(|value| !matches!(value, Value::Bool(_))) {
        let refusal = bad_activity("E-BG", "activity background must be a boolean");
        let remedy = match background {
            Value::Text(_) => "write true or false without quotes",
            _ => "write true or false",
        };
        collector.refuse(path.key("background"), refusal.remedy(remedy));
    }
    if let Some(provider) = provider {
        provider::check(activity, provider, path, memo, collector).await;
    }
}

fn kind(activity: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    let place = path.key("type");
    match activity.get("type").filter(|kind| kind.truthy()) {
        None => {
            let refusal = bad_activity("E-TYPE-MISSING", "an activity must have a type");
            collector.refuse(place, refusal.remedy("add `type`: probe or action"));
        }
        Some(Value::Text(kind)) if kind == "probe" || kind == "action" => {}
        Some(kind) => {
            let kind = python_text(kind);
            let refusal = bad_activity("E-TYPE", format!("'{kind}' is not a supported activity type"));
            let remedy = suggest::did_you_mean(&kind, ["probe", "action"], "use probe or action");
            collector.refuse(place, refusal.remedy(remedy));
        }
    }
}

/// Checks `timeout` and `pauses`.
fn timing(activity: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    let number =
        |value: &Value| matches!(value, Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_));
    if activity.get("timeout").is_some_and(|timeout| !timeout.is_null() && !number(timeout)) {
        let refusal = bad_activity("E-TIMEOUT", "activity timeout must be a number");
        collector
            .refuse(path.key("timeout"), refusal.remedy("write seconds, under `provider` to have an effect"));
    }
    let path = path.key("pauses");
    let pauses = match activity.get("pauses") {
        None | Some(Value::Null) => return,
        Some(Value::Map(pauses)) => pauses,
        Some(_) => return collector.refuse_type(path, "a mapping with `before` and `after`"),
    };
    for (side, code) in [("before", "E-PAUSE-BEFORE"), ("after", "E-PAUSE-AFTER")] {
        let Some(Value::Text(text)) = pauses.get(side) else { continue };
        if !(text.starts_with("${") && text.ends_with('}')) {
            let message = format!(
                "activity {side} pause must be a number or a pattern to a variable from the configuration or secrets"
            );
            let remedy = "write seconds without quotes, or \"${name}\"";
            collector.refuse(path.key(side), bad_activity(code, message).remedy(remedy));
        }
    }
}
