//! The parts of a journal: the plan of its experiment, and the entries of its calls.

use crate::{
    experiment::Experiment,
    provider::Providers,
    runner::{RunRequest, plan},
    session::{
        event::{ActivityOutcome, Plan, Timestamp},
        wording,
    },
};
use pyvalue::{Document, Value, python_text};

/// Characters of an output that a step's result shows.
const SUMMARY: usize = 80;

/// Lays out the experiment of a journal.
pub(super) fn planned(experiment: &Value, providers: &Providers) -> Plan {
    let document = Document::json("journal", experiment.to_json());
    let Some(experiment) = document.ok().and_then(|document| Experiment::unchecked(document).ok()) else {
        return Plan::default();
    };
    // Static values only: dynamic ones were resolved in another place and at another time.
    let is_static = |value: &Value| !matches!(value, Value::Map(_) | Value::List(_));
    let mut configuration = experiment.configuration();
    configuration.retain(|_, value| is_static(value));
    plan(&RunRequest { configuration, ..RunRequest::stepped(experiment) }, providers)
}

pub(super) fn outcome(entry: &Value) -> ActivityOutcome {
    let succeeded = match entry.get("status").and_then(Value::as_str) {
        Some("succeeded" | "skipped") => Some(true),
        Some("failed") => Some(false),
        _ => None,
    };
    let seconds = match entry.get("duration") {
        Some(Value::Float(seconds)) => *seconds,
        Some(Value::Int(seconds)) => *seconds as f64,
        _ => 0.0,
    };
    ActivityOutcome {
        succeeded,
        tolerance_met: entry.get("tolerance_met").map(Value::truthy),
        trouble: None,
        summary: if succeeded == Some(false) { error_of(entry) } else { summary(entry.get("output")) },
        seconds: if seconds.is_finite() { seconds.max(0.0) } else { 0.0 },
    }
}

/// The output in a few words, as the runner puts it.
fn summary(output: Option<&Value>) -> String {
    let Some(output) = output.filter(|output| !output.is_null()) else { return String::new() };
    match (output.get("status"), output.get("stdout"), output.get("body")) {
        (Some(status), Some(_), _) => format!("exit {}", python_text(status)),
        (Some(status), None, Some(_)) => python_text(status),
        _ => {
            python_text(output).chars().take(SUMMARY).map(|c| if c.is_control() { ' ' } else { c }).collect()
        }
    }
}

/// The error of an entry: the last line of its exception.
pub(super) fn error_of(entry: &Value) -> String {
    let lines = entry.get("exception").and_then(Value::as_list).unwrap_or_default();
    let last = lines.iter().rev().filter_map(Value::as_str).find(|line| !line.trim().is_empty());
    last.map_or_else(|| "it failed".to_owned(), wording::short_error)
}

pub(super) fn name_of(entry: &Value) -> String {
    let name = entry.get("activity").and_then(|activity| activity.get("name"));
    name.map_or_else(|| "an activity without a name".to_owned(), python_text)
}

/// A moment of a journal; one without an offset is in UTC.
pub(super) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    let text = value?.as_str()?;
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
}
