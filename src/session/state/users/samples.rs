//! The latest answers one by one, for the chart and for "the last five seconds".

use crate::session::event::{AnswerKind, Timestamp};
use std::collections::VecDeque;

/// The maximum number of answers kept one by one: an hour at two a second. Longer and faster histories are drawn from
/// the seconds.
const KEPT: usize = 8192;

/// The outcome of an answer, whatever its latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The answer of steady state: `r`.
    Real,
    /// A success that does not look like the real answer: `f`.
    Fallback,
    /// A success that cannot be classified as real or fallback: `a`.
    Unjudged,
    /// No success: `X`.
    Error,
}

impl Outcome {
    /// All outcomes, in the order of tables.
    pub const ALL: [Outcome; 4] = [Outcome::Real, Outcome::Fallback, Outcome::Unjudged, Outcome::Error];

    /// Returns the letter; capital when the user had to wait longer than the limit. Errors are always capital.
    pub fn letter(self, slow: bool) -> char {
        match (self, slow) {
            (Outcome::Real, false) => 'r',
            (Outcome::Real, true) => 'R',
            (Outcome::Fallback, false) => 'f',
            (Outcome::Fallback, true) => 'F',
            (Outcome::Unjudged, false) => 'a',
            (Outcome::Unjudged, true) => 'A',
            (Outcome::Error, _) => 'X',
        }
    }
}

impl From<AnswerKind> for Outcome {
    fn from(kind: AnswerKind) -> Self {
        match kind {
            AnswerKind::Real => Outcome::Real,
            AnswerKind::Fallback => Outcome::Fallback,
            AnswerKind::Unjudged => Outcome::Unjudged,
            AnswerKind::Error(_) => Outcome::Error,
        }
    }
}

/// One answered request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Intended start.
    pub start: Timestamp,
    /// Milliseconds from the intended start to the end.
    pub waited_ms: f32,
    /// What the user got.
    pub outcome: Outcome,
    /// Stored, because every frame reads it of thousands of answers.
    ended: Timestamp,
}

impl Sample {
    pub(super) fn new(start: Timestamp, waited_ms: f32, outcome: Outcome) -> Self {
        // A recording may claim any wait.
        let waited = std::time::Duration::try_from_secs_f64(f64::from(waited_ms.max(0.0)) / 1000.0);
        let ended = waited.ok().and_then(|waited| start.checked_add(waited).ok());
        Self { start, waited_ms, outcome, ended: ended.unwrap_or(start) }
    }

    /// Returns when the answer arrived.
    pub fn ended(&self) -> Timestamp {
        self.ended
    }
}

/// The latest answers, in order of arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    kept: VecDeque<Sample>,
    /// When the latest of the dropped answers arrived.
    forgotten: Option<Timestamp>,
}

impl Samples {
    pub(super) fn push(&mut self, dot: Sample) {
        if self.kept.len() == KEPT {
            self.forgotten = self.kept.pop_front().map(|old| old.ended());
        }
        self.kept.push_back(dot);
    }

    /// Reclassifies unjudged answers to requests due before `until` as real.
    pub(super) fn learned(&mut self, until: Option<Timestamp>) {
        let unjudged = self.kept.iter_mut().filter(|dot| dot.outcome == Outcome::Unjudged);
        unjudged
            .filter(|dot| until.is_none_or(|until| dot.start < until))
            .for_each(|dot| dot.outcome = Outcome::Real);
    }

    pub(super) fn forgotten(&self) -> Option<Timestamp> {
        self.forgotten
    }

    /// Returns the answers that arrived at `at` or later, in order of arrival.
    pub(super) fn from(&self, at: Timestamp) -> impl Iterator<Item = &Sample> {
        let first = self.kept.partition_point(|dot| dot.ended < at);
        self.kept.range(first..)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.kept.iter()
    }
}

/// The counts and waits of the latest answers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recent {
    pub answers: usize,
    pub real: usize,
    pub fallback: usize,
    /// Successes that cannot be classified as real or fallback.
    pub unjudged: usize,
    pub errors: usize,
    /// Median wait in milliseconds.
    pub median_ms: Option<f64>,
    /// Longest wait in milliseconds.
    pub max_ms: Option<f64>,
}

impl Recent {
    /// Computes the figures of the given answers.
    pub fn of<'a>(dots: impl Iterator<Item = &'a Sample>) -> Self {
        let mut recent = Self::default();
        let mut waits: Vec<f32> = Vec::new();
        for dot in dots {
            recent.answers += 1;
            match dot.outcome {
                Outcome::Real => recent.real += 1,
                Outcome::Fallback => recent.fallback += 1,
                Outcome::Unjudged => recent.unjudged += 1,
                Outcome::Error => recent.errors += 1,
            }
            waits.push(dot.waited_ms);
        }
        recent.max_ms = waits.iter().copied().max_by(f32::total_cmp).map(f64::from);
        if !waits.is_empty() {
            // At hundreds of requests a second a full sort would take most of a frame.
            let middle = waits.len() / 2;
            recent.median_ms = Some(f64::from(*waits.select_nth_unstable_by(middle, f32::total_cmp).1));
        }
        recent
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Sample};
    use crate::session::event::Timestamp;

    #[test]
    fn a_wait_of_any_length_is_taken() {
        let start = Timestamp::UNIX_EPOCH;
        for waited_ms in [f32::MAX, f32::INFINITY, f32::NAN, 1e20, -1.0] {
            assert_eq!(Sample::new(start, waited_ms, Outcome::Real).ended(), start);
        }
    }
}
