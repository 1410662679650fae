//! The figures of a session for programs: the JSON report, described by `docs/summary.schema.json`.
//!
//! It holds what a comparison of two runs needs: for each phase the counts by outcome and the waiting times themselves.

mod build;
mod users;

use crate::printing::escape_json;
use serde::{Deserialize, Serialize};
pub(crate) use users::{EndpointSummary, PhaseSummary};

/// The format that is written, and the newest that is read.
pub(crate) const FORMAT: u32 = 1;

/// The figures of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Version of the format.
    pub format: u32,
    /// The program that made it: `chaos-tui 0.1.0`.
    pub tool: String,
    pub made_of: MadeOf,
    pub title: String,
    /// Path or URL of the experiment.
    pub source: Option<String>,
    /// Context and namespace: `minikube/default`.
    pub cluster: Option<String>,
    /// User and host, where the session is on record on this machine.
    pub operator: Option<String>,
    /// RFC 3339, in UTC.
    pub started_at: String,
    /// RFC 3339, in UTC; the moment up to which the session is known.
    pub known_until: String,
    pub run_seconds: Option<f64>,
    pub journal: JournalSummary,
    pub verdict: VerdictSummary,
    pub fault: Option<FaultSummary>,
    pub bad_seconds: Option<BadSeconds>,
    /// In the order in which they were first watched; the verdict is about the worst.
    pub endpoints: Vec<EndpointSummary>,
    pub timings: Vec<TimingSummary>,
    pub breaker: Option<BreakerSummary>,
    pub findings: Vec<FindingSummary>,
    pub not_seen: Vec<String>,
    pub undone: Vec<String>,
    pub still_on: Vec<String>,
    pub predictions: Vec<PredictionSummary>,
    pub steps: Vec<StepSummary>,
    pub notes: Vec<NoteSummary>,
}

/// What the report was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MadeOf {
    pub kind: SourceKind,
    /// The id of the session, or the name of the file.
    pub name: String,
    /// The program that wrote it.
    pub writer: String,
}

/// The kinds of sources of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceKind {
    Recording,
    Journal,
}

/// What the journal says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct JournalSummary {
    /// `completed`, `failed`, `aborted`, `interrupted`; null if the run has not ended.
    pub status: Option<String>,
    pub deviated: bool,
}

/// The verdict about the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VerdictSummary {
    /// `resilient`, `protected`, `not-resilient`, `fault-never-happened`, `fault-not-confirmed`, `not-observable`.
    pub word: String,
    pub sentence: String,
    pub details: Option<String>,
}

/// What was fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FaultSummary {
    /// T0: RFC 3339, in UTC.
    pub t0: String,
    pub fires: Vec<FireSummary>,
    /// Whether an effect on the targets was seen; null if they were not watched.
    pub effect_seen: Option<bool>,
    /// Seconds for which it was on; null if the targets were not watched.
    pub lasted_seconds: Option<f64>,
    /// Whether what it took away was back at the end; null if the targets were not watched.
    pub over: Option<bool>,
}

/// One fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FireSummary {
    pub step: String,
    pub label: String,
    pub seconds_since_t0: f64,
    pub targets: Vec<String>,
    /// Why it is not known whether it changed anything; null if it succeeded.
    pub unconfirmed: Option<String>,
}

/// Seconds since T0 in which a user of the first endpoint was let down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BadSeconds {
    pub count: u32,
    pub allowed: u32,
}

/// How long something took. With `at_least` alone it had not ended; with neither it never happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimingSummary {
    pub key: String,
    pub label: String,
    pub at_least_seconds: Option<f64>,
    pub at_most_seconds: Option<f64>,
}

/// The circuit breaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BreakerSummary {
    /// The state believed at the end: `CLOSED`.
    pub state: String,
    pub confidence: String,
    pub because: String,
    pub openings: u32,
    pub trials: u32,
    pub failed_trials: u32,
    pub cycles: Vec<CycleSummary>,
}

/// One opening of the breaker, in seconds since T0, or since the first event if nothing was fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CycleSummary {
    pub opened_seconds: f64,
    pub trial_seconds: Option<f64>,
    pub ended_seconds: Option<f64>,
    /// Whether the trial worked; null if the cycle has not ended.
    pub closed: Option<bool>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FindingSummary {
    /// `serious`, `caution`, `good`, `to know`.
    pub severity: String,
    pub text: String,
    pub advice: String,
    pub evidence: Vec<String>,
}

/// One part of the operator's prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PredictionSummary {
    pub predicted: String,
    pub happened: String,
    /// Null if it was not observed.
    pub right: Option<bool>,
}

/// One step of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepSummary {
    /// `hypothesis before`, `method`, `hypothesis after`, `rollbacks`.
    pub section: String,
    pub name: String,
    pub label: String,
    /// `succeeded`, `failed`, `out of tolerance`, `skipped`, `cut short`, `not played` and so on.
    pub outcome: String,
    pub result: String,
    pub seconds: Option<f64>,
}

/// A note of the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NoteSummary {
    /// Since T0, or since the first event if nothing was fired.
    pub seconds: f64,
    pub text: String,
}

impl Summary {
    /// Renders it as JSON, with a line end.
    pub(crate) fn to_json(&self) -> String {
        // The types hold nothing that JSON cannot; an empty text would show at once.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        compact_numbers(&escape_json(&text)) + "\n"
    }
}

/// Puts lists of numbers on one line: ten thousand waiting times would be as many lines.
fn compact_numbers(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut lines = json.lines().peekable();
    while let Some(line) = lines.next() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
        let numbers = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if !line.ends_with('[') || lines.peek().is_none_or(|next| !numbers(next)) {
            continue;
        }
        for line in lines.by_ref() {
            let number = line.trim_start();
            if let Some(rest) = number.strip_prefix(']') {
                out.push(']');
                out.push_str(rest);
                break;
            }
            out.push_str(number);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::compact_numbers;

    #[test]
    fn lists_of_numbers_take_one_line() {
        let value = serde_json::json!({"a": [1.5, 2], "b": [], "c": ["x"], "d": {"e": [3]}});
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let compact = compact_numbers(&pretty);
        assert!(compact.contains("\"a\": [1.5,2],") && compact.contains("\"e\": [3]"), "{compact}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&compact).unwrap(), value);
    }
}
