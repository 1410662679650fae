//! When to draw: something changed, and the last frame is long enough ago.
//!
//! A static screen costs as much per frame as a moving one, so only not drawing is free.

use std::time::Duration;
use tokio::time::Instant;

/// Shortest time between two frames.
const FLOOR: Duration = Duration::from_millis(33);
/// How often ages and countdowns move on.
const TICK: Duration = Duration::from_secs(1);

/// Decides when the next frame is due.
#[derive(Debug)]
pub struct Pace {
    dirty: bool,
    drawn: Option<Instant>,
}

impl Default for Pace {
    /// The first frame is due at once.
    fn default() -> Self {
        Self { dirty: true, drawn: None }
    }
}

impl Pace {
    /// Something that is on the screen changed.
    pub fn touch(&mut self) {
        self.dirty = true;
    }

    /// Whether a frame is due because something changed.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// A frame was drawn at `now`.
    pub fn drew(&mut self, now: Instant) {
        self.dirty = false;
        self.drawn = Some(now);
    }

    /// When to draw next: as soon as allowed when something changed, a second after the last frame while time
    /// itself is on the screen, else never.
    pub fn due(&self, now: Instant, time_shows: bool) -> Option<Instant> {
        let Some(drawn) = self.drawn else { return Some(now) };
        if self.dirty {
            return Some((drawn + FLOOR).max(now));
        }
        time_shows.then_some((drawn + TICK).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn draws_at_once_then_with_a_floor_then_not_at_all() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.due(start, false), Some(start));
        pace.drew(start);
        assert_eq!(pace.due(start, false), None, "nothing changed");
        assert_eq!(pace.due(start, true), Some(start + TICK), "an age moves on");
        pace.touch();
        assert_eq!(pace.due(start + Duration::from_millis(1), true), Some(start + FLOOR));
        let late = start + Duration::from_secs(9);
        assert_eq!(pace.due(late, false), Some(late), "long after the floor a change shows at once");
    }
}
