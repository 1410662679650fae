//! Simulates consumers with and without a breaker against a provider that fails periodically, without clock or network,
//! and scores the beliefs as `tests/breakers` does: right, withheld, wrong. A belief that fits the last 1.6 s or the
//! next 0.3 s is not scored.

use super::super::BreakerEstimator;
use crate::{
    observe::breaker::reading::{Reading, SourceId, SourceMessage},
    session::{
        Event,
        event::{
            Answer, AnswerKind, Belief, BreakerState, Confidence, EndpointId, ErrorKind, EventKind,
            NamedBreaker, RequestId, Section, SourceClaim, SourceKind, StepRef, Timestamp,
        },
    },
    test_support::answer,
};
use BreakerState::{Closed, HalfOpen, Open};
use std::collections::VecDeque;

pub(super) const ENDPOINT: EndpointId = EndpointId(0);
const STEADY_S: f64 = 16.0;
const EVERY_S: f64 = 0.5;
const RESET_S: f64 = 3.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    Refuse,
    Hang,
    Error,
    /// Correct but late, if the caller has no shorter timeout.
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rules {
    /// Opens after three failures in a row; half-open admits one call at a time, or every call.
    InARow {
        every_trial: bool,
        queue: bool,
    },
    /// Opens if more than half of the calls of four seconds fail; half-open begins by a timer.
    Share,
    None,
    /// The maximum number of concurrent calls.
    Bulkhead(usize),
    /// Serves the last good answer.
    Cache,
    /// Tokens per second, and attempts per call.
    Limiter(f64, u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Consumer {
    pub(super) rules: Rules,
    pub(super) fallback: bool,
    pub(super) timeout_s: f64,
    /// `None`: no page. `Some(lag)`: a page that shows the state with a delay of `lag` seconds.
    pub(super) page: Option<f64>,
    /// What the status of `/health` depends on.
    pub(super) health: HealthPage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum HealthPage {
    Constant,
    WhileOpen,
    Dependency,
}

pub(super) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millisecond(1_795_352_700_000 + (seconds * 1000.0).round() as i64).unwrap()
}

/// The score of a session, in seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) right: f64,
    pub(super) withheld: f64,
    pub(super) wrong: f64,
    pub(super) sure_wrong: f64,
    pub(super) examples: Vec<String>,
}

impl Score {
    pub(super) fn share(&self, of: f64) -> f64 {
        100.0 * of / (self.right + self.withheld + self.wrong).max(0.1)
    }
}

struct Played {
    /// When each request was due, when it ended, the kind of its answer, and its status.
    requests: Vec<(f64, f64, AnswerKind, u16)>,
    truth: Vec<(f64, Option<BreakerState>)>,
    faults: Vec<(f64, f64)>,
}

/// The faults of a session: on for 6.4 to 8.4 s, off for 5.2 to 6.0 s.
fn faults(cycles: u32) -> Vec<(f64, f64)> {
    let mut from = 0.0;
    (0..cycles)
        .map(|n| {
            let on = 6.4 + f64::from(n * 7 % 10) * 0.2;
            let fault = (from, from + on);
            from += on + 5.2 + f64::from(n * 3 % 5) * 0.2;
            fault
        })
        .collect()
}

struct World {
    consumer: Consumer,
    fault: Fault,
    faults: Vec<(f64, f64)>,
    state: BreakerState,
    since: f64,
    failures: u32,
    trial: bool,
    outcomes: VecDeque<(f64, bool)>,
    truth: Vec<(f64, Option<BreakerState>)>,
    /// Calls in flight: when they end, and whether they succeed.
    flights: Vec<(f64, bool)>,
    lock: f64,
    tokens: f64,
    filled: f64,
}

impl World {
    fn call(&self, begins: f64) -> (f64, bool) {
        let on = self.faults.iter().any(|(from, to)| (*from..*to).contains(&begins));
        let quick = 0.004 + (begins.abs() * 7.0 % 1.1) * 0.004;
        match self.fault {
            _ if !on => (quick, true),
            Fault::Refuse | Fault::Error => (quick, false),
            Fault::Hang => (self.consumer.timeout_s, false),
            Fault::Late => (0.8, true),
        }
    }

    fn turn(&mut self, at: f64, state: BreakerState) {
        (self.state, self.since, self.failures, self.trial) = (state, at, 0, false);
        self.truth.push((at, Some(state)));
    }

    /// Counts the calls that have ended by `now`.
    fn until(&mut self, now: f64) {
        self.flights.sort_by(|a, b| a.0.total_cmp(&b.0));
        while self.flights.first().is_some_and(|(end, _)| *end <= now) {
            let (end, well) = self.flights.remove(0);
            self.timer(end);
            self.count(end, well);
        }
        self.timer(now);
    }

    fn timer(&mut self, now: f64) {
        if self.consumer.rules == Rules::Share && self.state == Open && now >= self.since + RESET_S {
            self.turn(self.since + RESET_S, HalfOpen);
        }
    }

    fn count(&mut self, end: f64, well: bool) {
        match (self.consumer.rules, self.state) {
            (Rules::InARow { .. } | Rules::Share, HalfOpen) => {
                self.turn(end, if well { Closed } else { Open });
            }
            (Rules::InARow { .. }, Closed) => {
                self.failures = if well { 0 } else { self.failures + 1 };
                if self.failures >= 3 {
                    self.turn(end, Open);
                }
            }
            (Rules::Share, Closed) => {
                self.outcomes.push_back((end, well));
                self.outcomes.retain(|(when, _)| *when > end - 4.0);
                let failed = self.outcomes.iter().filter(|(_, well)| !well).count();
                if failed * 2 > self.outcomes.len() {
                    self.outcomes.clear();
                    self.turn(end, Open);
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, due: f64) -> (f64, AnswerKind, u16) {
        self.until(due);
        let no = if self.consumer.fallback {
            (AnswerKind::Fallback, 200)
        } else {
            (AnswerKind::Error(ErrorKind::Server), 503)
        };
        let quick = due + 0.003;
        let failed =
            |end: f64, well: bool| if well { (end, AnswerKind::Real, 200) } else { (end, no.0, no.1) };
        match self.consumer.rules {
            Rules::None => {
                let (wait, well) = self.call(due);
                failed(due + wait, well)
            }
            Rules::Cache => (due + self.call(due).0, AnswerKind::Real, 200),
            Rules::Bulkhead(places) => {
                if self.flights.len() >= places {
                    return failed(quick, false);
                }
                let (wait, well) = self.call(due);
                self.flights.push((due + wait, well));
                failed(due + wait, well)
            }
            Rules::Limiter(rate, tries) => {
                let mut now = due;
                for _ in 0..tries {
                    self.tokens = (self.tokens + (now - self.filled).max(0.0) * rate).min(10.0);
                    self.filled = self.filled.max(now);
                    if self.tokens < 1.0 {
                        return (now + 0.003, AnswerKind::Error(ErrorKind::Client), 429);
                    }
                    self.tokens -= 1.0;
                    let (wait, well) = self.call(now);
                    now += wait;
                    if well {
                        return failed(now, true);
                    }
                }
                failed(now, false)
            }
            Rules::InARow { every_trial, queue } => {
                let begins = if queue { due.max(self.lock) } else { due };
                self.until(begins);
                if self.state == Open && begins >= self.since + RESET_S {
                    self.turn(begins, HalfOpen);
                }
                let refused = self.state == Open || self.state == HalfOpen && self.trial && !every_trial;
                self.through(begins, refused, queue, no)
            }
            Rules::Share => {
                let refused = self.state == Open || self.state == HalfOpen && self.trial;
                self.through(due, refused, false, no)
            }
        }
    }

    fn through(
        &mut self,
        begins: f64,
        refused: bool,
        queue: bool,
        no: (AnswerKind, u16),
    ) -> (f64, AnswerKind, u16) {
        if refused {
            return (begins + 0.003, no.0, no.1);
        }
        let (wait, well) = self.call(begins);
        self.trial |= self.state == HalfOpen;
        self.flights.push((begins + wait, well && wait < self.consumer.timeout_s * 0.7));
        if queue {
            self.lock = begins + wait;
        }
        if well { (begins + wait, AnswerKind::Real, 200) } else { (begins + wait, no.0, no.1) }
    }
}

fn play(consumer: Consumer, fault: Fault, cycles: u32) -> Played {
    let faults = faults(cycles);
    let ends = faults.last().map_or(0.0, |(_, to)| *to) + 6.0;
    let breaker = matches!(consumer.rules, Rules::InARow { .. } | Rules::Share);
    let mut world = World {
        consumer,
        fault,
        faults: faults.clone(),
        state: Closed,
        since: -STEADY_S,
        failures: 0,
        trial: false,
        outcomes: VecDeque::new(),
        truth: vec![(-STEADY_S, breaker.then_some(Closed))],
        flights: Vec::new(),
        lock: -STEADY_S,
        tokens: 10.0,
        filled: -STEADY_S,
    };
    let mut requests = Vec::new();
    for n in 0..((STEADY_S + ends) / EVERY_S) as u32 {
        // The offset makes the faults begin at every phase of the requests.
        let due = -STEADY_S + 0.13 + f64::from(n) * EVERY_S;
        let (end, kind, status) = world.answer(due);
        requests.push((due, end, kind, status));
    }
    world.until(ends);
    Played { requests, truth: world.truth, faults }
}

impl Played {
    fn truth_at(&self, second: f64) -> Option<BreakerState> {
        self.truth.iter().rev().find(|(from, _)| *from <= second).and_then(|(_, state)| *state)
    }

    fn facts(&self) -> Vec<(f64, EventKind)> {
        let mut facts = Vec::new();
        for (number, (due, end, kind, status)) in self.requests.iter().enumerate() {
            let request = RequestId(number as u64);
            facts.push((*due, EventKind::RequestSent { endpoint: ENDPOINT, request }));
            let (status, waited_ms) = (Some(*status), (end - due) * 1000.0);
            let answer = Answer { status, shape: 0, ..answer(ENDPOINT, request, waited_ms, *kind) };
            facts.push((*end, EventKind::Answered(answer)));
        }
        let step = StepRef { section: Section::Method, index: 0 };
        facts.push((0.0, EventKind::FaultFired { step, what: "break".to_owned(), targets: Vec::new() }));
        facts.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        facts
    }
}

pub(super) fn health(status: u16) -> SourceMessage {
    let id = SourceId::at_users_url(SourceKind::Health, "/health");
    SourceMessage::Reading(crate::observe::breaker::sources::health::read(id, status, "", false))
}

pub(super) fn page(breakers: Vec<NamedBreaker>) -> SourceMessage {
    SourceMessage::Reading(Reading {
        breakers,
        ..Reading::new(SourceId::at_users_url(SourceKind::Metrics, "/metrics"), "page")
    })
}

pub(super) fn named(name: &str, state: BreakerState) -> NamedBreaker {
    NamedBreaker::new(name, SourceClaim::State(state), format!("circuit_state{{{name}}}"))
}

/// The beliefs, four per second.
fn beliefs(consumer: Consumer, played: &Played) -> Vec<(f64, Belief)> {
    let mut facts = played.facts().into_iter().peekable();
    let mut estimator = BreakerEstimator::new(ENDPOINT, None);
    let ends = played.faults.last().map_or(0.0, |(_, to)| *to) + 6.0;
    let mut beliefs = Vec::new();
    for quarter in 1..((STEADY_S + ends) * 4.0) as u32 {
        let now = -STEADY_S + f64::from(quarter) / 4.0;
        while let Some((second, what)) = facts.next_if(|(second, _)| *second <= now) {
            estimator.follow(&Event { seq: 0, at: at(second), what });
        }
        if quarter % 2 == 0 {
            let read = now - 0.05;
            let open = played.truth_at(read) == Some(Open);
            let down = played.faults.iter().any(|(from, to)| (*from..*to).contains(&read));
            let failing = match consumer.health {
                HealthPage::Constant => false,
                HealthPage::WhileOpen => open,
                HealthPage::Dependency => down,
            };
            estimator.handle(at(read), &health(if failing { 503 } else { 200 }));
            if let Some(lag) = consumer.page {
                let breakers = played.truth_at(read - lag).map(|state| named("provider", state));
                estimator.handle(at(read), &page(breakers.into_iter().collect()));
            }
        }
        beliefs.push((now, estimator.judge(at(now)).1));
    }
    beliefs
}

/// Scores the beliefs from `from` on.
fn score(played: &Played, beliefs: &[(f64, Belief)], from: f64, counts: impl Fn(f64) -> bool) -> Score {
    let mut score = Score::default();
    let fits = |second: f64, state: BreakerState| match played.truth_at(second) {
        Some(truth) => state == truth || state == BreakerState::ClosedOrNone && truth == Closed,
        None => matches!(state, BreakerState::ClosedOrNone | BreakerState::NoBreakerSeen),
    };
    let near = |second: f64| {
        let (from, to) = (second - 1.6, second + 0.3);
        let turns = played.truth.iter().map(|(at, _)| *at).filter(move |at| (from..=to).contains(at));
        turns.chain([from])
    };
    let none = played.truth_at(0.0).is_none();
    let ends = beliefs.last().map_or(0.0, |(second, _)| *second);
    for tenth in 0.. {
        let second = from + f64::from(tenth) / 10.0;
        if second > ends {
            return score;
        }
        let Some((_, belief)) = beliefs.iter().rev().find(|(at, _)| *at <= second).filter(|_| counts(second))
        else {
            continue;
        };
        let state = belief.state;
        let withheld = state.withholds() || belief.confidence == Confidence::CannotTell;
        let healed = played.faults.iter().any(|(_, to)| (*to..*to + 1.6).contains(&second));
        if fits(second, state) {
            score.right += 0.1;
        } else if withheld {
            score.withheld += if none && healed { 0.0 } else { 0.1 };
        } else if !near(second).any(|at| fits(at, state)) {
            score.wrong += 0.1;
            score.sure_wrong += if belief.confidence == Confidence::Sure { 0.1 } else { 0.0 };
            let truth = played.truth_at(second);
            let example =
                format!("{second:.1}: {truth:?} but {state:?} {:?}: {}", belief.confidence, belief.because);
            score.examples.extend((score.examples.len() < 12).then_some(example));
        }
    }
    score
}

/// Simulates a session; returns the scores after the first full cycle and before its end.
pub(super) fn session(consumer: Consumer, fault: Fault, cycles: u32) -> (Score, Score) {
    let played = play(consumer, fault, cycles);
    let beliefs = beliefs(consumer, &played);
    let opened =
        played.truth.iter().find(|(_, state)| *state == Some(Open)).map_or(f64::INFINITY, |(at, _)| *at);
    let closed = |(at, state): &&(f64, Option<BreakerState>)| *at > opened && *state == Some(Closed);
    let full = played.truth.iter().find(closed).map_or(0.0, |(at, _)| *at);
    (
        score(&played, &beliefs, full.max(-6.0), |_| true),
        score(&played, &beliefs, -6.0, |second| second < full),
    )
}

/// The score of a session without a breaker, outside the faults only.
pub(super) fn between(consumer: Consumer, fault: Fault, cycles: u32) -> Score {
    let played = play(consumer, fault, cycles);
    let on = |second: f64| played.faults.iter().any(|(from, to)| (*from..*to).contains(&second));
    score(&played, &beliefs(consumer, &played), -6.0, |second| !on(second))
}
