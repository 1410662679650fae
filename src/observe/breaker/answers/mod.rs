//! The witness "answers": what a breaker looks like from outside, in the answers users get.
//!
//! Answers are filed under the moment their request was *due*: a slow straggler from before the trip says nothing about
//! now. Quarters of a second are read in order by [`stages`], which knows the allowed moves; those that still have
//! requests in flight are read again each time, because their fate is open.

mod quarters;
mod stages;

pub(super) use stages::Stage;

use crate::session::{
    event::{Answer, AnswerKind, BreakerState, RequestId, Says, Timestamp},
    wording,
};
use hdrhistogram::Histogram;
use quarters::Quarters;
use stages::Reader;
use std::collections::BTreeMap;

/// Milliseconds below which an answer is fast in any case.
const FAST_MS: f64 = 250.0;
/// An answer is fast below this many times the 99th percentile of steady state.
const FAST_TIMES: f64 = 5.0;
/// Real answers needed to know how fast they are.
const ENOUGH: u64 = 20;
/// Seconds without any answer or anybody waiting after which this witness has nothing to say.
const STALE_S: f64 = 5.0;

/// Listens to the answers of one endpoint.
pub(super) struct Answers {
    in_flight: BTreeMap<RequestId, Timestamp>,
    quarters: Quarters,
    /// What was read of the quarters whose requests have all ended.
    settled: Reader,
    /// Waiting times of real answers before the fault, in milliseconds.
    base: Histogram<u32>,
    learns: bool,
    heard: Option<Timestamp>,
    /// Answers begin and do not end: what they would come to is not known.
    endless: bool,
    /// Answers in steady state, and those of them that were errors.
    steady: (u32, u32),
    /// An error among real answers, which may be no more than the background that was there before.
    lone: Option<(Timestamp, Timestamp, Answer, bool)>,
    /// Whether the latest answer was an error, too.
    in_row: bool,
}

impl Answers {
    pub(super) fn new() -> Self {
        let base = Histogram::new_with_bounds(1, 600_000, 2)
            .expect("1 ms to 10 min with two digits are valid bounds");
        Self {
            in_flight: BTreeMap::new(),
            quarters: Quarters::default(),
            settled: Reader::default(),
            base,
            learns: true,
            heard: None,
            endless: false,
            steady: (0, 0),
            lone: None,
            in_row: false,
        }
    }

    pub(super) fn sent(&mut self, due: Timestamp, request: RequestId) {
        if !self.endless {
            self.in_flight.insert(request, due);
        }
    }

    /// Whether answers end is known otherwise than before. Nothing that was seen until now counts any more.
    pub(super) fn end(&mut self, end: bool) {
        *self = Self { endless: !end, learns: self.learns, ..Self::new() };
    }

    pub(super) fn answered(&mut self, at: Timestamp, answer: &Answer) {
        let Some(due) = self.in_flight.remove(&answer.request) else { return };
        self.heard = Some(at);
        let fast = answer.waited_ms <= self.fast_ms();
        let error = matches!(answer.kind, AnswerKind::Error(_));
        if self.learns {
            self.steady = (self.steady.0 + 1, self.steady.1 + u32::from(error));
        }
        let in_row = std::mem::replace(&mut self.in_row, error);
        match (error && !in_row && self.has_background(), self.lone.take()) {
            // Two in a row are no background.
            (_, Some((due, at, lone, fast))) if answer.kind != AnswerKind::Real => {
                self.quarters.file(due, at, &lone, fast);
            }
            (true, _) => {
                self.lone = Some((due, at, answer.clone(), fast));
                return;
            }
            (false, _) => {}
        }
        // Whether a success is the real answer is not known as long as nothing is learned: it speaks for no state.
        if answer.kind != AnswerKind::Unjudged {
            self.quarters.file(due, at, answer, fast);
        }
        if self.learns && matches!(answer.kind, AnswerKind::Real | AnswerKind::Unjudged) {
            self.base.saturating_record((answer.waited_ms as u64).max(1));
        }
    }

    /// Whether there are errors among the answers of steady state, but few: one by itself says nothing of a breaker then.
    fn has_background(&self) -> bool {
        self.steady.0 >= ENOUGH as u32 && self.steady.1 > 0 && self.steady.1 * 5 < self.steady.0
    }

