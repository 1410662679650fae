//! The way back to safety after the end of a run.

use super::Session;
use crate::session::event::{Level, Timestamp};

/// The way back to safety: begun when the run ended and left something to recover from.
#[derive(Clone, Debug, PartialEq)]
pub struct Safety {
    /// Since when: the moment the run was told to end, or ended by itself.
    pub since: Timestamp,
    /// What the hypothesis said when it was asked again, the latest time.
    pub asked: Option<Asked>,
    /// What stands.
    pub done: Option<Asked>,
    /// When the steady state was met after all, once the word that stands had been that it is not.
    pub late: Option<Timestamp>,
}

/// What the hypothesis said, asked again.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// When.
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
        let asked = Asked { at, met, wrong: wrong.to_vec() };
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
            self.log.say(at, level, "safety", &text);
            self.conclude(at);
        }
    }

    /// The verdict about the run stands from here on.
    pub(super) fn conclude(&mut self, at: Timestamp) {
        if self.run.ended.is_some() && !self.recovering() {
            self.concluded = Some(self.conclusion_so_far(at));
        }
    }
}
