//! Event types about the run.

use serde::{Deserialize, Serialize};

/// The identity of one call of an activity; calls are numbered from 0 in order of their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(pub u64);

/// Which pass of the hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HypothesisPhase {
    Before,
    /// A continuous pass.
    During,
    After,
}

/// Which pause of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseSide {
    /// Before the provider is called.
    Before,
    After,
}

/// The journal's final status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Executed to its end.
    Completed,
    /// A hypothesis probe failed, or fail-fast ended the run.
    Failed,
    /// An unexpected error ended the run.
    Aborted,
    /// Stopped early by a signal, a control or the operator.
    Interrupted,
}

/// How a call of an activity ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityOutcome {
    /// `Some(true)` succeeded, `Some(false)` failed, `None` interrupted or broken (the journal then has no status).
    pub succeeded: Option<bool>,
    /// The result for probes with a tolerance. The journal contains it for hypothesis probes only.
    pub tolerance_met: Option<bool>,
    /// For actions: why the action did not do its work although the call succeeded: `exit code 1`, `HTTP 500`.
    #[serde(default)]
    pub trouble: Option<String>,
    /// The output or the error in a few words, for the step line and the console.
    pub summary: String,
    /// Provider time in seconds, pauses excluded.
    pub seconds: f64,
}
