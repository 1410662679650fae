//! How often everybody calls a service, from the counter on its metrics page: our probe's share of it, and, where nobody is
//! asked, whether calls fail more often since the fault.

use crate::session::event::{CallTotals, EndpointId, Timestamp};
use std::collections::VecDeque;

/// Counts kept: what is said is said about the last seconds.
const KEPT: usize = 32;
/// Seconds that a rate is taken over, at least and at most.
const SPAN_S: (f64, f64) = (4.0, 15.0);
/// Seconds after which a count that was not repeated says nothing about now.
const STALE_S: f64 = 5.0;

/// What metrics pages have counted lately.
#[derive(Clone, Debug, Default)]
pub struct CallCounts {
    counted: Vec<CallSample>,
}

#[derive(Clone, Debug)]
struct CallSample {
    latest: CallTotals,
    lately: VecDeque<(Timestamp, u64)>,
    /// The first count, the one at T0, calls and failed ones: what grew before and since.
    begun: (u64, u64),
    t0: Option<(u64, u64)>,
}

/// Calls a second of everybody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallRate<'a> {
    /// Calls a second, ours among them.
    pub per_second: f64,
    /// The series that counts them.
    pub series: &'a str,
    /// Whether it counts the endpoint's path alone.
    pub of_path: bool,
}

/// Calls and how many of them failed, over a stretch of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallShare {
    /// Calls of everybody.
    pub calls: u64,
    pub failed: u64,
}

impl CallCounts {
    pub(in crate::session::state) fn count(&mut self, at: Timestamp, calls: &CallTotals) {
        let sums = (calls.total, calls.failed.unwrap_or(0));
        let known = self.counted.iter_mut().find(|known| known.latest.endpoint == calls.endpoint);
        let Some(known) = known else {
            let lately = VecDeque::from([(at, calls.total)]);
            self.counted.push(CallSample { latest: calls.clone(), lately, begun: sums, t0: None });
            return;
        };
        // Another series, or the service began anew: what was counted before cannot be compared.
        let anew = known.latest.series != calls.series || calls.total < known.latest.total;
        if anew {
            known.lately.clear();
            known.begun = sums;
            known.t0 = known.t0.map(|_| sums);
        }
        if known.lately.len() == KEPT {
            known.lately.pop_front();
        }
        known.lately.push_back((at, calls.total));
        known.latest = calls.clone();
    }

    /// There was no fault after all.
    pub(super) fn unfired(&mut self) {
        self.counted.iter_mut().for_each(|known| known.t0 = None);
    }

    pub(super) fn fired(&mut self) {
        for known in &mut self.counted {
            known.t0 = Some((known.latest.total, known.latest.failed.unwrap_or(0)));
        }
    }

    /// Nothing was read for a while: rates begin anew.
    pub(super) fn forget(&mut self) {
        self.counted.iter_mut().for_each(|known| known.lately.clear());
    }

    /// How often everybody calls an endpoint's service now; `None` where no page tells, or not for long enough.
    pub fn rate(&self, endpoint: EndpointId, now: Timestamp) -> Option<CallRate<'_>> {
        let known = self.counted.iter().find(|known| known.latest.endpoint == endpoint)?;
        let (last, total) = known.lately.back().copied()?;
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        if seconds(last, now) > STALE_S {
            return None;
        }
        let (from, first) = known.lately.iter().find(|(at, _)| seconds(*at, last) <= SPAN_S.1)?;
        let span = seconds(*from, last);
        let per_second = (total - first) as f64 / span;
        let CallTotals { series, of_path, .. } = &known.latest;
        (span >= SPAN_S.0).then_some(CallRate { per_second, series, of_path: *of_path })
    }

    /// Calls before T0 and since, where a series tells which of them failed.
    pub fn before_and_since(&self) -> Option<(CallShare, CallShare)> {
        let known = self.counted.iter().find(|known| known.t0.is_some() && known.latest.failed.is_some())?;
        let t0 = known.t0?;
        let now = (known.latest.total, known.latest.failed?);
        let grown = |from: (u64, u64), to: (u64, u64)| CallShare {
            calls: to.0.saturating_sub(from.0),
            failed: to.1.saturating_sub(from.1),
        };
        Some((grown(known.begun, t0), grown(t0, now)))
    }
}
