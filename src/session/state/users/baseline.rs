//! The users' baseline before the fault, to which later answers are compared.

use super::{Tally, UserSecond, seconds::UserSeconds};

/// The factor on the baseline's p95 above which an answer is late, where that p95 is over the limit.
const LATER: f64 = 1.5;

/// What users got in steady state, frozen at T0.
#[derive(Clone, Debug, PartialEq)]
pub struct UserBaseline {
    /// All counts and waiting times.
    pub tally: Tally,
    /// The longest wait that users accept since T0, in milliseconds: the limit, or 1.5 times the baseline's p95 where
    /// that p95 is over the limit.
    pub accepted_ms: f64,
    /// The number of bad seconds.
    pub bad: u64,
    /// The number of seconds in which requests were due.
    pub seconds: u64,
}

impl UserBaseline {
    pub(super) fn of(tally: &Tally, limit_ms: f64, seconds: &UserSeconds, t0_slot: i64) -> Self {
        let usual_ms = tally.all.p95.filter(|p95| *p95 > limit_ms).map(|p95| p95 * LATER);
        let bad = |second: &&UserSecond| if usual_ms.is_some() { second.failed() } else { second.is_bad() };
        let asked = || {
            let before = seconds.iter().take_while(|(slot, _)| *slot < t0_slot).map(|(_, second)| second);
            before.filter(|second| second.due > 0)
        };
        Self {
            tally: tally.clone(),
            accepted_ms: usual_ms.unwrap_or(limit_ms),
            bad: asked().filter(bad).count() as u64,
            seconds: asked().count() as u64,
        }
    }

    /// Returns whether users already had to wait longer than the limit in steady state.
    pub fn is_slow(&self, limit_ms: u64) -> bool {
        self.accepted_ms > limit_ms as f64
    }
}
