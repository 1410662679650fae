//! Warns about unknown keys that look like a misspelt known key. Unknown keys are allowed, so these are not errors.

use super::{KEY, suggest};
use crate::experiment::{build, findings::Collector};
use pyvalue::{
    Map, Value,
    place::{self, Place},
};

const EXPERIMENT: [&str; 14] = [
    "title",
    "description",
    "method",
    "steady-state-hypothesis",
    "rollbacks",
    "configuration",
    "secrets",
    "controls",
    "tags",
    "contributions",
    "extensions",
    "runtime",
    "version",
    "dry",
];
const HYPOTHESIS: [&str; 3] = ["title", "probes", "controls"];
const ACTIVITY: [&str; 12] = [
    "ref",
    "type",
    "name",
    "provider",
    "tolerance",
    "background",
    "pauses",
    "controls",
    "timeout",
    "dry",
    "secrets",
    "configuration",
];
const HTTP: [&str; 10] = [
    "type",
    "url",
    "method",
    "headers",
    "arguments",
    "timeout",
    "verify_tls",
    "max_retries",
    "expected_status",
    "secrets",
];
const PROCESS: [&str; 6] = ["type", "path", "arguments", "timeout", "env", "secrets"];
const PYTHON: [&str; 5] = ["type", "module", "func", "arguments", "secrets"];
const REGEX: [&str; 3] = ["type", "pattern", "target"];
const RANGE: [&str; 3] = ["type", "range", "target"];
const JSON_PATH: [&str; 5] = ["type", "path", "target", "count", "expect"];
const CONTROL: [&str; 5] = ["name", "provider", "scope", "automatic", "ref"];
const RUNTIME: [&str; 2] = ["hypothesis", "rollbacks"];
const PAUSES: [&str; 2] = ["before", "after"];

pub(super) fn check(experiment: &Map, collector: &mut Collector<'_>) {
    slips(experiment, &EXPERIMENT, &place::ROOT, collector);
    if let Some(Value::Map(hypothesis)) = experiment.get("steady-state-hypothesis") {
        slips(hypothesis, &HYPOTHESIS, &Place::at("$.steady-state-hypothesis"), collector);
    }
    if let Some(Value::Map(runtime)) = experiment.get("runtime") {
        slips(runtime, &RUNTIME, &Place::at("$.runtime"), collector);
    }
    of_controls(experiment, &place::ROOT, collector);
    for (list, index, activity) in build::activities(experiment) {
        if let Some(activity) = activity.as_map() {
            of_activity(activity, &list.item(index), collector);
        }
    }
}

fn of_activity(activity: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    slips(activity, &ACTIVITY, path, collector);
    of_controls(activity, path, collector);
    if let Some(Value::Map(tolerance)) = activity.get("tolerance") {
        let known: &[&str] = match tolerance.get("type").and_then(Value::as_str) {
            Some("regex") => &REGEX,
            Some("range") => &RANGE,
            Some("jsonpath") => &JSON_PATH,
            _ => &ACTIVITY,
        };
        slips(tolerance, known, &path.key("tolerance"), collector);
    }
    if let Some(Value::Map(pauses)) = activity.get("pauses") {
        slips(pauses, &PAUSES, &path.key("pauses"), collector);
    }
    if let Some(Value::Map(provider)) = activity.get("provider") {
        let known: &[&str] = match provider.get("type").and_then(Value::as_str) {
            Some("http") => &HTTP,
            Some("process") => &PROCESS,
            _ => &PYTHON,
        };
        slips(provider, known, &path.key("provider"), collector);
    }
}

fn of_controls(holder: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    let path = path.key("controls");
    for (index, control) in build::list(holder.get("controls")).iter().enumerate() {
        if let Some(control) = control.as_map() {
            slips(control, &CONTROL, &path.item(index), collector);
        }
    }
}

fn slips(map: &Map, known: &[&str], path: &Place<'_>, collector: &mut Collector<'_>) {
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        if let Some(near) = suggest::nearest(key, known.iter().copied()) {
            let message = format!("nothing reads the key '{key}'");
            let remedy = format!("did you mean '{near}'?");
            collector.warn("W-FIELD", path.key(key), KEY, message, remedy);
        }
    }
}
