//! Rings the terminal bell when a step starts to wait for the operator and when the users' verdict changes.

use super::panes::Scene;
use crate::{
    insight::{Phase, UserWord},
    session::{event::StepRef, state::StepState},
};
use std::time::Duration;
use tokio::time::Instant;

/// The minimum time between two bells.
const APART: Duration = Duration::from_secs(1);
/// A step that starts to wait this soon after a key press rings no bell: the operator is looking at the screen already.
const AT_HAND: Duration = Duration::from_secs(1);

/// Decides when the bell rings.
#[derive(Debug, Default)]
pub(super) struct Bell {
    /// The users' verdict at the last frame, and whether the session was finished then.
    word: Option<(UserWord, bool)>,
    /// The step that was waiting for the operator at the last frame.
    turn: Option<StepRef>,
    rung: Option<Instant>,
    pressed: Option<Instant>,
}

impl Bell {
    /// Records a key press at `now`.
    pub(super) fn record_key(&mut self, now: Instant) {
        self.pressed = Some(now);
    }

    /// Returns whether the bell is to ring for the frame of `scene`.
    pub(super) fn should_ring(&mut self, scene: &Scene, now: Instant) -> bool {
        let word = (scene.verdict.word, scene.phase == Phase::Finished);
        let changed = self.word.replace(word).is_some_and(|before| before != word);
        let turn = scene.session.steps.current().filter(|row| matches!(row.state, StepState::Awaited { .. }));
        let turn = turn.map(|row| row.step.at);
        let theirs = turn.is_some() && turn != self.turn && !within(self.pressed, AT_HAND, now);
        self.turn = turn;
        let rings = (changed || theirs) && !within(self.rung, APART, now);
        if rings {
            self.rung = Some(now);
        }
        rings
    }
}

/// Returns whether `then` is less than `time` before `now`.
fn within(then: Option<Instant>, time: Duration, now: Instant) -> bool {
    then.is_some_and(|then| now.duration_since(then) < time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::{
            Session,
            event::Timestamp,
            fixtures::{self, Variant},
        },
        tui::{ControlMode, View, keymap::Keymap},
    };

    fn ring(bell: &mut Bell, (session, now): &(Session, Timestamp), at: Instant) -> bool {
        let view = View::new(Keymap::default(), ControlMode::Live);
        bell.should_ring(&Scene::new(session, &view, *now, None), at)
    }

    #[test]
    fn it_rings_for_another_word_and_for_the_end_once_and_never_twice_in_a_second() {
        let (mut bell, start) = (Bell::default(), Instant::now());
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let (first, failing) = (fixtures::session_at(Variant::Before, 0.5), fixtures::before_failing());
        assert!(!ring(&mut bell, &first, at(0.0)), "nothing changed yet");
        assert!(ring(&mut bell, &failing, at(0.1)));
        assert!(!ring(&mut bell, &failing, at(9.0)), "the same word");
        let end = fixtures::finished(Variant::Before);
        assert!(ring(&mut bell, &end, at(10.0)));
        assert!(!ring(&mut bell, &failing, at(10.9)), "within a second");
        assert!(!ring(&mut bell, &failing, at(12.0)), "what was passed over is not rung for later");
    }

    #[test]
    fn it_rings_when_a_step_waits_unless_a_key_has_just_led_there() {
        let steady = fixtures::steady();
        let mut running = steady.clone();
        for row in &mut running.0.steps.rows {
            row.state = StepState::Waiting;
        }
        let start = Instant::now();
        let mut bell = Bell::default();
        ring(&mut bell, &running, start);
        assert!(ring(&mut bell, &steady, start));
        let mut bell = Bell::default();
        ring(&mut bell, &running, start);
        bell.record_key(start);
        assert!(!ring(&mut bell, &steady, start + Duration::from_millis(900)));
        ring(&mut bell, &running, start + Duration::from_secs(2));
        assert!(ring(&mut bell, &steady, start + Duration::from_secs(3)));
    }
}
