//! The whole state and its phase.

use super::{
    Annotations, Breaker, Cluster, Fault, Gaps, GuardState, Log, RefusedFire, Run, Safety, SecondSlots,
    Steps, UndoState, Users,
};
use crate::session::event::{Prediction, PreflightCheck, StepRef, TargetCard, Timestamp};
use std::sync::Arc;

/// Everything known of a session. Made by [`Session::apply`] alone, read by whatever shows or saves.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Which file, which cluster.
    pub meta: Meta,
    /// How the session is being prepared, until it is open.
    pub opening: Opening,
    /// The preflight's lines, in the order they were found.
    pub checks: Vec<PreflightCheck>,
    /// The plan with the state of each step.
    pub steps: Steps,
    /// The run as a whole: strategies, hypothesis passes, status.
    pub run: Run,
    /// What firing the step under the cursor would do, as last looked up.
    pub target: Option<TargetCard>,
    /// The fault, once a destructive step was fired and not refused.
    pub fault: Option<Fault>,
    /// The fires that were refused, or changed nothing.
    pub refusals: Vec<RefusedFire>,
    /// The way back to safety after the end of the run, if there is one to go.
    pub safety: Option<Safety>,
    /// The state as it was when everything of the run was over, and when that was: the verdict about the run is read from it,
    /// and what comes later does not change it.
    pub concluded: Option<(Timestamp, Arc<Session>)>,
    /// What ends the session by itself, and whether it did.
    pub guards: GuardState,
    /// What the operator expected before the fire.
    pub prediction: Option<Prediction>,
    /// What was saved before a fire, and whether it was put back.
    pub undo: UndoState,
    /// What users get, by probed endpoint.
    pub users: Users,
    /// Pods, Services, workloads and what Kubernetes says about them.
    pub cluster: Cluster,
    /// The circuit breaker: belief, sources, cycles.
    pub breaker: Breaker,
    /// The shared time axis: one second a cell, zero at the kill.
    pub axis: SecondSlots,
    /// Lines for the log pane.
    pub log: Log,
    /// Notes, marks and captions.
    pub diary: Annotations,
    /// Stretches in which this program itself did not run.
    pub gaps: Gaps,
    /// Moment of the latest event.
    pub last: Option<Timestamp>,
    /// Events applied so far.
    pub events: u64,
}

/// How a session is being prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// What was done so far and when that began; the last one is what is done now.
    pub tasks: Vec<(Timestamp, String)>,
    /// Whether the operator is asked for the sandbox.
    pub offered: bool,
}

/// Which file, which cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Path or URL of the experiment.
    pub source: String,
    /// Title of the experiment; substituted once the run began.
    pub title: String,
    /// Context name, if a cluster is in play.
    pub context: Option<String>,
    pub namespace: String,
    /// Whether the context is on the allow-list.
    pub allowed: bool,
    pub opened: Option<Timestamp>,
}

impl Session {
    /// Whether firing the step needs no typed name, which is up to the cluster that its card names; none without a card.
    pub fn fires_freely(&self, step: StepRef) -> Option<bool> {
        let card = self.target.as_ref().filter(|card| card.step == step)?;
        Some(card.place.as_ref().map_or(self.meta.allowed, |place| place.allowed))
    }

    /// A session of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it is still being prepared: what is not known yet is shown as such.
    pub fn is_opening(&self) -> bool {
        self.meta.opened.is_none() && !self.opening.tasks.is_empty()
    }

    /// T0, the moment of the first fire.
    pub fn t0(&self) -> Option<Timestamp> {
        self.fault.as_ref().map(Fault::t0)
    }

    /// Seconds from T0 to `at`, negative before; `None` before anything was fired.
    pub fn since_t0(&self, at: Timestamp) -> Option<f64> {
        self.t0().map(|t0| at.duration_since(t0).as_secs_f64())
    }
}
