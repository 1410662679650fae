//! Leaving and stepping back: asked first while something is at stake, then more urgent with each request.

use super::{open, typing::filter};
use crate::{
    session::{Command, Session, state::Phase},
    tui::{
        keymap::{Action, Chord},
        msg::{Effect, Outcome},
        view::{Leaving, Overlay, Steering, View},
    },
};
use crossterm::event::KeyCode;

/// Leaves when nothing is at stake, asks when something is.
pub(super) fn quit(view: &mut View, session: &Session) -> Outcome {
    if view.finished || view.steering == Steering::Replay {
        return Outcome::effect(Effect::Leave);
    }
    if view.leaving == Leaving::No && session.phase() == Phase::FaultOn {
        return open(view, Overlay::ConfirmQuit);
    }
    leave(view)
}

/// Leaves through the session's own end: it rolls back and tells when it is done. Asking again is more urgent.
pub(super) fn leave(view: &mut View) -> Outcome {
    view.overlay = None;
    if view.finished || view.steering == Steering::Replay {
        return Outcome::effect(Effect::Leave);
    }
    match view.leaving {
        Leaving::No => {
            view.leaving = Leaving::Asked;
            Outcome::send(Command::Quit)
        }
        Leaving::Asked => {
            view.leaving = Leaving::Pressed;
            Outcome::send(Command::Cut)
        }
        Leaving::Pressed => Outcome::effect(Effect::Leave),
    }
}

pub(super) fn confirmed(view: &mut View, chord: Chord) -> Outcome {
    match chord.code {
        KeyCode::Char('y' | 'q') | KeyCode::Enter => leave(view),
        KeyCode::Char('c') if chord == Chord::ctrl('c') => leave(view),
        KeyCode::Char('n') | KeyCode::Esc => {
            view.overlay = None;
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

/// One step towards safety: what lies over the panes first, then what hides them, then what runs by itself.
pub(super) fn towards_safety(view: &mut View, session: &Session) -> Outcome {
    let changed = |condition: bool| condition.then(Outcome::redraw);
    let opened = view.overlay.take().is_some();
    if let Some(outcome) = changed(opened) {
        return outcome;
    }
    if std::mem::take(&mut view.zoomed) || std::mem::take(&mut view.presenter) {
        return Outcome::redraw();
    }
    if view.scrolled_to.take().is_some() | view.cursor.take().is_some() | view.chosen.take().is_some() {
        return Outcome::redraw();
    }
    if !view.filter.is_empty() {
        return filter(view, String::new());
    }
    if view.steering != Steering::Live || view.finished {
        return Outcome::nothing();
    }
    if session.steps.auto {
        return Outcome::send(Command::Auto(false));
    }
    if session.run.started.is_some() && session.run.ended.is_none() && !session.steps.paused {
        return Outcome::send(Command::Pause(true));
    }
    let abort = view.keymap.key(Action::Abort);
    view.hint = Some(format!("nothing moves by itself now; {abort} aborts and rolls back"));
    Outcome::redraw()
}
