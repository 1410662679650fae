//! The due times of requests.

use crate::observe::absence::AbsenceDetector;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The resolution of the runtime's timer: a request is due at the first tick at which it can be sent.
const TICK: Duration = Duration::from_millis(1);

/// Due times at a constant rate. They do not shift, however late `next` is called; those within a gap in which this
/// program did not run are skipped, because no user would have called then.
pub(super) struct ConstantRate {
    presence: AbsenceDetector,
    start: Instant,
    rate: f64,
    next: u64,
}

impl ConstantRate {
    pub(super) fn new(start: Instant, rate: f64, presence: AbsenceDetector) -> Self {
        Self { presence, start, rate, next: 0 }
    }

    /// Waits for the next due time; returns its number and the intended start: the due time plus at most one timer
    /// tick. Any longer delay counts as waiting time of the users.
    pub(super) async fn next(&mut self) -> (u64, Instant) {
        loop {
            let number = self.next;
            let due = self.start + Duration::from_secs_f64(number as f64 / self.rate);
            sleep_until(due).await;
            if let Some(back) = self.presence.gap_end_at(due) {
                let passed = back.saturating_duration_since(self.start).as_secs_f64() * self.rate;
                self.next = (number + 1).max(passed.ceil() as u64);
                continue;
            }
            // Incremented only now, so that a cancelled wait is repeated.
            self.next += 1;
            return (number, due + Instant::now().saturating_duration_since(due).min(TICK));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn moments_do_not_move_when_somebody_is_late() {
        let start = Instant::now();
        let mut pace = ConstantRate::new(start, 2.0, AbsenceDetector::default());
        let (_, first) = pace.next().await;
        assert_eq!(first, start);
        // After a stall of 1.7 s three due times have passed, and each keeps its own time.
        tokio::time::advance(Duration::from_millis(1700)).await;
        for number in 1..=3 {
            let late = Instant::now();
            let (given, due) = pace.next().await;
            assert_eq!((given, Instant::now()), (number, late), "nobody waits for a moment that has passed");
            assert!(due.duration_since(start) <= Duration::from_millis(500 * number) + TICK);
        }
        let (_, due) = pace.next().await;
        assert!(due.duration_since(start) >= Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn moments_of_a_gap_of_our_own_are_left_out() {
        let start = Instant::now();
        let presence = AbsenceDetector::new(crate::session::clock::Clock::system());
        let mut pace = ConstantRate::new(start, 4.0, presence);
        pace.next().await;
        tokio::time::advance(Duration::from_millis(8100)).await;
        // Thirty-two were due meanwhile; the next due time follows the rate.
        let (number, due) = pace.next().await;
        assert_eq!(number, 33);
        assert!(due.duration_since(start) >= Duration::from_millis(8250));
        assert_eq!(pace.next().await.0, 34);
    }
}
