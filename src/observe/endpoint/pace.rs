//! When requests are due.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The timer of the runtime knows milliseconds: a request is due at the first tick at which it can leave.
const TICK: Duration = Duration::from_millis(1);

/// Moments at a constant rate. They do not move, however late somebody asks for the next one.
pub(super) struct Pace {
    start: Instant,
    rate: f64,
    next: u64,
}

impl Pace {
    pub(super) fn new(start: Instant, rate: f64) -> Self {
        Self { start, rate, next: 0 }
    }

    /// Waits for the next moment and gives its number with the intended start: the moment itself, moved by the timer's
    /// grain and by no more. Whoever comes later than that is late, and its users wait.
    pub(super) async fn next(&mut self) -> (u64, Instant) {
        let number = self.next;
        let due = self.start + Duration::from_secs_f64(number as f64 / self.rate);
        sleep_until(due).await;
        // Only now, so that a wait given up in between is taken up again.
        self.next += 1;
        (number, due + Instant::now().saturating_duration_since(due).min(TICK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn moments_do_not_move_when_somebody_is_late() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 2.0);
        let (_, first) = pace.next().await;
        assert_eq!(first, start);
        // Stuck for 1.7 s: three moments have passed, each is due when it was due.
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
}
