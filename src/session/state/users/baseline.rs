//! What users were used to before the fault: what it is compared with.

use super::{Tally, UserSecond, seconds::UserSeconds};

/// How much later than nearly everybody before the fault an answer has to be to let a user down.
const LATER: f64 = 1.5;

/// What users got in steady state, frozen at T0.
#[derive(Clone, Debug, PartialEq)]
pub struct UserBaseline {
    /// Everything they got.
    pub tally: Tally,
    /// What they accept to wait from then on, in milliseconds: the limit, or, where more than one in twenty had to wait
    /// longer than that already, half as much again as 95 of 100 of them waited.
    pub accepted_ms: f64,
    /// Seconds in which a user was let down.
    pub bad: u64,
    /// Seconds in which users asked.
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

    /// Whether answers came later than users accept in steady state already.
    pub fn is_slow(&self, limit_ms: u64) -> bool {
        self.accepted_ms > limit_ms as f64
    }
}
