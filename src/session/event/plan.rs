//! The experiment laid out as steps.

use crate::experiment::{ActivityKind, ProviderKind};
use serde::{Deserialize, Serialize};

/// A part of the experiment that holds steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The hypothesis, checked before the method.
    Before,
    Method,
    /// The hypothesis, checked while the method runs.
    During,
    /// The hypothesis, checked after the method.
    After,
    Rollbacks,
}

/// A step's address; re-runs do not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepRef {
    pub section: Section,
    /// The index of the entry in its section, from 0.
    pub index: usize,
}

/// The whole experiment in the order in which the operator steps through it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub title: String,
    /// Title of the hypothesis, if there is one.
    pub hypothesis: Option<String>,
    /// In order of execution: before, method, after, rollbacks. `During` repeats `Before` and is not listed.
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub at: StepRef,
    pub name: String,
    /// Probe or action.
    pub kind: ActivityKind,
    pub provider: ProviderKind,
    /// `http GET /invoke`, `k8s terminate_pods`, `gremlin shutdown`, `process true`.
    pub label: String,
    /// Whether it was declared as a `ref`.
    pub reference: bool,
    pub background: bool,
    /// Whether it needs the operator's fire.
    pub destructive: bool,
    /// Whether the step is not really executed, because of its own `dry` key or the run's dry mode.
    #[serde(default)]
    pub pretended: bool,
    /// Seconds of pause before the step, as far as known without running it.
    pub pause_before: Option<f64>,
    /// Seconds of pause after the step.
    pub pause_after: Option<f64>,
    /// The longest time that the step may take, in seconds, where its provider has a limit.
    pub limit: Option<f64>,
    /// The tolerance in a few words, for hypothesis probes.
    pub tolerance: Option<String>,
}
