//! When to draw: something changed, and the last frame is long enough ago.
//!
//! A static screen costs as much per frame as a moving one, so only not drawing is free.

use std::time::Duration;
use tokio::time::Instant;

/// Shortest time between two frames.
const FLOOR: Duration = Duration::from_millis(33);
/// How long a change of the session waits for others that come with it: a request and its answer, an event and what is concluded
/// from it, make one frame. Nobody sees so short a wait.
const GATHER: Duration = Duration::from_millis(40);
/// How often ages and countdowns move on.
const TICK: Duration = Duration::from_secs(1);

/// Decides when the next frame is due.
#[derive(Debug)]
pub(super) struct FramePace {
    /// When the oldest change that is not on the screen yet may be shown.
    pending: Option<Instant>,
    drawn: Option<Instant>,
}

impl Default for FramePace {
    /// The first frame is due at once.
    fn default() -> Self {
        Self { pending: None, drawn: None }
    }
}

impl FramePace {
    /// The operator did something at `now`, which is to be seen as soon as a frame is allowed.
    pub(super) fn touch(&mut self, now: Instant) {
        self.pending = Some(now);
    }

    /// The session changed at `now`: its frame waits for what comes right after.
    pub(super) fn gather(&mut self, now: Instant) {
        self.pending.get_or_insert(now + GATHER);
    }

    /// Whether a frame is due because something changed.
    pub(super) fn is_dirty(&self) -> bool {
        self.pending.is_some() || self.drawn.is_none()
    }

    /// A frame was drawn at `now`.
    pub(super) fn drew(&mut self, now: Instant) {
        self.pending = None;
        self.drawn = Some(now);
    }

    /// When to draw next: as soon as allowed when something changed, a second after the last frame while time
    /// itself is on the screen, else never.
    pub(super) fn due(&self, now: Instant, time_shows: bool) -> Option<Instant> {
        let Some(drawn) = self.drawn else { return Some(now) };
        if let Some(shown) = self.pending {
            return Some(shown.max(drawn + FLOOR).max(now));
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
        let mut pace = FramePace::default();
        assert_eq!(pace.due(start, false), Some(start));
        pace.drew(start);
        assert_eq!(pace.due(start, false), None, "nothing changed");
        assert_eq!(pace.due(start, true), Some(start + TICK), "an age moves on");
        let soon = start + Duration::from_millis(1);
        pace.touch(soon);
        assert_eq!(pace.due(soon, true), Some(start + FLOOR));
        let late = start + Duration::from_secs(9);
        assert_eq!(pace.due(late, false), Some(late), "long after the floor a key shows at once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_together_is_one_frame_and_a_key_does_not_wait_for_it() {
        let start = Instant::now();
        let mut pace = FramePace::default();
        pace.drew(start);
        let asked = start + Duration::from_secs(9);
        pace.gather(asked);
        let answered = asked + Duration::from_millis(5);
        pace.gather(answered);
        assert_eq!(pace.due(answered, false), Some(asked + GATHER), "the first of them tells when");
        pace.touch(answered);
        assert_eq!(pace.due(answered, false), Some(answered));
        pace.drew(answered);
        assert!(!pace.is_dirty());
    }
}
