//! Keys in the prediction form.

use super::{leave::leave, open};
use crate::{
    session::{Session, command::Annotation},
    tui::{
        forms::PredictForm,
        keymap::Chord,
        msg::Outcome,
        view::{Overlay, View},
    },
};
use crossterm::event::{KeyCode, KeyModifiers};

/// Opens the form, unless a fault was fired already.
pub(super) fn form(view: &mut View, session: &Session) -> Outcome {
    if session.fault.is_some() {
        view.hint = Some("too late to predict: the fault was fired already".to_owned());
        return Outcome::redraw();
    }
    open(view, Overlay::Predict(PredictForm::of(session.prediction)))
}

/// Handles a key in the form.
pub(super) fn pressed(view: &mut View, session: &Session, chord: Chord) -> Outcome {
    if chord == Chord::ctrl('c') {
        return leave(view, session);
    }
    let Some(Overlay::Predict(form)) = &mut view.overlay else { return Outcome::nothing() };
    match chord.code {
        KeyCode::Up | KeyCode::BackTab => form.go(-1),
        KeyCode::Down | KeyCode::Tab => form.go(1),
        KeyCode::Left => form.choose(-1),
        KeyCode::Right | KeyCode::Char(' ') => form.choose(1),
        KeyCode::Backspace => form.erase(),
        KeyCode::Enter => {
            let prediction = form.prediction();
            view.overlay = None;
            return Outcome::send(Annotation::Predict(prediction));
        }
        KeyCode::Esc => view.overlay = None,
        KeyCode::Char(c) if !chord.modifiers.contains(KeyModifiers::CONTROL) && form.write(c) => {}
        _ => return Outcome::nothing(),
    }
    Outcome::redraw()
}
