//! Counts and waiting times of one period of the session, split by outcome, because a latency without its outcome
//! misleads.

use super::Outcome;
use crate::session::event::{AnswerKind, ErrorKind};
use hdrhistogram::Histogram;

/// The longest wait that is recorded, in microseconds: ten minutes.
const LONGEST_US: u64 = 600_000_000;

/// The maximum number of given-up requests whose waits are kept.
const GIVEN_UP: usize = 1024;
/// Milliseconds up to which a request without an answer counts as in transit rather than waiting.
const ON_THE_WAY_MS: f64 = 250.0;

/// Waiting times of one outcome, created with the first answer.
type Latencies = Option<LatencyRecord>;

/// Waiting times in microseconds: the extremes exactly, the others to two digits.
#[derive(Clone, Debug)]
struct LatencyRecord {
    histogram: Histogram<u32>,
    min: u64,
    max: u64,
}

impl LatencyRecord {
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

/// Requests whose intended start lies in one period: before T0, during the fault, after recovery.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Requests that were due, including those withheld.
    pub due: u64,
    /// Requests that were due and not sent.
    pub withheld: u64,
    /// Requests without an answer when probing stopped.
    pub given_up: u64,
    /// The waits of those requests in milliseconds, as many as are kept.
    given_up_ms: Vec<f64>,
    /// The most errors in a row, and the current number of errors in a row.
    errors_in_a_row: (u32, u32),
    /// Answers over the limit.
    pub over_limit: u64,
    /// The errors over the limit.
    pub over_limit_errors: u64,
    /// Errors by kind, in the order they were first seen.
    pub errors: Vec<(ErrorKind, u64)>,
    real: Latencies,
    fallback: Latencies,
    unjudged: Latencies,
    error: Latencies,
}

/// A row of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Requests that were due.
    pub sent: u64,
    /// Requests that were due and not sent, because too many were in flight.
    pub withheld: u64,
    pub real: u64,
    pub fallback: u64,
    /// Successes that cannot be classified as real or fallback.
    pub unjudged: u64,
    pub error: u64,
    pub errors: Vec<(ErrorKind, u64)>,
    /// The most errors in a row.
    pub errors_in_a_row: u32,
    /// Users who waited longer than the limit: answers of any outcome that came later, and requests without an answer
    /// that have already waited longer.
    pub over_limit: u64,
    /// Requests over the limit without an answer.
    pub over_limit_unanswered: u64,
    /// Errors over the limit.
    pub over_limit_errors: u64,
    /// Requests still without an answer.
    pub waiting: u64,
    /// Waiting times of all users. A request without an answer that has waited longer than nearly all others counts
    /// with its wait so far: a percentile that falls on it is *at least* that.
    pub all: LatencySummary,
    /// Waiting times of real answers.
    pub real_waits: LatencySummary,
    /// Waiting times of fallbacks.
    pub fallback_waits: LatencySummary,
    /// Waiting times of unjudged successes.
    pub unjudged_waits: LatencySummary,
    /// Waiting times of errors.
    pub error_waits: LatencySummary,
}

/// Percentiles of waiting times in milliseconds; `None` when there was no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LatencySummary {
    /// The shortest wait.
    pub min: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The longest wait.
    pub max: Option<f64>,
    /// The first figure that is only a lower bound, because it is the wait of a request without an answer; `None` where
    /// all figures are final.
    pub open_from: Option<Quantile>,
}

/// A figure of [`LatencySummary`], in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantile {
    /// The median.
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The longest wait.
    Max,
}

impl Tally {
    /// Returns the number of answered requests, errors included.
    pub fn answered(&self) -> u64 {
        self.real + self.fallback + self.unjudged + self.error
    }

    /// Returns the number of answers, of any outcome, that came later than the limit.
    pub fn late_answers(&self) -> u64 {
        self.over_limit.saturating_sub(self.over_limit_unanswered)
    }

    /// Returns the number of answers other than errors that came later than the limit.
    pub fn late_successes(&self) -> u64 {
        self.late_answers().saturating_sub(self.over_limit_errors)
    }

