//! The session while it starts: no commands are possible, and without a cluster the sandbox is offered.

use super::leave::leave;
use crate::{
    session::{Session, command::OpenCommand},
    tui::{
        keymap::Chord,
        msg::Outcome,
        view::{Overlay, View},
    },
};
use crossterm::event::KeyCode;

/// Follows the session's state until the session is open.
pub(crate) fn follow(view: &mut View, session: &Session) {
    if !view.starting {
        return;
    }
    view.starting = session.meta.opened.is_none();
    if view.starting && session.opening.offered && view.overlay.is_none() {
        view.overlay = Some(Overlay::Sandbox);
    }
    if view.overlay == Some(Overlay::Sandbox) && !(view.starting && session.opening.offered) {
        view.overlay = None;
    }
}

/// Handles a key while the sandbox is offered.
pub(super) fn decided(view: &mut View, session: &Session, chord: Chord) -> Outcome {
    let start = |variant: &str| OpenCommand::StartSandbox(variant.to_owned());
    match chord.code {
        KeyCode::Char('b' | 'B') => Outcome::send(start("before")),
        KeyCode::Char('a' | 'A') => Outcome::send(start("after")),
        KeyCode::Enter => Outcome::send(OpenCommand::WithoutCluster),
        KeyCode::Char('c') if chord != Chord::ctrl('c') => Outcome::nothing(),
        KeyCode::Char('q' | 'n' | 'c') | KeyCode::Esc => {
            view.sandbox_declined = true;
            leave(view, session)
        }
        _ => Outcome::nothing(),
    }
}
