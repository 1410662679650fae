//! Keys that move a replay in time.

use super::open;
use crate::tui::{
    keymap::Action,
    msg::{Effect, Outcome},
    replay::{Direction, ReplayMove},
    view::{Overlay, View},
};

/// Handles a key of a replay. What was scrolled back shows the new moment.
pub(super) fn moved(view: &mut View, action: Action) -> Outcome {
    use Action as A;
    let asked = match action {
        A::Find => return open(view, Overlay::Filter(Default::default())),
        A::Play => ReplayMove::PlayOrStop,
        A::SecondBack => ReplayMove::Seconds(-1),
        A::SecondForward => ReplayMove::Seconds(1),
        A::LandmarkBack => ReplayMove::Landmark(Direction::Back),
        A::LandmarkForward => ReplayMove::Landmark(Direction::Forward),
        A::Slower => ReplayMove::Speed(Direction::Back),
        A::Faster => ReplayMove::Speed(Direction::Forward),
        A::ToBegin => ReplayMove::Begin,
        A::ToEnd => ReplayMove::End,
        A::ToT0 => ReplayMove::T0,
        A::FindNext => ReplayMove::FindAgain(Direction::Forward),
        A::FindPrevious => ReplayMove::FindAgain(Direction::Back),
        _ => return Outcome::nothing(),
    };
    if !matches!(action, A::Play | A::Slower | A::Faster) {
        (view.scrolled_to, view.cursor) = (None, None);
    }
    Outcome::effect(Effect::Replay(asked))
}