    /// Returns the longest wait that ended with an answer other than an error, in milliseconds.
    pub fn longest_success(&self) -> Option<f64> {
        let outcomes = [&self.real_waits, &self.fallback_waits, &self.unjudged_waits];
        outcomes.into_iter().filter_map(|waits| waits.max).max_by(f64::total_cmp)
    }

    /// Returns the percentage of the answers that are `part`, rounded down so that 100% means all, but up from zero so
    /// that 0% means none.
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

    /// Removes a request that was due but not observed.
    pub(super) fn forget(&mut self) {
        self.due = self.due.saturating_sub(1);
    }

    /// Records a request that had no answer after `waited_ms` when probing stopped.
    pub(super) fn give_up(&mut self, waited_ms: f64) {
        self.given_up += 1;
        if self.given_up_ms.len() < GIVEN_UP {
            self.given_up_ms.push(waited_ms);
        }
    }

    /// Reclassifies the unjudged answers as real.
    pub(super) fn learned(&mut self) {
        merge(&mut self.real, &self.unjudged);
        self.unjudged = None;
    }

    pub(super) fn answer(&mut self, kind: AnswerKind, waited_ms: f64, slow: bool) {
        self.over_limit += u64::from(slow);
        self.over_limit_errors += u64::from(slow && matches!(kind, AnswerKind::Error(_)));
        let row = if matches!(kind, AnswerKind::Error(_)) { self.errors_in_a_row.1 + 1 } else { 0 };
        self.errors_in_a_row = (self.errors_in_a_row.0.max(row), row);
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
            Outcome::Unjudged => record(&mut self.unjudged, waited_us),
            Outcome::Error => record(&mut self.error, waited_us),
        }
    }

    /// Adds the counts of another window.
    pub(super) fn take_in(&mut self, other: &Window) {
        self.due += other.due;
        self.withheld += other.withheld;
        self.given_up += other.given_up;
        self.given_up_ms
            .extend(other.given_up_ms.iter().take(GIVEN_UP.saturating_sub(self.given_up_ms.len())));
        self.errors_in_a_row = (self.errors_in_a_row.0.max(other.errors_in_a_row.0), other.errors_in_a_row.1);
        self.over_limit += other.over_limit;
        self.over_limit_errors += other.over_limit_errors;
        for (kind, count) in &other.errors {
            match self.errors.iter_mut().find(|(known, _)| known == kind) {
                Some((_, sum)) => *sum += count,
                None => self.errors.push((*kind, *count)),
            }
        }
        merge(&mut self.real, &other.real);
        merge(&mut self.fallback, &other.fallback);
        merge(&mut self.unjudged, &other.unjudged);
        merge(&mut self.error, &other.error);
    }

    /// Computes the table's row of several windows together, with the waits in milliseconds of the requests in flight.
    pub(super) fn tally(windows: &[&Window], in_flight: impl Iterator<Item = f64>, limit_ms: f64) -> Tally {
        let mut tally = Tally::default();
        let mut given_up = 0;
        let mut unanswered: Vec<f64> = in_flight.collect();
        let (mut real, mut fallback, mut unjudged, mut error) = (None, None, None, None);
        for window in windows {
            tally.sent += window.due;
            tally.withheld += window.withheld;
            tally.over_limit += window.over_limit;
            tally.over_limit_errors += window.over_limit_errors;
            given_up += window.given_up;
            merge(&mut real, &window.real);
            merge(&mut fallback, &window.fallback);
            merge(&mut unjudged, &window.unjudged);
            unanswered.extend(&window.given_up_ms);
            tally.errors_in_a_row = tally.errors_in_a_row.max(window.errors_in_a_row.0);
            merge(&mut error, &window.error);
            for (kind, count) in &window.errors {
                match tally.errors.iter_mut().find(|(other, _)| other == kind) {
                    Some((_, sum)) => *sum += count,
                    None => tally.errors.push((*kind, *count)),
                }
            }
        }
        let count = |waits: &Latencies| waits.as_ref().map_or(0, |record| record.histogram.len());
        (tally.real, tally.fallback) = (count(&real), count(&fallback));
        (tally.unjudged, tally.error) = (count(&unjudged), count(&error));
        (tally.real_waits, tally.fallback_waits) = (LatencySummary::of(&real), LatencySummary::of(&fallback));
        (tally.unjudged_waits, tally.error_waits) =
            (LatencySummary::of(&unjudged), LatencySummary::of(&error));
        let mut all = real;
        merge(&mut all, &fallback);
        merge(&mut all, &unjudged);
        merge(&mut all, &error);
        tally.over_limit_unanswered = unanswered.iter().filter(|waited| **waited > limit_ms).count() as u64;
        tally.over_limit += tally.over_limit_unanswered;
        tally.all = LatencySummary::with_unanswered(&all, unanswered);
        tally.waiting = tally.sent.saturating_sub(tally.answered() + given_up);
        tally
    }
}

