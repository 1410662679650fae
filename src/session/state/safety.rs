//! The way back to safety after the end of a run.

use super::Session;
use crate::session::{
    event::{Level, Timestamp},
    wording,
};
use std::sync::Arc;

/// The way back to safety: begun when the run ended and left something to recover from.
#[derive(Clone, Debug, PartialEq)]
pub struct Safety {
    /// Since when: the moment the run was told to end, or ended by itself.
    pub since: Timestamp,
    /// What the hypothesis said when it was asked again, the latest time.
    pub asked: Option<SafetyCheck>,
    pub done: Option<SafetyCheck>,
    /// When the steady state was met after all, once the word that stands had been that it is not.
    pub late: Option<Timestamp>,
}

/// What the hypothesis said, asked again.
#[derive(Clone, Debug, PartialEq)]
pub struct SafetyCheck {
    pub at: Timestamp,
    /// Whether the steady state is met.
    pub met: bool,
    /// What is still wrong, a sentence each.
    pub wrong: Vec<String>,
}

impl Safety {
    /// Seconds from the turn to the end until the word that stands.
    pub fn took(&self) -> Option<f64> {
        self.done.as_ref().map(|done| done.at.duration_since(self.since).as_secs_f64().max(0.0))
    }
}

/// On what ground a system is called safe again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafetyBasis {
    /// The steady-state hypothesis is met.
    ByHypothesis,
    /// What the fault hit is back; there is no hypothesis.
    ByTargets,
    /// Users get real answers; there is no hypothesis, and nobody watched what the fault hit.
    ByUsers,
    /// Not at all: there is nothing to ask.
    No,
}

impl Session {
    /// Whether the run has ended, and all that followed from it.
    pub fn finished(&self) -> bool {
        self.run.ended.is_some() && !self.recovering()
    }

    /// Whether the run has ended, and the way back to safety has not.
    pub fn recovering(&self) -> bool {
        self.safety.as_ref().is_some_and(|safety| safety.done.is_none())
    }

    pub(super) fn safety_began(&mut self, at: Timestamp) {
        let since = self.run.turned.unwrap_or(at);
        self.safety = Some(Safety { since, asked: None, done: None, late: None });
        // The verdict waits for what is still to come.
        self.concluded = None;
    }

    pub(super) fn safety_checked(&mut self, at: Timestamp, met: bool, wrong: &[String], last: bool) {
        let Some(safety) = &mut self.safety else { return };
        let asked = SafetyCheck { at, met, wrong: wrong.to_vec() };
        if safety.done.is_some() {
            if met && safety.late.is_none() {
                safety.late = Some(at);
            }
            return;
        }
        safety.asked = Some(asked.clone());
        if last {
            safety.done = Some(asked);
            let text = self.safety_text();
            let level = if met { Level::Info } else { Level::Warning };
            self.log.push(at, level, "safety", &text);
            self.conclude(at);
        }
    }

    /// The verdict about the run stands from here on.
    pub(super) fn conclude(&mut self, at: Timestamp) {
        if self.run.ended.is_some() && !self.recovering() {
            self.concluded = Some((at, Arc::new(self.clone())));
        }
    }

    /// On what ground it can be said that the system is safe again, where nothing is wrong that anybody saw.
    pub fn safety_known(&self) -> SafetyBasis {
        let healed = self.fault.as_ref().is_some_and(|fault| fault.healed.is_some());
        let users = self.users.endpoints.iter().any(|endpoint| endpoint.watched && endpoint.shape.is_some());
        match self.steps.hypothesis {
            Some(_) => SafetyBasis::ByHypothesis,
            None if healed => SafetyBasis::ByTargets,
            None if users => SafetyBasis::ByUsers,
            None => SafetyBasis::No,
        }
    }

    /// What the way back to safety came to, or where it stands.
    pub fn safety_text(&self) -> String {
        let Some(safety) = &self.safety else { return String::new() };
        match (&safety.done, &safety.asked) {
            (Some(done), _) if done.met => {
                let took = wording::seconds(safety.took().unwrap_or(0.0));
                let unlearned =
                    if self.users.unlearned() { "; whether users are well is not known" } else { "" };
                let without = "the file has no hypothesis to ask";
                match self.safety_known() {
                    SafetyBasis::ByHypothesis => {
                        format!("SAFE: steady state met again after {took}{unlearned}")
                    }
                    SafetyBasis::ByTargets => {
                        format!("what was hit is back after {took}{unlearned}; {without}")
                    }
                    SafetyBasis::ByUsers => format!("users are well after {took}; {without}"),
                    SafetyBasis::No => {
                        format!("NOT KNOWN whether it is safe: {without}, and nobody saw what was hit")
                    }
                }
            }
            (Some(done), _) => format!("NOT SAFE: {}", done.wrong.join("; ")),
            (None, Some(asked)) if !asked.wrong.is_empty() => {
                format!("still wrong: {}", asked.wrong.join("; "))
            }
            (None, _) => "waiting for what was hit to be back".to_owned(),
        }
    }
}
