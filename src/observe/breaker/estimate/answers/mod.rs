//! The source "answers": what a breaker looks like from outside, in the answers users get.
//!
//! Answers are filed under the moment their request was *due*: a slow straggler from before the trip says nothing about
//! now. Quarters of a second are read in order by [`stages`], which knows the allowed moves; those that still have
//! requests in flight are read again each time, because their fate is open.

mod quarters;
mod stages;
mod words;

pub(super) use stages::AnswerStage;
pub(super) use words::report;

use super::seconds;
use crate::session::event::{Answer, AnswerKind, RequestId, Timestamp};
use hdrhistogram::Histogram;
use quarters::Quarters;
use stages::StageReader;
use std::collections::BTreeMap;

/// Milliseconds below which an answer is fast in any case.
const FAST_MS: f64 = 250.0;
/// An answer is fast below this many times what steady state takes.
const FAST_TIMES: f64 = 5.0;
/// Which answers of steady state count for that: one hiccup in twenty does not move it.
const STEADY: f64 = 0.90;
/// Real answers needed to know how fast they are.
const ENOUGH: u64 = 20;
/// Seconds without any answer or anybody waiting after which this source has nothing to say.
const STALE_S: f64 = 5.0;

/// Listens to the answers of one endpoint.
pub(super) struct AnswerEvidence {
    in_flight: BTreeMap<RequestId, Timestamp>,
    quarters: Quarters,
    /// What was read of the quarters whose requests have all ended.
    settled: StageReader,
    /// Waiting times of real answers before the fault, in milliseconds.
    base: Histogram<u32>,
    learns: bool,
    heard: Option<Timestamp>,
    /// Answers begin and do not end: what they would come to is not known.
    endless: bool,
    /// Answers in steady state, and those of them that were errors.
    steady: (u32, u32),
    /// An error among real answers, which may be no more than the background that was there before.
    lone: Option<FiledAnswer>,
    /// Whether the latest answer was an error, too.
    in_row: bool,
    /// What users call late, in milliseconds: nothing slower is "at once".
    limit_ms: f64,
}

/// An answer with what is needed to file it.
struct FiledAnswer {
    due: Timestamp,
    ended: Timestamp,
    answer: Answer,
    fast: bool,
    /// Whether an earlier request waited still.
    waits: bool,
}

/// What the answers look like now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AnswerPattern {
    pub(super) stage: AnswerStage,
    /// Whether a full reset cycle of a breaker was seen in them.
    pub(super) proven: bool,
    /// The cut and the trial that proved it.
    pub(super) proof: Option<(Timestamp, Timestamp)>,
    /// How long it stays open, as seen in such a cycle, in seconds.
    pub(super) reset: Option<f64>,
}

impl AnswerEvidence {
    pub(super) fn new() -> Self {
        let base = Histogram::new_with_bounds(1, 600_000, 2)
            .expect("1 ms to 10 min with two digits are valid bounds");
        Self {
            in_flight: BTreeMap::new(),
            quarters: Quarters::default(),
            settled: StageReader::default(),
            base,
            learns: true,
            heard: None,
            endless: false,
            steady: (0, 0),
            lone: None,
            in_row: false,
            limit_ms: f64::INFINITY,
        }
    }

    /// What users call late.
    pub(super) fn limit(&mut self, ms: f64) {
        self.limit_ms = ms;
    }

    pub(super) fn sent(&mut self, due: Timestamp, request: RequestId) {
        if !self.endless {
            self.in_flight.insert(request, due);
        }
    }

    /// Whether answers end is known otherwise than before. Nothing that was seen until now counts any more.
    pub(super) fn end(&mut self, end: bool) {
        *self = Self { endless: !end, learns: self.learns, limit_ms: self.limit_ms, ..Self::new() };
    }

