//! Decides when to draw: only after a change, and only when the minimum time since the last frame has passed.
//!
//! A frame of a static screen costs as much as one of a moving screen, so only a skipped frame saves anything.

use super::replay::FRAME;
use std::time::Duration;
use tokio::time::Instant;

/// The minimum time between two frames.
const FLOOR: Duration = Duration::from_millis(33);
/// How long a session change waits for related changes: a request and its answer, or an event and the conclusion drawn
/// from it, share one frame. The delay is too short to notice.
const GATHER: Duration = Duration::from_millis(40);
/// How often ages and countdowns are redrawn.
const TICK: Duration = Duration::from_secs(1);

/// Decides when the next frame is due.
#[derive(Debug)]
pub(super) struct FramePace {
    /// The moment from which the oldest change that is not drawn yet may be drawn.
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
    /// Records operator input at `now`: its frame is due once the minimum time between frames has passed.
    pub(super) fn record_input(&mut self, now: Instant) {
        self.pending = Some(now);
    }

    /// Records a session change at `now`: its frame is delayed so that related changes share it.
    pub(super) fn record_change(&mut self, now: Instant) {
        self.pending.get_or_insert(now + GATHER);
    }

    /// Returns whether a change is not drawn yet. The first frame counts as one.
    pub(super) fn is_dirty(&self) -> bool {
        self.pending.is_some() || self.drawn.is_none()
    }

    /// Records a frame drawn at `now`.
    pub(super) fn record_frame(&mut self, now: Instant) {
        self.pending = None;
        self.drawn = Some(now);
    }

    /// Returns when to draw a replay next that plays.
    pub(super) fn due_in_replay(&self, now: Instant) -> Instant {
        let Some(drawn) = self.drawn else { return now };
        let next = self.pending.map_or(drawn + FRAME, |shown| shown.max(drawn + FLOOR));
        next.max(now)
    }

    /// Returns when to draw next: after a change as soon as allowed; else a second after the last frame if `time_shows`
    /// (ages or countdowns are on the screen); else never.
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
        pace.record_frame(start);
        assert_eq!(pace.due(start, false), None, "nothing changed");
        assert_eq!(pace.due(start, true), Some(start + TICK), "an age moves on");
        let soon = start + Duration::from_millis(1);
        pace.record_input(soon);
        assert_eq!(pace.due(soon, true), Some(start + FLOOR));
        let late = start + Duration::from_secs(9);
        assert_eq!(pace.due(late, false), Some(late), "long after the floor a key shows at once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_together_is_one_frame_and_a_key_does_not_wait_for_it() {
        let start = Instant::now();
        let mut pace = FramePace::default();
        pace.record_frame(start);
        let asked = start + Duration::from_secs(9);
        pace.record_change(asked);
        let answered = asked + Duration::from_millis(5);
        pace.record_change(answered);
        assert_eq!(pace.due(answered, false), Some(asked + GATHER), "the first of them tells when");
        pace.record_input(answered);
        assert_eq!(pace.due(answered, false), Some(answered));
        pace.record_frame(answered);
        assert!(!pace.is_dirty());
    }
}
