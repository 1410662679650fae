//! The key of the undo kit: explains why there is nothing to put back, or asks for confirmation once.

use super::{leave::leave, open};
use crate::{
    session::{Command, Session, command::StepCommand},
    tui::{
        keymap::Chord,
        msg::Outcome,
        view::{Overlay, View},
    },
};
use crossterm::event::KeyCode;

/// Asks for confirmation if something can be put back.
pub(super) fn ask(view: &mut View, session: &Session) -> Outcome {
    let fired = session.fault.as_ref().map(|fault| fault.fires.iter().map(|firing| firing.step));
    let kits: Vec<_> = fired.into_iter().flatten().filter_map(|step| session.undo.kits.get(&step)).collect();
    let why_not = match (&session.fault, kits.last()) {
        (None, _) => {
            let saved = session.undo.manifests();
            format!("nothing was fired yet; the undo kit holds {saved} manifests")
        }
        (Some(_), None) => "no manifests were saved for this fire, so nothing can be put back".to_owned(),
        (Some(_), Some(last)) if kits.iter().all(|kit| !kit.needed) => last.cost.clone(),
        (Some(_), Some(_)) if session.undo.began.is_some() => {
            "the undo kit is being applied already".to_owned()
        }
        (Some(_), Some(_)) => return open(view, Overlay::ConfirmUndo),
    };
    view.hint = Some(why_not);
    Outcome::redraw()
}

/// Asks for confirmation if an earlier session left something on.
pub(super) fn ask_recovery(view: &mut View, session: &Session) -> Outcome {
    if session.meta.earlier.is_empty() {
        view.hint = Some("no earlier session on this machine left anything on".to_owned());
        return Outcome::redraw();
    }
    if session.fault.is_some() {
        view.hint =
            Some("end this run first: its own fault comes before that of an earlier session".to_owned());
        return Outcome::redraw();
    }
    open(view, Overlay::ConfirmRecover)
}

/// Handles a key in the confirmation of a command.
pub(super) fn confirmed(view: &mut View, session: &Session, chord: Chord, command: Command) -> Outcome {
    match chord.code {
        KeyCode::Char('y' | 'u' | 'U') | KeyCode::Enter => {
            view.overlay = None;
            Outcome::send(command)
        }
        KeyCode::Char('c') if chord == Chord::ctrl('c') => leave(view, session),
        KeyCode::Char('n' | 'q') | KeyCode::Esc => {
            view.overlay = None;
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

/// Aborts the run, and applies the undo kit if an undo is due.
pub(super) fn abort(session: &Session) -> Outcome {
    let mut outcome = Outcome::send(StepCommand::Abort);
    if session.undo_due().is_some() {
        outcome.effects.push(crate::tui::msg::Effect::Send(Command::Undo));
    }
    outcome
}
