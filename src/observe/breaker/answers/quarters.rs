//! Requests by the quarter of a second in which they were due.

use crate::session::event::{Answer, AnswerKind, Timestamp};
use std::collections::BTreeMap;

/// Milliseconds of a quarter.
const QUARTER_MS: i64 = 250;
/// Quarters kept though they are settled: ten seconds.
const KEPT: i64 = 40;

/// What became of the requests due in one quarter of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Quarter {
    /// When the quarter begins; with a single request, when that was due.
    pub(super) start: Timestamp,
    /// Real answers, fast or slow.
    pub(super) real: u32,
    /// Fast answers that were not real.
    pub(super) fast: u32,
    /// Slow answers that were not real.
    pub(super) slow: u32,
    /// Requests that wait for longer than a fast answer takes.
    pub(super) waiting: u32,
    /// Whether the answers that were not real were fallbacks.
    pub(super) fallback: bool,
    /// Longest wait of a fast answer that was not real.
    pub(super) slowest_fast_ms: f64,
    /// Longest wait of a slow answer that was not real.
    pub(super) longest_ms: f64,
    /// When the first slow answer that was not real came.
    pub(super) slow_ended: Option<Timestamp>,
}

/// The quarters that are not settled yet, and the last ten seconds.
#[derive(Default)]
pub(super) struct Quarters {
    cells: BTreeMap<i64, Quarter>,
    /// Quarters before this one have been handed over.
    settled: i64,
}

impl Quarters {
    pub(super) fn file(&mut self, due: Timestamp, ended: Timestamp, answer: &Answer, fast: bool) {
        let cell =
            self.cells.entry(number(due)).or_insert_with(|| Quarter { start: due, ..Quarter::default() });
        match (answer.kind, fast) {
            (AnswerKind::Real, _) => cell.real += 1,
            (_, true) => {
                cell.fast += 1;
                cell.slowest_fast_ms = cell.slowest_fast_ms.max(answer.waited_ms);
            }
            (_, false) => {
                cell.slow += 1;
                cell.longest_ms = cell.longest_ms.max(answer.waited_ms);
                cell.slow_ended = Some(cell.slow_ended.map_or(ended, |first| first.min(ended)));
            }
        }
        cell.fallback |= answer.kind == AnswerKind::Fallback;
    }

    /// Hands the quarters over whose requests have all ended, and forgets those that nobody asks for any more.
    pub(super) fn settle(
        &mut self,
        oldest_in_flight: Option<Timestamp>,
        now: Timestamp,
        mut read: impl FnMut(&Quarter),
    ) {
        let end = oldest_in_flight.map_or(number(now), |due| number(due).min(number(now)));
        for (_, quarter) in self.cells.range(self.settled.min(end)..end) {
            read(quarter);
        }
        self.settled = self.settled.max(end);
        let keep = self.settled.min(number(now) - KEPT);
        self.cells = self.cells.split_off(&keep);
    }

    /// Hands over all quarters that are not settled, requests that wait included.
    pub(super) fn with_waiting(
        &self,
        waiting: impl Iterator<Item = Timestamp>,
        mut read: impl FnMut(&Quarter),
    ) {
        let mut open: BTreeMap<i64, Quarter> =
            self.cells.range(self.settled..).map(|(n, quarter)| (*n, *quarter)).collect();
        for due in waiting {
            open.entry(number(due))
                .or_insert_with(|| Quarter { start: due, ..Quarter::default() })
                .waiting += 1;
        }
        open.values().for_each(&mut read);
    }

    /// Answers to requests due since `from`, within the last ten seconds: real, slow, fast.
    pub(super) fn since(&self, from: Timestamp) -> (u32, u32, u32) {
        let late = self
            .cells
            .range(number(from)..)
            .map(|(_, quarter)| quarter)
            .filter(|quarter| quarter.start >= from);
        late.fold((0, 0, 0), |(real, slow, fast), quarter| {
            (real + quarter.real, slow + quarter.slow, fast + quarter.fast)
        })
    }
}

fn number(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(QUARTER_MS)
}
