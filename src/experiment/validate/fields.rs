//! Keys that look like a slip of a known one. Unknown keys are allowed, so these are warnings.

use super::{KEY, suggest};
use crate::experiment::{Map, Value, build, document::place, findings::Collector};

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
const PAUSES: [&str; 2] = ["before", "after"];

pub(super) fn check(experiment: &Map, collector: &mut Collector<'_>) {
    slips(experiment, &EXPERIMENT, "$", collector);
    if let Some(Value::Map(hypothesis)) = experiment.get("steady-state-hypothesis") {
        slips(hypothesis, &HYPOTHESIS, "$.steady-state-hypothesis", collector);
    }
    let lists = [
        (build::probes(experiment), build::PROBES),
        (build::method(experiment), build::METHOD),
        (build::rollbacks(experiment), build::ROLLBACKS),
    ];
    for (activities, path) in lists {
        for (index, activity) in activities.iter().enumerate() {
            if let Some(activity) = activity.as_map() {
                of_activity(activity, &place::item(path, index), collector);
            }
        }
    }
}

fn of_activity(activity: &Map, path: &str, collector: &mut Collector<'_>) {
    slips(activity, &ACTIVITY, path, collector);
    if let Some(Value::Map(pauses)) = activity.get("pauses") {
        slips(pauses, &PAUSES, &place::key(path, "pauses"), collector);
    }
    if let Some(Value::Map(provider)) = activity.get("provider") {
        let known: &[&str] = match provider.get("type").and_then(Value::as_str) {
            Some("http") => &HTTP,
            Some("process") => &PROCESS,
            _ => &PYTHON,
        };
        slips(provider, known, &place::key(path, "provider"), collector);
    }
}

fn slips(map: &Map, known: &[&str], path: &str, collector: &mut Collector<'_>) {
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        if let Some(near) = suggest::nearest(key, known.iter().copied()) {
            let message = format!("nothing reads the key '{key}'");
            let remedy = format!("did you mean '{near}'?");
            collector.warn("W-FIELD", place::key(path, key), KEY, message, remedy);
        }
    }
}