    /// Nobody asks any more, or nobody knows what became of those who did.
    pub(super) fn left(&mut self) {
        self.in_flight.clear();
    }

    /// A fault is on: what is fast was learned before it.
    pub(super) fn fault(&mut self) {
        self.learns = false;
    }

    /// The consumer was started again: its breaker is closed, whatever it was.
    pub(super) fn restarted(&mut self) {
        self.settled.restarted();
    }

    /// What the answers look like now; `reset` is how long the breaker stays open, where that was learned, in seconds.
    pub(super) fn stage(&mut self, now: Timestamp, reset: Option<f64>) -> Stage {
        let fast_ms = self.fast_ms();
        self.quarters
            .settle(self.in_flight.values().min().copied(), now, |quarter| self.settled.read(quarter, reset));
        if self.in_flight.is_empty() && self.heard.is_none_or(|heard| seconds(heard, now) > STALE_S) {
            return Stage::Unknown;
        }
        let mut reader = self.settled.clone();
        let late = self.in_flight.values().filter(|due| seconds(**due, now) * 1000.0 > fast_ms);
        self.quarters.with_waiting(late.copied(), |quarter| reader.read(quarter, reset));
        reader.stage()
    }

    /// Answers to requests due since `from`: real ones, slow ones that were not real, fast ones that were not real.
    pub(super) fn since(&self, from: Timestamp) -> (u32, u32, u32) {
        self.quarters.since(from)
    }

    fn fast_ms(&self) -> f64 {
        let learned = self.base.len() >= ENOUGH;
        let base = if learned { self.base.value_at_quantile(0.99) as f64 * FAST_TIMES } else { 0.0 };
        base.max(FAST_MS)
    }
}

/// What a stage says about the breaker, and on what ground.
pub(super) fn testimony(stage: &Stage) -> (Says, String) {
    match *stage {
        Stage::Unknown => (Says::Nothing, "too few answers so far".to_owned()),
        Stage::Fine { real } => (
            Says::State(BreakerState::Closed),
            format!("{real} of the last {real} look like the real answer"),
        ),
        Stage::Failing { slow: 0, fast, fallback, .. } => (
            Says::Nothing,
            format!(
                "{fast} of {fast} {} at once: open, or failing fast",
                if fallback { "fall back" } else { "fail" }
            ),
        ),
        Stage::Failing { slow, fast: 0, longest_ms, .. } if stage.passes_through() => (
            Says::State(BreakerState::NoneSeen),
            format!(
                "{slow} of {slow} calls went through to the dead provider, up to {:.1} s each",
                longest_ms / 1000.0
            ),
        ),
        Stage::Failing { slow, .. } => (
            Says::Not(BreakerState::Open),
            format!(
                "{} hung or failed late: nothing cuts that short yet",
                wording::count(slow.into(), "call")
            ),
        ),
        Stage::Open { fast, fallback: true, slowest_ms, .. } => (
            Says::State(BreakerState::Open),
            format!("{fast} of the last {fast} answers are fallbacks in under {}", under(slowest_ms)),
        ),
        Stage::Open { fast, slowest_ms, .. } => (
            Says::Nothing,
            format!("{fast} of the last {fast} calls failed in under {}, after slow ones", under(slowest_ms)),
        ),
        Stage::HalfOpen { slow, real: 0, .. } => {
            (Says::State(BreakerState::HalfOpen), format!("{slow} slow calls after the reset time: a trial"))
        }
        Stage::HalfOpen { real, fallback, .. } => {
            let answers = wording::count(real.into(), "real answer");
            let words = match fallback {
                true => format!("{answers} after fast fallbacks: a trial"),
                false => format!("{answers} after fast failures: a trial, or the cause is gone"),
            };
            (Says::State(BreakerState::HalfOpen), words)
        }
    }
}

/// A round bound above a waiting time.
fn under(ms: f64) -> String {
    let bounds = [10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];
    match bounds.iter().find(|bound| ms < **bound) {
        Some(bound) => format!("{bound} ms"),
        None => format!("{:.0} s", (ms / 1000.0).ceil()),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
