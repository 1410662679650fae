//! Keys in the guards form.

use super::{leave::leave, open};
use crate::{
    session::{Session, command::Annotation},
    tui::{
        forms::GuardForm,
        keymap::Chord,
        msg::Outcome,
        view::{ControlMode, Overlay, View},
    },
};
use crossterm::event::KeyCode;

/// Opens the form with the limits in force.
pub(super) fn form(view: &mut View, session: &Session) -> Outcome {
    open(view, Overlay::Guards(GuardForm::new(session.guards.limits)))
}

/// Handles a key in the form.
pub(super) fn pressed(view: &mut View, session: &Session, chord: Chord) -> Outcome {
    if chord == Chord::ctrl('c') {
        return leave(view, session);
    }
    let changes = view.control == ControlMode::Live && !view.finished;
    let Some(Overlay::Guards(form)) = &mut view.overlay else { return Outcome::nothing() };
    match chord.code {
        KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => form.choose(-1),
        KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => form.choose(1),
        KeyCode::Left | KeyCode::Char('-') => form.change(-1),
        KeyCode::Right | KeyCode::Char('+') => form.change(1),
        KeyCode::Char(' ') => form.switch(),
        KeyCode::Enter => {
            let limits = form.limits;
            view.overlay = None;
            if changes {
                return Outcome::send(Annotation::Guards(limits));
            }
            view.hint = Some("no run is active that a guard could abort".to_owned());
        }
        KeyCode::Esc | KeyCode::Char('g' | 'q') => view.overlay = None,
        _ => return Outcome::nothing(),
    }
    Outcome::redraw()
}
