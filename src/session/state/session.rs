//! The whole state and its phase.

use super::{
    Annotations, Breaker, Cluster, Fault, Gaps, GuardState, Guardian, Log, RefusedFire, Run, Safety,
    SecondSlots, Steps, UndoState, Users,
};
use crate::session::event::{
    EarlierSession, OtherOperator, Prediction, PreflightCheck, RecordState, StepRef, TargetCard, Timestamp,
};
use std::sync::Arc;

/// Everything that is known about a session. Changed by [`Session::apply`] alone, read by everything that shows or
/// saves it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The experiment's file and the cluster.
    pub meta: Meta,
    /// The preparation of the session, until it is open.
    pub opening: Opening,
    /// The results of the preflight, in the order they were found.
    pub checks: Vec<PreflightCheck>,
    /// The plan with the state of each step.
    pub steps: Steps,
    /// The run as a whole: strategies, hypothesis passes, status.
    pub run: Run,
    /// What firing the step under the cursor would do, as last looked up.
    pub target: Option<TargetCard>,
    /// The fault, once a destructive step was fired and not refused.
    pub fault: Option<Fault>,
    /// Fires that were refused, or changed nothing.
    pub refusals: Vec<RefusedFire>,
    /// The recovery after the end of the run, if there is something to recover from.
    pub safety: Option<Safety>,
    /// The state when the run and its recovery had ended, and when that was: the verdict about the run is read from it,
    /// so that later events do not change the verdict.
    pub concluded: Option<(Timestamp, Arc<Session>)>,
    /// The limits of the guards, and the guard that ended the run.
    pub guards: GuardState,
    /// The process that undoes the fault when this session does not.
    pub guardian: Guardian,
    /// The operator's prediction before the fire.
    pub prediction: Option<Prediction>,
    /// What was saved before a fire, and whether it was restored.
    pub undo: UndoState,
    /// What users get, by probed endpoint.
    pub users: Users,
    /// Pods, Services, workloads and the Kubernetes events about them.
    pub cluster: Cluster,
    /// The circuit breaker: belief, sources, cycles.
    pub breaker: Breaker,
    /// The shared time axis: one slot per second, zero at T0.
    pub axis: SecondSlots,
    /// Lines for the log pane.
    pub log: Log,
    /// Other sessions with a fault on at this target.
    pub others: Vec<OtherOperator>,
    /// Notes, marks and captions.
    pub annotations: Annotations,
    /// Periods in which this program did not run.
    pub gaps: Gaps,
    /// The moment of the latest event.
    pub last: Option<Timestamp>,
    /// Events applied so far.
    pub events: u64,
}

/// The preparation of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The tasks so far and when each began; the last one is the current task.
    pub tasks: Vec<(Timestamp, String)>,
    /// Whether the operator is asked whether to start the sandbox.
    pub offered: bool,
}

/// The experiment's file and the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Path or URL of the experiment.
    pub source: String,
    /// Title of the experiment; substituted once the run has started.
    pub title: String,
    /// Context name, if a cluster is in play.
    pub context: Option<String>,
    pub namespace: String,
    /// Whether the context is on the allow-list.
    pub allowed: bool,
    pub opened: Option<Timestamp>,
    /// Whether the session is on record; `None` until that is known.
    pub record: Option<RecordState>,
    /// Earlier sessions that left something on.
    pub earlier: Vec<EarlierSession>,
    /// Why the recording ended before the session, if it did.
    pub recording_stopped: Option<String>,
}

impl Session {
    /// Returns whether firing the step needs no typed name, which depends on the cluster on its card; `None` without a
    /// card.
    pub fn fires_without_typed_name(&self, step: StepRef) -> Option<bool> {
        let card = self.target.as_ref().filter(|card| card.step == step)?;
        Some(card.place.as_ref().map_or(self.meta.allowed, |place| place.allowed))
    }

    /// Creates a session of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the session is still being prepared; unknown details are then shown as such.
    pub fn is_opening(&self) -> bool {
        self.meta.opened.is_none() && !self.opening.tasks.is_empty()
    }

    /// Returns T0, the moment of the first fire.
    pub fn t0(&self) -> Option<Timestamp> {
        self.fault.as_ref().map(Fault::t0)
    }

    /// Returns the seconds from T0 to `at`, negative before T0; `None` before anything was fired.
    pub fn since_t0(&self, at: Timestamp) -> Option<f64> {
        self.t0().map(|t0| at.duration_since(t0).as_secs_f64())
    }
}
