//! The source "answers": evidence about the breaker from the answers of the endpoint.
//!
//! Answers are grouped by the time when their request was *due*, because a slow answer to a request from before the
//! trip is no evidence about the present. [`stages`] reads quarters of a second in order and knows the allowed
//! transitions; quarters that still have requests in flight are read again each time, because their outcome is open.

mod quarters;
mod stages;
mod words;

use super::seconds;
use crate::session::event::{Answer, AnswerKind, RequestId, Timestamp};
use hdrhistogram::Histogram;
use quarters::Quarters;
pub(super) use stages::AnswerStage;
use stages::StageReader;
use std::collections::BTreeMap;
pub(super) use words::report;

/// Milliseconds below which an answer is fast in any case.
const FAST_MS: f64 = 250.0;
/// An answer is fast below this multiple of the steady-state time.
const FAST_TIMES: f64 = 5.0;
/// The quantile of steady-state answers that is their usual time: one outlier in twenty does not change it.
const STEADY: f64 = 0.90;
/// The number of real answers needed to learn how fast they are.
const ENOUGH: u64 = 20;
/// Seconds without an answer or a request in flight after which this source makes no claim.
const STALE_S: f64 = 5.0;

/// Evidence from the answers of one endpoint.
pub(super) struct AnswerEvidence {
    in_flight: BTreeMap<RequestId, Timestamp>,
    quarters: Quarters,
    /// The stage after the quarters whose requests have all ended.
    settled: StageReader,
    /// Waiting times of real answers before the fault, in milliseconds.
    base: Histogram<u32>,
    learns: bool,
    last_answer: Option<Timestamp>,
    /// Answers begin and do not end, so their outcome is unknown.
    endless: bool,
    /// The number of answers in steady state, and of errors among them.
    steady: (u32, u32),
    /// An error among real answers, which may be part of the background rate from before the fault.
    lone: Option<FiledAnswer>,
    /// Whether the latest answer was an error, too.
    in_row: bool,
    /// The time limit of users, in milliseconds: no slower answer counts as fast.
    limit_ms: f64,
}

/// An answer with the data needed to assign it to a quarter.
struct FiledAnswer {
    due: Timestamp,
    ended: Timestamp,
    answer: Answer,
    fast: bool,
    /// Whether an earlier request was still in flight.
    waits: bool,
}

/// The present pattern of the answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AnswerPattern {
    pub(super) stage: AnswerStage,
    /// Whether the answers have shown a full reset cycle of a breaker.
    pub(super) proven: bool,
    /// The times of the cut and the trial that proved it.
    pub(super) proof: Option<(Timestamp, Timestamp)>,
    /// The seconds that the breaker stays open, as seen in such a cycle.
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
            last_answer: None,
            endless: false,
            steady: (0, 0),
            lone: None,
            in_row: false,
            limit_ms: f64::INFINITY,
        }
    }

    /// Sets the time limit of users.
    pub(super) fn limit(&mut self, ms: f64) {
        self.limit_ms = ms;
    }

    pub(super) fn sent(&mut self, due: Timestamp, request: RequestId) {
        if !self.endless {
            self.in_flight.insert(request, due);
        }
    }

    /// Sets whether answers end. All evidence so far becomes void.
    pub(super) fn end(&mut self, end: bool) {
        *self = Self { endless: !end, learns: self.learns, limit_ms: self.limit_ms, ..Self::new() };
    }

    pub(super) fn answered(&mut self, at: Timestamp, answer: &Answer) {
        let Some(due) = self.in_flight.remove(&answer.request) else { return };
        self.last_answer = Some(at);
        let fast = answer.waited_ms <= self.fast_ms();
        let waits = self.in_flight.values().any(|other| *other < due);
        let filed = FiledAnswer { due, ended: at, answer: answer.clone(), fast, waits };
        let error = matches!(answer.kind, AnswerKind::Error(_));
        if self.learns {
            self.steady = (self.steady.0 + 1, self.steady.1 + u32::from(error));
        }
        let in_row = std::mem::replace(&mut self.in_row, error);
        match (error && !in_row && self.has_background(), self.lone.take()) {
            // Two errors in a row are not the background rate.
            (_, Some(lone)) if answer.kind != AnswerKind::Real => self.file(&lone),
            (true, _) => {
                self.lone = Some(filed);
                return;
            }
            (false, _) => {}
        }
        // While nothing is learned, it is unknown whether a success is the real answer: it is no evidence for any
        // state.
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

    /// Whether steady state has some errors, but few: then a single error is no evidence about a breaker.
    fn has_background(&self) -> bool {
        self.steady.0 >= ENOUGH as u32 && self.steady.1 > 0 && self.steady.1 * 5 < self.steady.0
    }

    /// Drops a request whose outcome is unknown.
    pub(super) fn drop_request(&mut self, request: RequestId) {
        self.in_flight.remove(&request);
    }

    /// Drops all requests in flight, because requests have stopped or their outcomes are unknown.
    pub(super) fn drop_in_flight(&mut self) {
        self.in_flight.clear();
    }

    /// Handles a fire: the threshold for fast answers is learned only before it.
    pub(super) fn fault(&mut self) {
        self.learns = false;
    }

    /// Handles a restart of the consumer: its breaker is closed now.
    pub(super) fn restarted(&mut self) {
        self.settled.restarted();
    }

    /// Sets whether the network may refuse now what it dropped before.
    pub(super) fn may_refuse(&mut self, may: bool) {
        self.settled.may_refuse = may;
    }

    /// The present pattern of the answers; `reset` is the time in seconds that the breaker stays open, if a source
    /// gives it.
    pub(super) fn pattern(&mut self, now: Timestamp, reset: Option<f64>) -> AnswerPattern {
        let fast_ms = self.fast_ms();
        self.quarters
            .settle(self.in_flight.values().min().copied(), now, |quarter| self.settled.read(quarter, reset));
        let mut reader = self.settled.clone();
        let silent = self.last_answer.is_none_or(|heard| seconds(heard, now) > STALE_S);
        if !self.in_flight.is_empty() || !silent {
            let late = self.in_flight.values().filter(|due| seconds(**due, now) * 1000.0 > fast_ms);
            self.quarters.with_waiting(late.copied(), |quarter| reader.read(quarter, reset));
        }
        let stage = if self.in_flight.is_empty() && silent { AnswerStage::Unknown } else { reader.stage() };
        AnswerPattern { stage, proven: reader.proven(), proof: reader.proof(), reset: reader.reset() }
    }

    /// The number of real answers to requests due since `from`, within the last ten seconds.
    pub(super) fn real_since(&self, from: Timestamp) -> u32 {
        self.quarters.since(from).real
    }

    /// Whether a request that was due between `from` and `to` hangs or was slow.
    pub(super) fn slow_between(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> bool {
        let within = |due: &Timestamp| *due >= from && *due <= to;
        let late = |due: &Timestamp| seconds(*due, now) * 1000.0 > self.fast_ms();
        self.in_flight.values().any(|due| within(due) && late(due))
    }

    /// The number of calls due since `from` that were rejected at once; zero if any of them was real or is slow in
    /// flight.
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
