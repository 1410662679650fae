//! The recovery after the end of a run, until the steady state is met again.

use super::Session;
use crate::session::{
    event::{Level, Timestamp},
    wording,
};
use std::sync::Arc;

/// The recovery after the run: starts when the run has ended and left something to recover from.
#[derive(Clone, Debug, PartialEq)]
pub struct Safety {
    /// The moment at which the run was told to end, or ended by itself.
    pub since: Timestamp,
    /// The latest check of the hypothesis after the run.
    pub latest: Option<SafetyCheck>,
    pub final_check: Option<SafetyCheck>,
    /// When the steady state was met after all, once the final check had found that it was not.
    pub met_late_at: Option<Timestamp>,
}

/// One check of the hypothesis after the run.
#[derive(Clone, Debug, PartialEq)]
pub struct SafetyCheck {
    pub at: Timestamp,
    /// Whether the steady state is met.
    pub met: bool,
    /// What is still wrong, one sentence each.
    pub wrong: Vec<String>,
}

impl Safety {
    /// Returns the seconds from the end of the run to the final check.
    pub fn took(&self) -> Option<f64> {
        self.final_check.as_ref().map(|done| done.at.duration_since(self.since).as_secs_f64().max(0.0))
    }
}

/// The basis on which a system is called safe again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafetyBasis {
    /// The steady-state hypothesis is met.
    ByHypothesis,
    /// The targets of the fault are back; there is no hypothesis.
    ByTargets,
    /// Users get real answers; there is no hypothesis, and the targets of the fault were not watched.
    ByUsers,
    /// There is no basis, because there is nothing to check.
    Unknown,
}

impl Session {
    /// Returns whether the run has ended and the recovery, if any, is complete.
    pub fn finished(&self) -> bool {
        self.run.ended.is_some() && !self.recovering()
    }

    /// Returns whether a recovery follows the run and has not ended.
    pub fn recovering(&self) -> bool {
        self.safety.as_ref().is_some_and(|safety| safety.final_check.is_none())
    }

    pub(super) fn safety_began(&mut self, at: Timestamp) {
        let since = self.run.ended_early_at.unwrap_or(at);
        self.safety = Some(Safety { since, latest: None, final_check: None, met_late_at: None });
        // The verdict is postponed until the recovery is complete.
        self.concluded = None;
    }

    pub(super) fn safety_checked(&mut self, at: Timestamp, met: bool, wrong: &[String], last: bool) {
        let Some(safety) = &mut self.safety else { return };
        let asked = SafetyCheck { at, met, wrong: wrong.to_vec() };
        if safety.final_check.is_some() {
            if met && safety.met_late_at.is_none() {
                safety.met_late_at = Some(at);
            }
            return;
        }
        safety.latest = Some(asked.clone());
        if last {
            safety.final_check = Some(asked);
            let text = self.safety_text();
            let level = if met { Level::Info } else { Level::Warning };
            self.log.push(at, level, "safety", &text);
            self.conclude(at);
        }
    }

    /// Freezes the state from which the verdict about the run is read, once the run and the recovery have ended.
    pub(super) fn conclude(&mut self, at: Timestamp) {
        if self.run.ended.is_some() && !self.recovering() {
            self.concluded = Some((at, Arc::new(self.clone())));
        }
    }

    /// Returns the basis on which the system can be called safe again, if no check found anything wrong.
    pub fn safety_basis(&self) -> SafetyBasis {
        let healed = self.fault.as_ref().is_some_and(|fault| fault.healed.is_some());
        let users = self.users.endpoints.iter().any(|endpoint| endpoint.watched && endpoint.shape.is_some());
        match self.steps.hypothesis {
            Some(_) => SafetyBasis::ByHypothesis,
            None if healed => SafetyBasis::ByTargets,
            None if users => SafetyBasis::ByUsers,
            None => SafetyBasis::Unknown,
        }
    }

    /// Describes the result of the recovery, or its present state.
    pub fn safety_text(&self) -> String {
        let Some(safety) = &self.safety else { return String::new() };
        match (&safety.final_check, &safety.latest) {
            (Some(done), _) if done.met => {
                let took = wording::seconds(safety.took().unwrap_or(0.0));
                let unlearned =
                    if self.users.has_unlearned_endpoint() { "; user impact is unknown" } else { "" };
                let without = "the experiment has no steady-state hypothesis to check";
                match self.safety_basis() {
                    SafetyBasis::ByHypothesis => {
                        format!("SAFE: steady state met again after {took}{unlearned}")
                    }
                    SafetyBasis::ByTargets => {
                        format!("targets are ready again after {took}{unlearned}; {without}")
                    }
                    SafetyBasis::ByUsers => format!("users get real answers again after {took}; {without}"),
                    SafetyBasis::Unknown => {
                        format!("UNKNOWN whether it is safe: {without}, and the targets were not observed")
                    }
                }
            }
            (Some(done), _) => format!("NOT SAFE: {}", done.wrong.join("; ")),
            (None, Some(asked)) if !asked.wrong.is_empty() => {
                format!("still wrong: {}", asked.wrong.join("; "))
            }
            (None, _) => "waiting for the targets to be ready again".to_owned(),
        }
    }
}
