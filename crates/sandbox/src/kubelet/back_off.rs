//! The back-off before a container is restarted.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);
/// A run of at least this duration resets the back-off.
const RESET_AFTER: Duration = Duration::from_secs(600);

/// The first restart is immediate, the second waits 10 s, and each later one waits twice as long as the one before, up
/// to five minutes.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct BackOff {
    next: Option<Duration>,
}

impl BackOff {
    /// Returns the delay after a run of the duration `ran`.
    pub(super) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= RESET_AFTER {
            self.next = None;
        }
        let wait = self.next.unwrap_or(Duration::ZERO);
        self.next = Some(if wait.is_zero() { FIRST } else { (wait * 2).min(LONGEST) });
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_five_minutes_and_a_long_run_resets_it() {
        let mut back_off = BackOff::default();
        let waits: Vec<u64> = (0..8).map(|_| back_off.after(Duration::from_secs(1)).as_secs()).collect();
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(back_off.after(Duration::from_secs(600)).as_secs(), 0);
        assert_eq!(back_off.after(Duration::from_secs(1)).as_secs(), 10);
    }
}
