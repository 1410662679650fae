//! Converts an event to the lines that the reference prints at that point.

use crate::session::{
    EventKind,
    event::{HypothesisPhase, Level, PauseSide},
    journal::status_name,
};
use Level::{Critical, Debug, Error, Info, Warning};
use pyvalue::{Value, python_float, python_text};

/// The warning for an HTTP status above 399 without a tolerance.
const BAD_ANSWER: &str = "This HTTP call returned a response with a HTTP status code above 400. This may indicate some \
                          error and not what you expected. Please have a look at the logs.";
/// The warning for an exit code above 0 without a tolerance.
const BAD_EXIT: &str = "This process returned a non-zero exit code. This may indicate some error and not what you \
                        expected. Please have a look at the logs.";

/// Returns the console's lines for an event; most events have none.
pub(crate) fn lines(what: &EventKind) -> Vec<(Level, String)> {
    let single = |level, text: String| vec![(level, text)];
    match what {
        EventKind::Logged { level, message, .. } => single(*level, message.clone()),
        EventKind::RecordingStopped { reason } => single(Warning, reason.clone()),
        EventKind::RunStarted { title, dry, .. } => {
            let dry = dry.iter().map(|mode| (Warning, format!("Running experiment with dry {mode}")));
            single(Info, format!("Running experiment: {title}")).into_iter().chain(dry).collect()
        }
        EventKind::HypothesisStarted { title, .. } => {
            single(Info, format!("Steady state hypothesis: {title}"))
        }
        EventKind::HypothesisEnded { met: false, phase, deviating, .. } => {
            hypothesis_not_met(*phase, deviating.as_deref())
        }
        EventKind::ContinuousStarted { frequency } => {
            let frequency = python_float(*frequency);
            single(
                Info,
                format!("Executing the steady-state hypothesis continuously every {frequency} seconds"),
            )
        }
        EventKind::ContinuousEnded { failed_percent } => failed_percent
            .iter()
            .map(|it| format!("Terminating immediately the experiment after {it:.1}% hypothesis deviated"))
            .chain(["Continuous steady state hypothesis terminated".to_owned()])
            .map(|line| (Info, line))
            .collect(),
        EventKind::MethodStarted { steps } => {
            begun("Playing your experiment's method now...", *steps, "No declared activities, let's move on.")
        }
        EventKind::RollbacksStarted { steps } => {
            begun("Let's rollback...", *steps, "No declared rollbacks, let's move on.")
        }
        EventKind::PauseStarted { side, shown, .. } => single(
            Info,
            match side {
                PauseSide::Before => format!("Pausing before next activity for {shown}s..."),
                PauseSide::After => format!("Pausing after activity for {shown}s..."),
            },
        ),
        EventKind::ActivityStarted { name, entry, .. } => single(Info, activity(name, entry.get("activity"))),
        EventKind::ActivityEnded { outcome, entry, .. } => ended(outcome.succeeded, entry),
        EventKind::Interrupted { reason, level } => single(*level, reason.clone()),
        EventKind::Aborted { message } => {
            let text = format!("Experiment ran into an un expected fatal error, aborting now.\n{message}");
            single(Critical, text)
        }
        EventKind::RunEnded { status, deviated } => {
            let status = if *deviated { "deviated" } else { status_name(*status) };
            let ended = single(Info, format!("Experiment ended with status: {status}"));
            let weak = "The steady-state has deviated, a weakness may have been discovered";
            ended.into_iter().chain(deviated.then(|| (Info, weak.to_owned()))).collect()
        }
        _ => Vec::new(),
    }
}

fn begun(line: &str, steps: usize, empty: &str) -> Vec<(Level, String)> {
    let empty = (steps == 0).then(|| (Info, empty.to_owned()));
    [(Info, line.to_owned())].into_iter().chain(empty).collect()
}

/// Returns no line for a pass that broke (`probe` is `None`): the end of the run reports the reason.
fn hypothesis_not_met(phase: HypothesisPhase, probe: Option<&str>) -> Vec<(Level, String)> {
    let Some(probe) = probe else { return Vec::new() };
    vec![match phase {
        HypothesisPhase::During => {
            (Warning, format!("Continuous steady state probe '{probe}' is not in the given tolerance"))
        }
        HypothesisPhase::Before | HypothesisPhase::After => (
            Critical,
            format!("Steady state probe '{probe}' is not in the given tolerance so failing this experiment"),
        ),
    }]
}

/// Formats the line of a started activity: `Probe: name`, `Action: name [in background]`.
fn activity(name: &str, declared: Option<&Value>) -> String {
    let field = |key| declared.and_then(|activity| activity.get(key));
    let kind = titled(field("type").and_then(Value::as_str).unwrap_or_default());
    let background = if field("background").is_some_and(Value::truthy) { " [in background]" } else { "" };
    format!("{kind}: {name}{background}")
}

/// Capitalises each word of a text as Python does. The text is usually `probe`, but may be any unvalidated value.
fn titled(text: &str) -> String {
    let mut within = false;
    let cased = |c: char| {
        let begins = !std::mem::replace(&mut within, c.is_alphabetic());
        let cased: String = if begins { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
        cased
    };
    text.chars().map(cased).collect()
}

fn ended(succeeded: Option<bool>, entry: &Value) -> Vec<(Level, String)> {
    let output = entry.get("output").unwrap_or(&Value::Null);
    match succeeded {
        Some(true) => {
            let result = match output {
                Value::Null => "  => succeeded without any result value".to_owned(),
                output => format!("  => succeeded with '{}'", python_text(output)),
            };
            entry
                .get("activity")
                .and_then(|activity| output_warning(activity, output))
                .map(|line| (Warning, line.to_owned()))
                .into_iter()
                .chain([(Debug, result)])
                .collect()
        }
        Some(false) => {
            vec![(Error, format!("  => failed: {}", failure(entry)))]
        }
        None => Vec::new(),
    }
}

/// Returns the warning for an output, unless the activity has a tolerance that judges it.
pub(crate) fn output_warning(activity: &Value, output: &Value) -> Option<&'static str> {
    let Some(Value::Int(status)) = output.get("status") else { return None };
    if activity.get("tolerance").is_some() {
        return None;
    }
    match activity.get("provider")?.get("type")?.as_str()? {
        "http" if *status > 399 => Some(BAD_ANSWER),
        "process" if *status > 0 => Some(BAD_EXIT),
        _ => None,
    }
}

/// Returns the message in the last line of an entry's exception.
fn failure(entry: &Value) -> &str {
    let last = entry.get("exception").and_then(Value::as_list).and_then(|lines| lines.last()?.as_str());
    let message = last.unwrap_or_default().trim_end_matches('\n');
    let named = message.strip_prefix("chaoslib.exceptions.ActivityFailed").unwrap_or(message);
    named.strip_prefix(": ").unwrap_or(named)
}
