//! The circuit breaker between the consumer and the provider, as far as sources report it.

use super::History;
use crate::session::event::{
    Belief, BreakerState, Confidence, SourceClaim, SourceKind, SourceReport, Timestamp, Transition,
};
use std::collections::VecDeque;

/// The maximum number of cycles kept.
const CYCLES: usize = 64;
/// The maximum number of sources whose reports are kept.
const STATEMENTS: usize = 64;
/// Seconds up to which a trial is brief.
const BRIEF_S: f64 = 1.0;
/// Seconds after which a silent source is forgotten.
const FORGOTTEN_S: f64 = 60.0;
/// The maximum number of replicas whose states are kept.
const REPLICAS: usize = 16;
/// The maximum number of missed trials kept.
const MISSED: usize = 256;

/// The belief about the breaker, the sources' reports, and what was observed so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Breaker {
    /// The current belief; `None` until something was observed.
    pub belief: Option<Belief>,
    /// The latest report of each source.
    pub reports: Vec<LatestReport>,
    /// Cycles from an opening to the next closing or reopening, oldest first.
    pub cycles: VecDeque<Cycle>,
    /// Openings that a restart or an operator ended rather than a trial, and those whose end is unknown: these are no
    /// cycles.
    pub interrupted: VecDeque<Timestamp>,
    /// The believed states over time, each as it was believed then: nothing is corrected in retrospect.
    pub states: History<(BreakerState, Confidence)>,
    /// The believed states of each replica over time, by the end of its pod's name, as far as replicas are
    /// distinguished.
    pub replicas: Vec<(String, History<BreakerState>)>,
    /// Trials that were over before they were observed: a source dates them, or they showed later. The lane marks them.
    pub missed: VecDeque<Timestamp>,
    /// When its process last restarted.
    pub restarted: Option<Timestamp>,
    /// Whether the health page failed, over time.
    pub health_failing: History<bool>,
    /// The HTTP status of the health page over time; `None` where there was none.
    pub health_status: History<Option<u16>>,
}

/// The latest report of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct LatestReport {
    /// When the source last reported.
    pub at: Timestamp,
    /// Since when the source makes this statement.
    pub since: Timestamp,
    pub report: SourceReport,
}

impl LatestReport {
    /// Returns the seconds since the source last reported.
    pub fn age(&self, now: Timestamp) -> f64 {
        now.duration_since(self.at).as_secs_f64().max(0.0)
    }
}

/// One opening of the breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cycle {
    pub opened: Timestamp,
    /// When trial calls were let through.
    pub trial: Option<Timestamp>,
    pub ended: Option<(Timestamp, CycleEnd)>,
}

/// How an opening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CycleEnd {
    /// The trial succeeded: the breaker closed.
    Worked,
    /// The trial failed: the breaker opened again.
    Failed,
}

/// The breaker's settings as measured from its behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeasuredSettings {
    /// Seconds from T0 to the first opening.
    pub trip_s: Option<f64>,
    /// Shortest and longest time from an opening to its trial, in seconds.
    pub reset_s: Option<(f64, f64)>,
    /// The number of trials observed.
    pub trials: u32,
    pub failed_trials: u32,
    /// The number of openings observed.
    pub openings: u32,
}

impl Breaker {
    /// Returns the believed state; `Unknown` until something was observed.
    pub fn state(&self) -> BreakerState {
        self.belief.as_ref().map_or(BreakerState::Unknown, |belief| belief.state)
    }

    /// Returns since when calls are cut short, if they are. A trial that failed within a second does not end this
    /// period, because users do not notice it.
    pub fn cut_short_since(&self) -> Option<Timestamp> {
        let mut since = self.belief.as_ref().filter(|belief| belief.state == BreakerState::Open)?.since;
        for cycle in self.cycles.iter().rev() {
            let brief = |ended: Timestamp| {
                cycle.trial.is_some_and(|trial| ended.duration_since(trial).as_secs_f64() < BRIEF_S)
            };
            match cycle.ended {
                None => since = since.min(cycle.opened),
                Some((ended, CycleEnd::Failed)) if ended >= since && brief(ended) => since = cycle.opened,
                Some(_) => break,
            }
        }
        Some(since)
    }

