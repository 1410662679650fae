//! The calls of all clients of a service, from the counter on its metrics page: the share of this program's probe, and,
//! in a passive session, whether calls fail more often since the fault.

use crate::session::event::{CallTotals, EndpointId, Timestamp};
use std::collections::VecDeque;

/// The maximum number of counts kept; rates cover only the last seconds.
const KEPT: usize = 32;
/// The minimum and the maximum of seconds that a rate is computed over.
const SPAN_S: (f64, f64) = (4.0, 15.0);
/// Seconds after which a count is too old for a current rate.
const STALE_S: f64 = 5.0;

/// The latest counts of metrics pages.
#[derive(Clone, Debug, Default)]
pub struct CallCounts {
    counted: Vec<CallSample>,
}

#[derive(Clone, Debug)]
struct CallSample {
    latest: CallTotals,
    lately: VecDeque<(Timestamp, u64)>,
    /// Calls and failed calls at the first count; `t0` has those at T0. The differences are the calls before and since.
    begun: (u64, u64),
    t0: Option<(u64, u64)>,
}

/// The call rate of all clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallRate<'a> {
    /// Calls a second, this program's included.
    pub per_second: f64,
    /// The series that counts them.
    pub series: &'a str,
    /// Whether the series counts the endpoint's path only.
    pub of_path: bool,
}

/// Calls and failed calls in a period of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallShare {
    /// Calls of all clients.
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
        // Another series, or the service restarted: earlier counts cannot be compared.
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

    /// Drops the counts at T0, because there was no fault after all.
    pub(super) fn unfired(&mut self) {
        self.counted.iter_mut().for_each(|known| known.t0 = None);
    }

    pub(super) fn fired(&mut self) {
        for known in &mut self.counted {
            known.t0 = Some((known.latest.total, known.latest.failed.unwrap_or(0)));
        }
    }

    /// Restarts the rates after a period in which nothing was read.
    pub(super) fn forget(&mut self) {
        self.counted.iter_mut().for_each(|known| known.lately.clear());
    }

    /// Returns the current call rate of all clients of an endpoint's service; `None` where no page reports it, or not
    /// for long enough.
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

    /// Returns the calls before T0 and since, where a series reports which of them failed.
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
