//! Requests grouped by the quarter of a second in which they were due.

use super::super::seconds;
use crate::session::event::{Answer, AnswerKind, ErrorKind, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// The length of a quarter in milliseconds.
const QUARTER_MS: i64 = 250;
/// The number of settled quarters kept: ten seconds.
const KEPT: i64 = 40;
/// The maximum number of slow calls kept, to know whether one was in flight when a fast call was due.
const SLOW: usize = 256;
/// A call that ended this shortly after another one was due does not count as in flight then: clocks and schedulers
/// jitter.
const JITTER_S: f64 = 0.02;

/// The outcomes of the requests due in one quarter of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Quarter {
    /// The due time of the first request filed in the quarter.
    pub(super) start: Timestamp,
    /// Real answers that were fast.
    pub(super) real: u32,
    /// Real answers that were slow.
    pub(super) real_slow: u32,
    /// Fast answers that were not real.
    pub(super) fast: u32,
    /// Those of `fast` that were due while no slow call was in flight, so that only a rule can have cut them short.
    pub(super) clear: u32,
    /// Slow answers that were not real.
    pub(super) slow: u32,
    /// Requests in flight for longer than a fast answer takes.
    pub(super) waiting: u32,
    /// Requests that the consumer itself did not answer: resets, refusals.
    pub(super) lost: u32,
    /// Answers with status 429 or a Retry-After header.
    pub(super) limited: u32,
    /// Whether any of the answers is a fallback.
    pub(super) fallback: bool,
    /// The longest wait of a fast answer that was not real.
    pub(super) slowest_fast_ms: f64,
    /// The longest wait of a slow answer.
    pub(super) longest_ms: f64,
    /// When the first slow answer ended.
    pub(super) slow_ended: Option<Timestamp>,
}

/// The quarters that are not settled yet, and those of the last ten seconds.
#[derive(Default)]
pub(super) struct Quarters {
    cells: BTreeMap<i64, Quarter>,
    /// Quarters before this one have been passed on.
    settled: i64,
    /// Slow calls: when they were due and when they ended.
    slow: VecDeque<(Timestamp, Timestamp)>,
}

impl Quarters {
    /// Adds an answer to the quarter in which it was due; `waits` is whether an earlier request is still in flight.
    pub(super) fn file(
        &mut self,
        due: Timestamp,
        ended: Timestamp,
        answer: &Answer,
        fast: bool,
        waits: bool,
    ) {
        let clear = !waits && !self.slow.iter().any(|(from, to)| *from < due && seconds(due, *to) > JITTER_S);
        if !fast {
            if self.slow.len() == SLOW {
                self.slow.pop_front();
            }
            self.slow.push_back((due, ended));
        }
        let cell =
            self.cells.entry(number(due)).or_insert_with(|| Quarter { start: due, ..Quarter::default() });
        cell.limited += u32::from(answer.status == Some(429) || answer.retry_after);
        if !fast && !is_lost(answer) {
            cell.longest_ms = cell.longest_ms.max(answer.waited_ms);
            cell.slow_ended = Some(cell.slow_ended.map_or(ended, |first| first.min(ended)));
        }
        match (answer.kind, fast) {
            _ if is_lost(answer) => cell.lost += 1,
            (AnswerKind::Real, true) => cell.real += 1,
            (AnswerKind::Real, false) => cell.real_slow += 1,
            (_, true) => {
                cell.fast += 1;
                cell.clear += u32::from(clear);
                cell.slowest_fast_ms = cell.slowest_fast_ms.max(answer.waited_ms);
            }
            (_, false) => cell.slow += 1,
        }
        cell.fallback |= answer.kind == AnswerKind::Fallback;
    }

    /// Passes on the quarters whose requests have all ended, and drops the old ones.
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

    /// Passes on all unsettled quarters, including the requests in flight.
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

    /// The sum of the answers to requests due since `from`, within the last ten seconds.
    pub(super) fn since(&self, from: Timestamp) -> Quarter {
        let late = self.cells.range(number(from)..).map(|(_, quarter)| quarter);
        late.filter(|quarter| quarter.start >= from).fold(Quarter::default(), |sum, quarter| Quarter {
            real: sum.real + quarter.real,
            real_slow: sum.real_slow + quarter.real_slow,
            fast: sum.fast + quarter.fast,
            clear: sum.clear + quarter.clear,
            slow: sum.slow + quarter.slow,
            ..sum
        })
    }
}

/// Whether the consumer itself did not answer. A timeout of this program counts as a slow call instead.
fn is_lost(answer: &Answer) -> bool {
    match answer.kind {
        AnswerKind::Error(ErrorKind::Timeout) => false,
        AnswerKind::Error(_) => answer.status.is_none(),
        _ => false,
    }
}

fn number(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(QUARTER_MS)
}
