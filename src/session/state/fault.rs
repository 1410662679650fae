//! The fault that the session injected.

use super::{Gaps, History};
use crate::session::event::{StepRef, Timestamp};

/// The maximum number of fires kept.
const FIRES_KEPT: usize = 64;

/// The fault, from the first fire on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The fires; the first one is T0.
    pub fires: Vec<Firing>,
    /// When what the fault removed was last back and ready.
    pub healed: Option<Timestamp>,
    /// What came back, in words.
    pub healed_by: Option<String>,
    /// Whether the fault was on, over time.
    pub on: History<bool>,
    t0: Timestamp,
}

/// One fire of a destructive step.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    pub at: Timestamp,
    pub step: StepRef,
    /// What was done, in words.
    pub what: String,
    /// The objects hit: those on the card that was shown, then the names in the step's arguments.
    pub targets: Vec<String>,
    /// Why it is unknown whether the fire changed anything, if it failed.
    pub unconfirmed: Option<String>,
}

/// A fire that was refused before it changed anything, or that had no visible effect.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedFire {
    pub firing: Firing,
    /// The reason, in words.
    pub reason: String,
    pub at: Timestamp,
}

impl Fault {
    pub(super) fn new(at: Timestamp) -> Self {
        let mut on = History::default();
        on.set(at, true);
        Self { fires: Vec::new(), healed: None, healed_by: None, on, t0: at }
    }

    pub(super) fn fire(&mut self, firing: Firing) {
        self.on.set(firing.at, true);
        self.healed = None;
        self.healed_by = None;
        if self.fires.len() < FIRES_KEPT {
            self.fires.push(firing);
        }
    }

    /// Marks the latest fire of a step as unconfirmed: it is unknown whether it changed anything.
    pub(super) fn mark_unconfirmed(&mut self, step: StepRef, reason: &str) {
        if let Some(firing) = self.fires.iter_mut().rev().find(|firing| firing.step == step) {
            firing.unconfirmed = Some(reason.to_owned());
        }
    }

    /// Removes and returns the latest fire of a step, which changed nothing.
    pub(super) fn remove_fire(&mut self, step: StepRef) -> Option<Firing> {
        let place = self.fires.iter().rposition(|firing| firing.step == step)?;
        Some(self.fires.remove(place))
    }

    /// Returns why it is unknown whether there is a fault at all, if every fire has failed.
    pub fn all_unconfirmed(&self) -> Option<&str> {
        self.fires
            .iter()
            .all(|firing| firing.unconfirmed.is_some())
            .then(|| self.fires.last()?.unconfirmed.as_deref())?
    }

    pub(super) fn heal(&mut self, at: Timestamp, what: &str) {
        self.on.set(at, false);
        self.healed = Some(at);
        self.healed_by = Some(what.to_owned());
    }

    /// Returns the moment of the first fire.
    pub fn t0(&self) -> Timestamp {
        self.t0
    }

    /// Returns whether what the fault removed is not back yet.
    pub fn is_on(&self) -> bool {
        self.healed.is_none()
    }

    /// Returns the objects hit by any fire, without duplicates, in order.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let all = || self.fires.iter().flat_map(|firing| firing.targets.iter().map(String::as_str));
        all()
            .enumerate()
            .filter(move |(i, name)| all().take(*i).all(|other| other != *name))
            .map(|(_, name)| name)
    }

    /// Returns the seconds for which the fault was on, in total.
    pub fn lasted(&self, now: Timestamp) -> f64 {
        self.while_on(now, |from, to| to.duration_since(from).as_secs_f64().max(0.0))
    }

    /// Returns how many of those seconds lie in gaps: whether the fault was still on then is unknown.
    pub fn unobserved(&self, gaps: &Gaps, now: Timestamp) -> f64 {
        self.while_on(now, |from, to| gaps.seconds_between(from, to))
    }

    /// Returns the sum of a measure over the periods in which the fault was on.
    fn while_on(&self, now: Timestamp, measure: impl Fn(Timestamp, Timestamp) -> f64) -> f64 {
        let mut on_since = None;
        let mut total = 0.0;
        for (at, on) in self.on.changes().chain(std::iter::once((now.max(self.t0), false))) {
            match (on_since, on) {
                (None, true) => on_since = Some(at),
                (Some(since), false) => {
                    total += measure(since, at);
                    on_since = None;
                }
                _ => {}
            }
        }
        total
    }
}