    pub(super) fn answered(&mut self, at: Timestamp, answer: &Answer) {
        let Some(due) = self.in_flight.remove(&answer.request) else { return };
        self.heard = Some(at);
        let fast = answer.waited_ms <= self.fast_ms();
        let waits = self.in_flight.values().any(|other| *other < due);
        let filed = FiledAnswer { due, ended: at, answer: answer.clone(), fast, waits };
        let error = matches!(answer.kind, AnswerKind::Error(_));
        if self.learns {
            self.steady = (self.steady.0 + 1, self.steady.1 + u32::from(error));
        }
        let in_row = std::mem::replace(&mut self.in_row, error);
        match (error && !in_row && self.has_background(), self.lone.take()) {
            // Two in a row are no background.
            (_, Some(lone)) if answer.kind != AnswerKind::Real => self.file(&lone),
            (true, _) => {
                self.lone = Some(filed);
                return;
            }
            (false, _) => {}
        }
        // Whether a success is the real answer is not known as long as nothing is learned: it speaks for no state.
        if answer.kind != AnswerKind::Unjudged {
            self.file(&filed);
        }
        if self.learns && matches!(answer.kind, AnswerKind::Real | AnswerKind::Unjudged) {
            self.base.saturating_record((answer.waited_ms as u64).max(1));
        }
    }

    fn file(&mut self, filed: &FiledAnswer) {
        self.quarters.file(filed.due, filed.ended, &filed.answer, filed.fast, filed.waits);
    }

    /// Whether there are errors among the answers of steady state, but few: one by itself says nothing of a breaker then.
    fn has_background(&self) -> bool {
        self.steady.0 >= ENOUGH as u32 && self.steady.1 > 0 && self.steady.1 * 5 < self.steady.0
    }

    /// A request that nobody knows the fate of.
    pub(super) fn forgotten(&mut self, request: RequestId) {
        self.in_flight.remove(&request);
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

    /// Whether the network may refuse by now what it swallowed before.
    pub(super) fn may_refuse(&mut self, may: bool) {
        self.settled.may_refuse = may;
    }

    /// What the answers look like now; `reset` is how long the breaker stays open, where a source tells it, in seconds.
    pub(super) fn pattern(&mut self, now: Timestamp, reset: Option<f64>) -> AnswerPattern {
        let fast_ms = self.fast_ms();
        self.quarters
            .settle(self.in_flight.values().min().copied(), now, |quarter| self.settled.read(quarter, reset));
        let mut reader = self.settled.clone();
        let silent = self.heard.is_none_or(|heard| seconds(heard, now) > STALE_S);
        if !self.in_flight.is_empty() || !silent {
            let late = self.in_flight.values().filter(|due| seconds(**due, now) * 1000.0 > fast_ms);
            self.quarters.with_waiting(late.copied(), |quarter| reader.read(quarter, reset));
        }
        let stage = if self.in_flight.is_empty() && silent { AnswerStage::Unknown } else { reader.stage() };
        AnswerPattern { stage, proven: reader.proven(), proof: reader.proof(), reset: reader.reset() }
    }

    /// Real answers to requests due since `from`, within the last ten seconds.
    pub(super) fn real_since(&self, from: Timestamp) -> u32 {
        self.quarters.since(from).real
    }

    /// Whether a request that was due between `from` and `to` was or is slow.
    pub(super) fn slow_between(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> bool {
        let within = |due: &Timestamp| *due >= from && *due <= to;
        let late = |due: &Timestamp| seconds(*due, now) * 1000.0 > self.fast_ms();
        self.in_flight.values().any(|due| within(due) && late(due))
    }

    /// Calls due since `from` that were turned away at once, where nothing else came of any and none is on its way.
    pub(super) fn turned_away_since(&self, from: Timestamp, now: Timestamp) -> u32 {
        let since = self.quarters.since(from);
        let waits =
            self.in_flight.values().any(|due| *due >= from && seconds(*due, now) * 1000.0 > self.fast_ms());
        if waits || since.real > 0 { 0 } else { since.fast }
    }

    pub(super) fn fast_ms(&self) -> f64 {
        let learned = self.base.len() >= ENOUGH;
        let base = if learned { self.base.value_at_quantile(STEADY) as f64 * FAST_TIMES } else { 0.0 };
        base.max(FAST_MS).min(self.limit_ms.max(1.0))
    }
}
