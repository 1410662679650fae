//! Counts and waiting times of one stretch of the session, split by outcome: a latency without its outcome lies.

use super::Outcome;
use crate::session::event::{AnswerKind, ErrorKind};
use hdrhistogram::Histogram;

/// Longest wait that is told apart, in microseconds: ten minutes.
const LONGEST_US: u64 = 600_000_000;

/// Waiting times of one outcome, made with the first one.
type Waited = Option<Record>;

/// Waiting times in microseconds: the extremes exactly, what lies between to two digits.
#[derive(Clone, Debug)]
struct Record {
    histogram: Histogram<u32>,
    min: u64,
    max: u64,
}

impl Record {
    fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 2);
        Self {
            histogram: histogram.expect("1 us to 10 min with two digits are valid bounds"),
            min: u64::MAX,
            max: 0,
        }
    }

    fn add(&mut self, waited_us: u64) {
        self.histogram.saturating_record(waited_us);
        self.min = self.min.min(waited_us);
        self.max = self.max.max(waited_us);
    }

    fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so nothing can fall outside.
        let _ = self.histogram.add(&other.histogram);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Requests whose intended start lies in one stretch: before T0, during the fault, after recovery.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Requests that were due, those withheld included.
    pub due: u64,
    /// Requests that were due and not sent.
    pub withheld: u64,
    /// Requests without an answer when we hung up.
    pub given_up: u64,
    /// Answers over the limit.
    pub over_limit: u64,
    /// Errors by kind, in the order they were first seen.
    pub errors: Vec<(ErrorKind, u64)>,
    real: Waited,
    fallback: Waited,
    error: Waited,
}

/// A row of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Requests that were due.
    pub sent: u64,
    /// Requests that were due and not sent, because too many were in flight.
    pub withheld: u64,
    /// Real answers.
    pub real: u64,
    /// Fallback answers.
    pub fallback: u64,
    /// Errors.
    pub error: u64,
    /// Errors by kind.
    pub errors: Vec<(ErrorKind, u64)>,
    /// Answers, of any outcome, that came later than the limit.
    pub over_limit: u64,
    /// Requests still without an answer.
    pub waiting: u64,
    /// Waiting times of all answers.
    pub all: Waits,
    /// Waiting times of real answers.
    pub real_waits: Waits,
    /// Waiting times of fallbacks.
    pub fallback_waits: Waits,
    /// Waiting times of errors.
    pub error_waits: Waits,
}

/// Percentiles of waiting times in milliseconds; `None` when there was no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Waits {
    /// Nobody waited less.
    pub min: Option<f64>,
    /// Half waited less.
    pub p50: Option<f64>,
    /// 95 of 100 waited less.
    pub p95: Option<f64>,
    /// 99 of 100 waited less.
    pub p99: Option<f64>,
    /// Nobody waited longer.
    pub max: Option<f64>,
}

impl Tally {
    /// Requests that were answered, errors included.
    pub fn answered(&self) -> u64 {
        self.real + self.fallback + self.error
    }

    /// Percent of the answers that are `part`, rounded down so that 100% means all, and up from zero so that 0%
    /// means none.
    pub fn percent(&self, part: u64) -> Option<u64> {
        let whole = self.answered();
        (whole > 0).then(|| if part == 0 { 0 } else { (part * 100 / whole).max(1) })
    }
}

impl Window {
    pub(super) fn due(&mut self, withheld: bool) {
        self.due += 1;
        self.withheld += u64::from(withheld);
    }

    pub(super) fn answer(&mut self, kind: AnswerKind, waited_ms: f64, slow: bool) {
        self.over_limit += u64::from(slow);
        if let AnswerKind::Error(error) = kind {
            match self.errors.iter_mut().find(|(kind, _)| *kind == error) {
                Some((_, count)) => *count += 1,
                None => self.errors.push((error, 1)),
            }
        }
        let waited_us = ((waited_ms * 1000.0) as u64).clamp(1, LONGEST_US);
        match Outcome::from(kind) {
            Outcome::Real => record(&mut self.real, waited_us),
            Outcome::Fallback => record(&mut self.fallback, waited_us),
            Outcome::Error => record(&mut self.error, waited_us),
        }
    }

    /// Counts what another stretch counted.
    pub(super) fn take_in(&mut self, other: &Window) {
        self.due += other.due;
        self.withheld += other.withheld;
        self.given_up += other.given_up;
        self.over_limit += other.over_limit;
        for (kind, count) in &other.errors {
            match self.errors.iter_mut().find(|(known, _)| known == kind) {
                Some((_, sum)) => *sum += count,
                None => self.errors.push((*kind, *count)),
            }
        }
        merge(&mut self.real, &other.real);
        merge(&mut self.fallback, &other.fallback);
        merge(&mut self.error, &other.error);
    }

    /// The row of several stretches taken together.
    pub fn tally(windows: &[&Window]) -> Tally {
        let mut tally = Tally::default();
        let mut given_up = 0;
        let (mut real, mut fallback, mut error) = (None, None, None);
        for window in windows {
            tally.sent += window.due;
            tally.withheld += window.withheld;
            tally.over_limit += window.over_limit;
            given_up += window.given_up;
            merge(&mut real, &window.real);
            merge(&mut fallback, &window.fallback);
            merge(&mut error, &window.error);
            for (kind, count) in &window.errors {
                match tally.errors.iter_mut().find(|(other, _)| other == kind) {
                    Some((_, sum)) => *sum += count,
                    None => tally.errors.push((*kind, *count)),
                }
            }
        }
        let count = |waits: &Waited| waits.as_ref().map_or(0, |record| record.histogram.len());
        (tally.real, tally.fallback, tally.error) = (count(&real), count(&fallback), count(&error));
        (tally.real_waits, tally.fallback_waits, tally.error_waits) =
            (Waits::of(&real), Waits::of(&fallback), Waits::of(&error));
        let mut all = real;
        merge(&mut all, &fallback);
        merge(&mut all, &error);
        tally.all = Waits::of(&all);
        tally.waiting = tally.sent.saturating_sub(tally.answered() + given_up);
        tally
    }
}

impl Waits {
    fn of(waited: &Waited) -> Self {
        let Some(record) = waited else { return Self::default() };
        let ms = |us: u64| Some(us as f64 / 1000.0);
        // The histogram gives the upper end of a step, which may lie beyond the longest wait there was.
        let at = |quantile| ms(record.histogram.value_at_quantile(quantile).min(record.max));
        Self { min: ms(record.min), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: ms(record.max) }
    }
}

fn record(waited: &mut Waited, waited_us: u64) {
    waited.get_or_insert_with(Record::new).add(waited_us);
}

fn merge(into: &mut Waited, from: &Waited) {
    if let Some(from) = from {
        into.get_or_insert_with(Record::new).merge(from);
    }
}
