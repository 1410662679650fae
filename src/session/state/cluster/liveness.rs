//! Liveness failures, counted from the kubelet's events, with the countdown to the restart.

use crate::session::event::{ClusterNote, Liveness, Timestamp};

/// Consecutive failures of the liveness probe. Kubernetes reports only failures, so a row ends when the next one is
/// overdue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LivenessMisses {
    row: u32,
    last: Option<Timestamp>,
    /// The most failures in a row since the container was last started.
    pub worst: u32,
    /// The number of rows seen.
    pub rows: u32,
}

/// How far the kubelet is from restarting a container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestartCountdown {
    /// Failures in a row.
    pub misses: u32,
    /// Failures in a row after which the container is restarted.
    pub threshold: u32,
    /// Seconds to the next probe.
    pub next_s: f64,
    /// Seconds to the restart, if every probe from here on fails.
    pub restart_s: f64,
}

impl LivenessMisses {
    pub(super) fn noted(&mut self, at: Timestamp, note: &ClusterNote, liveness: Option<&Liveness>) {
        if note.reason != "Unhealthy" || !note.message.starts_with("Liveness") {
            return;
        }
        let goes_on = liveness.is_some_and(|liveness| self.goes_on(at, liveness));
        self.rows += u32::from(!goes_on);
        self.row = if goes_on { self.row + 1 } else { 1 };
        self.worst = self.worst.max(self.row);
        self.last = Some(at);
    }

    /// Returns when the latest failure was seen.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Returns the countdown; `None` when the last probe succeeded.
    pub fn countdown(&self, now: Timestamp, liveness: &Liveness) -> Option<RestartCountdown> {
        let last = self.last.filter(|_| self.row > 0 && self.goes_on(now, liveness))?;
        let period = f64::from(liveness.period_s);
        let next_s = (period - now.duration_since(last).as_secs_f64()).max(0.0);
        let left = liveness.threshold.saturating_sub(self.row);
        let restart_s = if left == 0 { 0.0 } else { next_s + period * f64::from(left - 1) };
        Some(RestartCountdown { misses: self.row, threshold: liveness.threshold, next_s, restart_s })
    }

    /// Returns whether the row continues. Half a period of grace covers the kubelet's jitter and the delay of its
    /// events.
    fn goes_on(&self, now: Timestamp, liveness: &Liveness) -> bool {
        let patience = f64::from(liveness.period_s) * 1.5;
        self.last.is_some_and(|last| now.duration_since(last).as_secs_f64() <= patience)
    }
}
