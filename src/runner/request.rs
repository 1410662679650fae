//! The request to run an experiment.

use super::{Compat, Consent, Controls, FireGate, HypothesisStrategy, RollbackStrategy, ShownTargets};
use crate::{
    experiment::{Experiment, Secrets},
    provider::RunListener,
    session::event::RunStatus,
};
use pyvalue::Map;
use std::{str::FromStr, sync::Arc};

/// One run of an experiment.
#[derive(Clone)]
pub(crate) struct RunRequest {
    pub experiment: Arc<Experiment>,
    pub options: RunOptions,
    /// The resolved configuration, dynamic entries included.
    pub configuration: Map,
    /// The resolved secrets. Their texts are masked in every event.
    pub secrets: Secrets,
    /// How steps are started.
    pub pace: Pacing,
    /// Python controls, if any.
    pub controls: Controls,
    /// What listens to the run in Python, if there is one.
    pub listener: Option<Arc<dyn RunListener>>,
    /// What the target cards showed of the steps before a fire.
    pub shown: ShownTargets,
    /// What is done right before each destructive activity, if anything.
    pub gate: Option<Arc<dyn FireGate>>,
}

impl RunRequest {
    /// A run that is stepped through, without configuration, secrets, controls and a gate.
    pub(crate) fn stepped(experiment: Experiment) -> Self {
        Self {
            experiment: Arc::new(experiment),
            options: RunOptions::default(),
            configuration: Map::default(),
            secrets: Secrets::default(),
            pace: Pacing::Step,
            controls: Controls::default(),
            listener: None,
            shown: ShownTargets::default(),
            gate: None,
        }
    }
}

/// The options of the command line, the experiment and the settings, with precedence applied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunOptions {
    pub hypothesis: HypothesisStrategy,
    pub rollbacks: RollbackStrategy,
    /// Seconds between two passes of a continuous hypothesis; zero and less do not wait.
    pub frequency: f64,
    /// Whether the first continuous pass that is not met ends the method.
    pub fail_fast: bool,
    /// The dry mode, if any.
    pub dry: Option<Dry>,
    /// How far the run follows the reference where that may harm.
    pub compat: Compat,
    /// Whether only the rollbacks are played, to undo what another run left on.
    pub only_rollbacks: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            hypothesis: HypothesisStrategy::Default,
            rollbacks: RollbackStrategy::Default,
            frequency: 1.0,
            fail_fast: false,
            dry: None,
            compat: Compat::default(),
            only_rollbacks: false,
        }
    }
}

/// How steps are started.
#[derive(Clone, Debug)]
pub(crate) enum Pacing {
    /// The operator starts each step; destructive steps need a fire.
    Step,
    /// Every step runs automatically, destructive ones included.
    Auto(Consent),
}

/// Dry modes (experiment-format 8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dry {
    Probes,
    Actions,
    /// No activity is called.
    Activities,
    /// Everything is called, no pause is slept.
    Pause,
}

impl Dry {
    /// Returns the name used on the command line and in the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Dry::Probes => "probes",
            Dry::Actions => "actions",
            Dry::Activities => "activities",
            Dry::Pause => "pause",
        }
    }

    /// Whether tolerances count as met without being evaluated.
    pub(super) fn skips_tolerances(self) -> bool {
        matches!(self, Dry::Probes | Dry::Activities)
    }
}

impl FromStr for Dry {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let modes = [Dry::Probes, Dry::Actions, Dry::Activities, Dry::Pause];
        modes.into_iter().find(|mode| mode.name() == name).ok_or_else(|| format!("'{name}' is no dry mode"))
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunEnd {
    /// The journal's status.
    pub status: RunStatus,
    /// Whether the system deviated from its steady state.
    pub deviated: bool,
    /// Whether the run ended as the reference would crash, so that no journal is written.
    pub crashed: bool,
    /// Whether a rollback failed and that counts (docs/differences.md).
    pub unrolled: bool,
}

impl RunEnd {
    /// Whether `chaos run` exits with 0 (experiment-format 12.2), and no rollback failed.
    pub(crate) fn succeeded(&self) -> bool {
        self.status == RunStatus::Completed && !self.deviated && !self.crashed && !self.unrolled
    }
}
