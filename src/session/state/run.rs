//! The run as a whole.

use crate::session::event::{HypothesisPhase, RunStatus, Timestamp};

/// The run as a whole: strategies, hypothesis passes, status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Printed name of the hypothesis strategy.
    pub hypothesis_strategy: String,
    /// Printed name of the rollback strategy.
    pub rollback_strategy: String,
    /// Dry mode, if any.
    pub dry: Option<String>,
    /// The hypothesis pass that is running.
    pub checking: Option<HypothesisPhase>,
    /// The pass before the method.
    pub before: Option<FinishedPass>,
    /// The passes while the method runs.
    pub during: ContinuousPasses,
    /// The pass after the method.
    pub after: Option<FinishedPass>,
    /// Whether the rollbacks are running.
    pub rolling_back: bool,
    /// Why the run ended early: a signal, a control, the operator.
    pub interrupted: Option<String>,
    pub ended_early_at: Option<Timestamp>,
    /// The unexpected error that ended the run.
    pub aborted: Option<String>,
    pub status: Option<RunStatus>,
    /// Whether the system deviated from its steady state.
    pub deviated: bool,
    pub journal: Option<String>,
}

/// One finished pass of the hypothesis.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedPass {
    pub at: Timestamp,
    /// Whether every probe was in tolerance.
    pub met: bool,
    /// The probe that was out of tolerance.
    pub deviating: Option<String>,
    /// Probes that the operator skipped; a pass with skipped probes does not count as met.
    pub skipped: usize,
}

/// The passes of a continuous hypothesis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContinuousPasses {
    /// Seconds between passes, while the hypothesis is continuous.
    pub frequency: Option<f64>,
    pub passes: u32,
    /// Passes that were not met.
    pub failed: u32,
    /// The latest pass.
    pub last: Option<FinishedPass>,
}

impl Run {
    /// Returns whether any pass of the hypothesis has started.
    pub fn hypothesis_began(&self) -> bool {
        self.checking.is_some() || self.before.is_some() || self.during.passes > 0
    }

    /// Returns the status that the journal would have if the run ended now.
    pub fn status_so_far(&self) -> RunStatus {
        let deviated =
            |pass: &Option<FinishedPass>| pass.as_ref().is_some_and(|pass| !pass.met && pass.skipped == 0);
        match self.status {
            Some(status) => status,
            None if self.aborted.is_some() => RunStatus::Aborted,
            None if self.interrupted.is_some() => RunStatus::Interrupted,
            None if deviated(&self.before) || deviated(&self.after) || deviated(&self.during.last) => {
                RunStatus::Failed
            }
            None => RunStatus::Completed,
        }
    }

    /// Records that the run ends early.
    pub(super) fn end_early(&mut self, at: Timestamp, reason: &str) {
        self.interrupted = Some(reason.to_owned());
        self.ended_early_at.get_or_insert(at);
    }

    pub(super) fn start(&mut self, at: Timestamp, hypothesis: &str, rollbacks: &str, dry: Option<&str>) {
        self.started = Some(at);
        hypothesis.clone_into(&mut self.hypothesis_strategy);
        rollbacks.clone_into(&mut self.rollback_strategy);
        self.dry = dry.map(str::to_owned);
    }

    pub(super) fn end(&mut self, at: Timestamp, status: RunStatus, deviated: bool) {
        self.ended = Some(at);
        self.checking = None;
        self.rolling_back = false;
        self.status = Some(status);
        self.deviated = deviated;
    }

    pub(super) fn pass_ended(
        &mut self,
        at: Timestamp,
        phase: HypothesisPhase,
        met: bool,
        deviating: Option<String>,
        skipped: usize,
    ) {
        // A pass with skipped probes is not met.
        let pass = FinishedPass { at, met: met && skipped == 0, deviating, skipped };
        self.checking = None;
        match phase {
            HypothesisPhase::Before => self.before = Some(pass),
            HypothesisPhase::After => self.after = Some(pass),
            HypothesisPhase::During => {
                self.during.passes += 1;
                self.during.failed += u32::from(!met);
                self.during.last = Some(pass);
            }
        }
    }
}
