//! Requests by the quarter of a second in which they were due.

use super::super::seconds;
use crate::session::event::{Answer, AnswerKind, ErrorKind, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Milliseconds of a quarter.
const QUARTER_MS: i64 = 250;
/// Quarters kept though they are settled: ten seconds.
const KEPT: i64 = 40;
/// Slow calls remembered, to know what was in flight when a fast one was due.
const SLOW: usize = 256;
/// A call that ended this shortly after another one was due was not in flight then: clocks and schedulers jitter.
const JITTER_S: f64 = 0.02;

/// What became of the requests due in one quarter of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Quarter {
    /// When the quarter begins; with a single request, when that was due.
    pub(super) start: Timestamp,
    /// Real answers that were fast.
    pub(super) real: u32,
    /// Real answers that were slow.
    pub(super) real_slow: u32,
    /// Fast answers that were not real.
    pub(super) fast: u32,
    /// Those of them that were due while no slow call was in flight: nothing but a rule cut them short.
    pub(super) clear: u32,
    /// Slow answers that were not real.
    pub(super) slow: u32,
    /// Requests that wait for longer than a fast answer takes.
    pub(super) waiting: u32,
    /// Requests that the consumer itself did not answer: resets, refusals.
    pub(super) lost: u32,
    /// Answers with 429, or that ask to come back later.
    pub(super) limited: u32,
    /// Whether there were fallbacks among the answers that were not real.
    pub(super) fallback: bool,
    /// Longest wait of a fast answer that was not real.
    pub(super) slowest_fast_ms: f64,
    /// Longest wait of a slow answer.
    pub(super) longest_ms: f64,
    /// When the first slow answer came.
    pub(super) slow_ended: Option<Timestamp>,
}

/// The quarters that are not settled yet, and the last ten seconds.
#[derive(Default)]
pub(super) struct Quarters {
    cells: BTreeMap<i64, Quarter>,
    /// Quarters before this one have been handed over.
    settled: i64,
    /// Slow calls: when they were due and when they ended.
    slow: VecDeque<(Timestamp, Timestamp)>,
}

impl Quarters {
    /// Files an answer under the moment it was due; `waits` tells whether an earlier request still waits.
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

    /// Answers to requests due since `from`, within the last ten seconds.
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

/// Whether the consumer itself did not answer. A time-out of our own is a slow call.
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
