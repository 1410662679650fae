//! Wall time that tests can control: one reading of the wall, then tokio's clock.

use super::event::Timestamp;
use tokio::time::Instant;

/// Tells the time. Under `tokio::time::pause` it stands still until the test moves it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Timestamp,
    start: Instant,
}

impl Clock {
    /// A clock that starts at the wall's time.
    pub fn system() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// A clock that starts at a given moment.
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { wall, start: Instant::now() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// The moment at which tokio's clock stood at `instant`; not before this clock began.
    pub fn at(&self, instant: Instant) -> Timestamp {
        self.wall + instant.saturating_duration_since(self.start)
    }
}