impl LatencySummary {
    fn of(waited: &Latencies) -> Self {
        let Some(record) = waited else { return Self::default() };
        let ms = |us: u64| Some(us as f64 / 1000.0);
        // The histogram returns the upper end of a bucket, which may lie beyond the longest wait.
        let at = |quantile| ms(record.histogram.value_at_quantile(quantile).min(record.max));
        let (p50, p95, p99) = (at(0.5), at(0.95), at(0.99));
        Self { min: ms(record.min), p50, p95, p99, max: ms(record.max), open_from: None }
    }

    /// Same as [`Self::of`], with requests that have no answer yet. Those that have waited longer than the answers' p99
    /// rank behind all answers; the rank of the others is unknown, and they are likely to be answered soon.
    fn with_unanswered(waited: &Latencies, mut unanswered: Vec<f64>) -> Self {
        let answered = Self::of(waited);
        let longest = unanswered.iter().copied().fold(0.0, f64::max);
        unanswered.retain(|ms| *ms > answered.p99.unwrap_or(0.0).max(ON_THE_WAY_MS));
        let Some(shortest) = unanswered.iter().copied().min_by(f64::total_cmp) else { return answered };
        unanswered.sort_unstable_by(f64::total_cmp);
        let answers = waited.as_ref().map_or(0, |record| record.histogram.len());
        let all = answers + unanswered.len() as u64;
        let max = answered.max.unwrap_or(0.0).max(longest);
        let mut open_from = answered.max.is_none_or(|most| longest > most).then_some(Quantile::Max);
        let mut at = |share: f64, quantile: Quantile| {
            let rank = ((share * all as f64).ceil() as u64).max(1);
            match (rank.checked_sub(answers + 1), waited) {
                (Some(place), _) => {
                    open_from = Some(open_from.map_or(quantile, |from| from.min(quantile)));
                    unanswered.get(place as usize).copied()
                }
                (None, Some(record)) => {
                    let us = record.histogram.value_at_quantile(rank as f64 / answers.max(1) as f64);
                    Some(us.min(record.max) as f64 / 1000.0)
                }
                (None, None) => None,
            }
        };
        let (p50, p95, p99) = (at(0.5, Quantile::P50), at(0.95, Quantile::P95), at(0.99, Quantile::P99));
        Self { min: answered.min.or(Some(shortest)), p50, p95, p99, max: Some(max), open_from }
    }

    /// Returns one of the figures, in milliseconds.
    pub fn at(&self, quantile: Quantile) -> Option<f64> {
        match quantile {
            Quantile::P50 => self.p50,
            Quantile::P95 => self.p95,
            Quantile::P99 => self.p99,
            Quantile::Max => self.max,
        }
    }

    /// Returns whether a figure may still grow.
    pub fn is_open(&self, quantile: Quantile) -> bool {
        self.open_from.is_some_and(|from| quantile >= from)
    }
}

fn record(waited: &mut Latencies, waited_us: u64) {
    waited.get_or_insert_with(LatencyRecord::new).add(waited_us);
}

fn merge(into: &mut Latencies, from: &Latencies) {
    if let Some(from) = from {
        into.get_or_insert_with(LatencyRecord::new).merge(from);
    }
}
