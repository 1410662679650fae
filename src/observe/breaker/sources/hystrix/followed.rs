//! Tracks one breaker from record to record.

use super::{
    super::state_words,
    record::{Flag, Library, Record},
};
use crate::session::event::{
    BreakerCounts,
    BreakerState::{self, Closed, Disabled, ForcedOpen, HalfOpen, Mixed, Open},
    NamedBreaker, SourceClaim, Timestamp, Transition,
};
use jiff::SignedDuration;
use std::collections::VecDeque;

/// The maximum number of transitions kept of one breaker.
const TRANSITIONS: usize = 32;

/// The tracked state of one breaker.
pub(super) struct FollowedBreaker {
    pub(super) record: Record,
    /// When the latest record arrived that was not history.
    pub(super) heard: Option<Timestamp>,
    /// Since when its flag is up, and whether the change to up was observed.
    up: Option<(Timestamp, bool)>,
    /// When its last trial failed, since the flag went up.
    tried: Option<Timestamp>,
    /// Since when a trial runs.
    trial: Option<Timestamp>,
    /// The calls rejected since the first record, and those counted in it.
    rejected: u64,
    /// Its counts when it tripped: they drain while it is open, which is no recovery.
    tripped: Option<BreakerCounts>,
    transitions: VecDeque<Transition>,
}

impl FollowedBreaker {
    pub(super) fn new(record: Record, heard: Option<Timestamp>) -> Self {
        let up = (record.flag == Flag::Up).then_some((record.at, false));
        Self {
            rejected: record.rejected,
            tripped: up.map(|_| record.counts),
            record,
            heard,
            up,
            tried: None,
            trial: None,
            transitions: VecDeque::new(),
        }
    }

    fn moved(&mut self, at: Timestamp, from: BreakerState, to: BreakerState) {
        if self.transitions.len() == TRANSITIONS {
            self.transitions.pop_front();
        }
        self.transitions.push_back(Transition { at, from, to });
    }

    pub(super) fn take(&mut self, record: Record, heard: Option<Timestamp>) {
        self.heard = heard.or(self.heard);
        // Records that arrive out of order are dropped.
        if record.at < self.record.at {
            return;
        }
        self.rejected = self.rejected.saturating_add(record.rejected.saturating_sub(self.record.rejected));
        match (self.up, record.flag) {
            (None, Flag::Up) => {
                self.up = Some((record.at, self.record.flag == Flag::Down));
                let before = self.record.counts;
                let higher = before.failure_percent > record.counts.failure_percent;
                self.tripped = Some(if higher { before } else { record.counts });
                if self.record.flag == Flag::Down {
                    self.moved(record.at, Closed, Open);
                }
            }
            (Some(_), Flag::Down) => {
                let from = if self.trial.is_some() { HalfOpen } else { Open };
                if record.speaker != Library::Vertx {
                    self.moved(record.at, from, Closed);
                }
                (self.up, self.tried, self.trial, self.tripped) = (None, None, None, None);
            }
            (Some(_), Flag::Up) => self.watch_for_trials(&record),
            (Some(_), Flag::Both) => {
                (self.up, self.tried, self.trial, self.tripped) = (None, None, None, None);
            }
            (None, Flag::Down | Flag::Both) => {}
        }
        self.record = record;
    }

    /// When its sleep window ends.
    fn due(&self) -> Option<Timestamp> {
        let (rose, _) = self.up?;
        let from = self.tried.unwrap_or(rose);
        from.checked_add(SignedDuration::from_secs_f64(self.record.sleep_s?.min(86_400.0))).ok()
    }

    fn watch_for_trials(&mut self, record: &Record) {
        let Some(due) = self.due().filter(|due| *due <= record.at) else { return };
        let tried = record.tried_since(&self.record);
        match record.speaker {
            Library::Opossum => {
                // opossum's half-open begins by its timer, without a call.
                if self.trial.is_none() {
                    self.trial = Some(due);
                    self.moved(due, Open, HalfOpen);
                }
                if tried {
                    self.trial_failed(record.at);
                }
            }
            Library::Hystrix => match self.trial {
                Some(_) if record.running == 0 => self.trial_failed(record.at),
                Some(_) => {}
                None if record.running > 0 => {
                    self.trial = Some(record.at);
                    self.moved(record.at, Open, HalfOpen);
                }
                // The trial began and failed between two records.
                None if tried => {
                    self.moved(record.at, Open, HalfOpen);
                    self.trial_failed(record.at);
                }
                None => {}
            },
            Library::Brakes | Library::Vertx => {}
        }
    }

    fn trial_failed(&mut self, at: Timestamp) {
        self.moved(at, HalfOpen, Open);
        (self.trial, self.tried) = (None, Some(at));
    }

    /// The claim, whether it is derived, and its text.
    fn says(&self) -> (SourceClaim, bool, String) {
        let record = &self.record;
        let seen = self.up.is_some_and(|(_, seen)| seen) || self.tried.is_some();
        let said = |state: BreakerState, derived: bool, why: &str| {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            (SourceClaim::State(state), derived, format!("{}{why}", state_words::word(state)))
        };
        match (record.flag, record.speaker) {
            (Flag::Both, _) => said(Mixed, false, "its hosts differ"),
            _ if record.forced_open => said(ForcedOpen, false, ""),
            _ if record.off => said(Disabled, false, "nothing protects these calls"),
            (Flag::Down, Library::Vertx) => (SourceClaim::Not(Open), false, "not open".to_owned()),
            (Flag::Down, _) => said(Closed, false, ""),
            (Flag::Up, Library::Brakes | Library::Vertx) => said(Open, false, ""),
            (Flag::Up, _) if self.trial.is_some() => said(HalfOpen, true, "derived: a trial runs"),
            (Flag::Up, Library::Opossum) if seen => {
                said(Open, true, "not closed, and its sleep window is not over")
            }
            (Flag::Up, Library::Opossum) => (SourceClaim::Not(Closed), false, "not closed".to_owned()),
            // The opening was not observed and a call is in flight: open, or half-open.
            (Flag::Up, Library::Hystrix) if !seen && record.running > 0 => {
                (SourceClaim::Not(Closed), false, "not closed".to_owned())
            }
            (Flag::Up, Library::Hystrix) => said(Open, false, ""),
        }
    }

    pub(super) fn emit(&self, name: String) -> NamedBreaker {
        let (says, derived, words) = self.says();
        let seen = self.up.is_some_and(|(_, seen)| seen) || self.tried.is_some();
        let waits = says == SourceClaim::State(Open) && seen;
        NamedBreaker {
            derived,
            counts: Some(self.tripped.unwrap_or(self.record.counts)),
            rejected: Some(self.rejected),
            fallback_ratio: self.record.fallback_ratio(),
            sleep_window_s: self.record.sleep_s,
            next_trial: self.due().filter(|_| waits),
            transitions: self.transitions.iter().copied().collect(),
            ..NamedBreaker::new(name.clone(), says, format!("{name} = {words}"))
        }
    }
}
