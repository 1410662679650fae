//! Keys and pasted text in a text input.

use super::leave::leave;
use crate::{
    session::{
        Session,
        command::{Annotation, StepCommand, WatchCommand},
    },
    tui::{
        keymap::Chord,
        msg::{Effect, Outcome},
        panes::listed_pods,
        replay::ReplayMove,
        text,
        view::{ControlMode, Overlay, View},
    },
};
use crossterm::event::{KeyCode, KeyEvent};

/// Handles a key in a text input.
pub(super) fn typed(view: &mut View, session: &Session, key: &KeyEvent, chord: Chord) -> Outcome {
    if chord == Chord::ctrl('c') {
        return leave(view, session);
    }
    let Some(overlay) = &mut view.overlay else { return Outcome::nothing() };
    match (key.code, overlay) {
        (KeyCode::Esc, overlay) => {
            let filtered = matches!(overlay, Overlay::Filter(_));
            view.overlay = None;
            if filtered { filter(view, String::new()) } else { Outcome::redraw() }
        }
        (KeyCode::Enter, Overlay::Note(editor)) => {
            let note = editor.text();
            view.overlay = None;
            if note.trim().is_empty() { Outcome::redraw() } else { Outcome::send(Annotation::Note(note)) }
        }
        (KeyCode::Enter, Overlay::ConfirmFire { step, expected: word, typed, cluster: place }) => {
            let card = session.target.as_ref().filter(|card| card.step == *step);
            if card.is_some_and(|card| card.place != *place) {
                view.overlay = None;
                view.hint = Some("not fired: the target cluster has changed; see the target card".to_owned());
                return Outcome::redraw();
            }
            if !text::matches_typed(word, &typed.text()) {
                view.hint = Some(format!("type `{word}` exactly; ESC cancels"));
                return Outcome::redraw();
            }
            let step = *step;
            view.overlay = None;
            Outcome::send(StepCommand::Fire(step))
        }
        (KeyCode::Enter, Overlay::Filter(editor)) if view.control == ControlMode::Replay => {
            let sought = editor.text();
            view.overlay = None;
            // Pods are filtered while the text is typed; a text that names none hides none.
            if listed_pods(session, &view.filter).is_empty() {
                view.filter.clear();
            }
            match sought.trim() {
                "" => Outcome::redraw(),
                sought => Outcome::effect(Effect::Replay(ReplayMove::Find(sought.to_owned()))),
            }
        }
        (KeyCode::Enter, _) => {
            view.overlay = None;
            Outcome::redraw()
        }
        (_, Overlay::Filter(editor)) => {
            editor.key(key);
            let text = editor.text();
            filter(view, text)
        }
        (_, Overlay::Note(editor) | Overlay::ConfirmFire { typed: editor, .. }) => {
            editor.key(key);
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

pub(super) fn pasted(view: &mut View, text: &str) -> Outcome {
    match &mut view.overlay {
        Some(Overlay::Note(editor)) => editor.paste(text),
        Some(Overlay::Filter(editor)) => {
            editor.paste(text);
            let text = editor.text();
            return filter(view, text);
        }
        // A name that must be typed cannot be pasted: the typing is the safeguard.
        _ => return Outcome::nothing(),
    }
    Outcome::redraw()
}

/// Shows the pods whose names contain `text`. The session must look up those that are only counted so far.
pub(super) fn filter(view: &mut View, text: String) -> Outcome {
    if view.filter == text {
        return Outcome::redraw();
    }
    view.filter.clone_from(&text);
    match view.control {
        ControlMode::Replay => Outcome::redraw(),
        ControlMode::Live | ControlMode::ReadOnly => Outcome::send(WatchCommand::Find(text)),
    }
}