    /// Returns since when trial calls are let through, if they are.
    pub fn trial_since(&self) -> Option<Timestamp> {
        let belief = self.belief.as_ref().filter(|belief| belief.state == BreakerState::HalfOpen)?;
        let running = self.cycles.back().filter(|cycle| cycle.ended.is_none());
        running.and_then(|cycle| cycle.trial).or(Some(belief.since))
    }

    /// Returns the breaker's settings as measured from the cycles.
    pub fn measured(&self, t0: Option<Timestamp>) -> MeasuredSettings {
        let openings = self.interrupted.iter().copied().chain(self.cycles.iter().map(|cycle| cycle.opened));
        let trip = t0.and_then(|t0| Some(openings.filter(|at| *at >= t0).min()?.duration_since(t0)));
        let mut measured = MeasuredSettings {
            openings: (self.cycles.len() + self.interrupted.len()) as u32,
            trip_s: trip.map(|trip| trip.as_secs_f64()),
            ..MeasuredSettings::default()
        };
        for cycle in &self.cycles {
            let Some(trial) = cycle.trial else { continue };
            measured.trials += 1;
            measured.failed_trials += u32::from(matches!(cycle.ended, Some((_, CycleEnd::Failed))));
            let reset = trial.duration_since(cycle.opened).as_secs_f64();
            let (shortest, longest) = measured.reset_s.unwrap_or((reset, reset));
            measured.reset_s = Some((shortest.min(reset), longest.max(reset)));
        }
        measured
    }

    /// Returns whether it is known that the breaker has not opened since a moment: it was observed all the time, or
    /// there is nothing that could open.
    pub fn never_opened(&self, since: Timestamp, now: Timestamp) -> bool {
        use BreakerState::{Closed, ClosedOrNone, Disabled, MetricsOnly, NoBreakerSeen, NotSeenYet};
        let opened = self.interrupted.iter().copied().chain(self.cycles.iter().map(|cycle| cycle.opened));
        if opened.chain(self.missed.iter().copied()).any(|at| at >= since) {
            return false;
        }
        match self.state() {
            Disabled | MetricsOnly => true,
            // A finding made while calls failed still holds when they succeed again.
            NoBreakerSeen | ClosedOrNone => {
                self.states.within(since, now).any(|(state, _)| state == NoBreakerSeen)
            }
            Closed => {
                let mut stood = self.states.within(since, now).peekable();
                stood.peek().is_some() && stood.all(|(state, _)| matches!(state, Closed | NotSeenYet))
            }
            _ => false,
        }
    }

    pub(super) fn report(&mut self, at: Timestamp, testimony: &SourceReport) {
        if testimony.witness == SourceKind::Health {
            // Older recordings lack `failing`; it is derived from the claim.
            let failing = testimony.failing.or(match testimony.says {
                SourceClaim::State(state) => Some(state == BreakerState::Open),
                SourceClaim::Not(_) => Some(false),
                SourceClaim::Nothing => None,
            });
            if let Some(failing) = failing {
                self.health_failing.set(at, failing);
                let status = testimony.ground.split(|c: char| !c.is_ascii_digit()).next();
                self.health_status.set(at, status.and_then(|status| status.parse().ok()));
            }
        }
        self.reports.retain(|statement| statement.age(at) <= FORGOTTEN_S);
        let room = self.reports.len() < STATEMENTS;
        match self.reports.iter_mut().find(|statement| statement.report.same_source(testimony)) {
            Some(statement) => {
                if statement.report.says != testimony.says {
                    statement.since = at;
                }
                statement.at = at;
                statement.report = testimony.clone();
            }
            None if room => {
                self.reports.push(LatestReport { at, since: at, report: testimony.clone() });
                let order = |statement: &LatestReport| {
                    let testimony = &statement.report;
                    (testimony.witness, testimony.pod.clone(), testimony.place.clone())
                };
                self.reports.sort_by_key(order);
            }
            None => {}
        }
    }

    pub(super) fn believed(&mut self, at: Timestamp, belief: &Belief) {
        if belief.restarted {
            self.restarted = Some(at);
            // A restart rather than a trial ended the cycle, so it does not count.
            self.interrupt();
        }
        for transition in &belief.missed {
            self.missed(transition);
        }
        if belief.state != self.state() || belief.restarted || !belief.missed.is_empty() {
            self.change_state(belief);
        }
        self.states.set(at, (belief.state, belief.confidence));
        for replica in &belief.replicas {
            let known = self.replicas.iter().any(|(name, _)| *name == replica.name);
            if !known && self.replicas.len() < REPLICAS {
                self.replicas.push((replica.name.clone(), History::default()));
            }
            if let Some((_, states)) = self.replicas.iter_mut().find(|(name, _)| *name == replica.name) {
                states.set(at, replica.state);
            }
        }
        self.belief = Some(belief.clone());
    }

    /// Starts, continues or ends a cycle because of a new state.
    fn change_state(&mut self, belief: &Belief) {
        let since = belief.since;
        let running = self.cycles.back_mut().filter(|cycle| cycle.ended.is_none());
        match (belief.state, running) {
            // Several processes differ, so that the cycle cannot be attributed to one; or an operator ended it.
            (
                BreakerState::Mixed
                | BreakerState::Disabled
                | BreakerState::MetricsOnly
                | BreakerState::ForcedOpen,
                Some(_),
            ) => self.interrupt(),
            // There is no breaker: the opening is taken back.
            (BreakerState::NoBreakerSeen, Some(_)) => drop(self.cycles.pop_back()),
            (BreakerState::HalfOpen, Some(cycle)) => {
                cycle.trial.get_or_insert(since);
            }
            (BreakerState::Closed, Some(cycle)) => cycle.ended = Some((since, CycleEnd::Worked)),
            (BreakerState::Open, Some(cycle)) if cycle.trial.is_some() => {
                cycle.ended = Some((since, CycleEnd::Failed));
                self.open(since);
            }
            (BreakerState::Open, None) => self.open(since),
            _ => {}
        }
    }

    /// Applies a state change that was not observed while it lasted.
    fn missed(&mut self, transition: &Transition) {
        let at = transition.at;
        let running = self.cycles.back_mut().filter(|cycle| cycle.ended.is_none());
        match (transition.to, running) {
            (BreakerState::HalfOpen, running) => {
                if let Some(cycle) = running {
                    cycle.trial = Some(at);
                }
                if self.missed.len() == MISSED {
                    self.missed.pop_front();
                }
                self.missed.push_back(at);
            }
            (BreakerState::Open, None) => self.open(at),
            (BreakerState::Open, Some(cycle)) if cycle.trial.is_some() => {
                cycle.ended = Some((at, CycleEnd::Failed));
                self.open(at);
            }
            (BreakerState::Closed, Some(cycle)) => cycle.ended = Some((at, CycleEnd::Worked)),
            _ => {}
        }
    }

    /// Moves the current cycle to the interrupted openings, because something other than a trial ends it.
    fn interrupt(&mut self) {
        let Some(cycle) = self.cycles.pop_back() else { return };
        if cycle.ended.is_some() {
            self.cycles.push_back(cycle);
        } else {
            if self.interrupted.len() == CYCLES {
                self.interrupted.pop_front();
            }
            self.interrupted.push_back(cycle.opened);
        }
    }

    fn open(&mut self, at: Timestamp) {
        if self.cycles.len() == CYCLES {
            self.cycles.pop_front();
        }
        self.cycles.push_back(Cycle { opened: at, trial: None, ended: None });
    }
}
