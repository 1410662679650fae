//! Quitting and stepping back: asks first while a fault is on or something remains to be put back; each further request
//! is more urgent.

use super::{open, typing::filter};
use crate::{
    session::{Command, Session, command::StepCommand},
    tui::{
        keymap::{Action, Chord},
        msg::{Effect, Outcome},
        view::{ControlMode, Overlay, QuitStage, View},
    },
};
use crossterm::event::KeyCode;

/// Quits; asks first while a fault is on, something remains to be put back, or the session is part of a sequence.
pub(super) fn quit(view: &mut View, session: &Session) -> Outcome {
    if view.control == ControlMode::Replay {
        return Outcome::effect(Effect::Leave);
    }
    if view.starting {
        return leave(view, session);
    }
    if view.quit_stage == QuitStage::No && asks_first(view, session) {
        return open(view, Overlay::ConfirmQuit);
    }
    if view.finished && view.quit_stage == QuitStage::No {
        return Outcome::effect(Effect::Leave);
    }
    leave(view, session)
}

/// Whether leaving needs a confirmation.
fn asks_first(view: &View, session: &Session) -> bool {
    // After the rollbacks, the system may take a while to recover; an undo that is still due does not count then.
    let over = view.finished && session.steps.rolled_back();
    let course = view.sequence.is_some();
    let stays = view.control == ControlMode::Live
        && (session.undo_due().is_some() && !over
            || session.recovering()
            || session.steps.failed_rollbacks().next().is_some());
    course || stays || session.fault.as_ref().is_some_and(|fault| fault.is_on()) && !view.finished
}

/// Quits through the session's regular end: it rolls back and reports when it is done. Each further request is more
/// urgent. While rollbacks run, the second one only asks whether the operator is sure, and they go on.
pub(super) fn leave(view: &mut View, session: &Session) -> Outcome {
    view.overlay = None;
    if view.finished || view.starting || view.control == ControlMode::Replay {
        // Recorded because this request also skips the sessions that would follow.
        view.quit_stage = view.quit_stage.max(QuitStage::Asked);
        return Outcome::effect(Effect::Leave);
    }
    match view.quit_stage {
        QuitStage::No => {
            view.quit_stage = QuitStage::Asked;
            Outcome::send(StepCommand::Quit)
        }
        QuitStage::Asked | QuitStage::Urgent if session.run.rolling_back => {
            view.quit_stage = QuitStage::Warned;
            Outcome::redraw()
        }
        QuitStage::Asked => {
            view.quit_stage = QuitStage::Urgent;
            Outcome::send(StepCommand::Cut)
        }
        QuitStage::Urgent | QuitStage::Warned => Outcome::effect(Effect::Leave),
    }
}

/// Handles a closed terminal as [`leave`] does. A second notification is ignored and does not cut short the rollbacks.
pub(super) fn terminal_gone(view: &mut View, session: &Session) -> Outcome {
    if view.quit_stage == QuitStage::No { leave(view, session) } else { Outcome::nothing() }
}

/// Handles a key in the quit confirmation. If something can be put back, the keys that usually confirm do so.
pub(super) fn confirmed(view: &mut View, session: &Session, chord: Chord) -> Outcome {
    match chord.code {
        KeyCode::Char('c') if chord == Chord::ctrl('c') => leave(view, session),
        KeyCode::Char('u' | 'y' | 'q') | KeyCode::Enter if session.undo_due().is_some() => {
            undo_and_leave(view)
        }
        KeyCode::Char('y' | 'q') | KeyCode::Enter => quit_without_undo(view, session),
        KeyCode::Char('w') if session.undo_due().is_some() => quit_without_undo(view, session),
        KeyCode::Char('n') | KeyCode::Esc => {
            view.overlay = None;
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

/// Returns whether another run can follow the one that is shown.
pub(crate) fn can_run_again(view: &View) -> bool {
    view.finished && view.control == ControlMode::Live
}

/// Starts another run of the experiment, which is compared with this one.
pub(super) fn run_again(view: &mut View, session: &Session) -> Outcome {
    let key = |action| view.keymap.key(action);
    let why_not = match view.control {
        ControlMode::Live if !view.finished => {
            format!("a new run starts after the end of this one: {} ends it", key(Action::End))
        }
        ControlMode::Live if session.undo_due().is_some() => {
            format!("the fault is still on: {} restores the target", key(Action::Undo))
        }
        ControlMode::Live => return Outcome::effect(Effect::RunAgain),
        ControlMode::ReadOnly => "read-only: nothing can be run here".to_owned(),
        ControlMode::Replay => "this is a replay: nothing can be run".to_owned(),
    };
    view.hint = Some(why_not);
    Outcome::redraw()
}

/// Quits without the undo kit: the fault stays, apart from what the rollbacks undo.
fn quit_without_undo(view: &mut View, session: &Session) -> Outcome {
    if view.finished && view.sequence.is_none() {
        view.overlay = None;
        return Outcome::effect(Effect::Leave);
    }
    leave(view, session)
}

/// Continues with the next session of the sequence, once this one has ended.
pub(super) fn next_session(view: &View, session: &Session) -> Option<Outcome> {
    (view.finished && session.finished() && view.sequence.is_some()).then(|| Outcome::effect(Effect::Leave))
}

/// Ends the run, applies the undo kit to what its rollbacks do not restore, and then quits.
fn undo_and_leave(view: &mut View) -> Outcome {
    view.overlay = None;
    view.quit_stage = QuitStage::Asked;
    // An undo that is requested while the run ends is carried out after its rollbacks.
    let quit = (!view.finished).then_some(Effect::Send(Command::Step(StepCommand::Quit)));
    let effects = quit.into_iter().chain([Effect::Send(Command::Undo)]).collect();
    Outcome { redraw: true, effects }
}

/// After the end of the run: quits once the undo kit has put back everything, and stays if that failed.
pub(super) fn put_back(view: &mut View, session: &Session) -> Outcome {
    let undo = &session.undo;
    if view.finished && view.overlay == Some(Overlay::ConfirmQuit) && !asks_first(view, session) {
        view.overlay = None;
        view.hint = Some(format!("nothing is left to put back: {} quits", view.keymap.key(Action::Quit)));
    }
    match &undo.done {
        Some((_, undone)) if undo.began.is_none() && view.finished && view.quit_stage == QuitStage::Asked => {
            view.quit_stage = QuitStage::No;
            if undone.failed.is_empty() { Outcome::effect(Effect::Leave) } else { Outcome::redraw() }
        }
        _ => Outcome::redraw(),
    }
}

/// Takes one step towards safety: closes the overlay, then zoom and presenter view, then resets scrolling, selection
/// and filter, then stops what runs automatically.
pub(super) fn step_back(view: &mut View, session: &Session) -> Outcome {
    let changed = |condition: bool| condition.then(Outcome::redraw);
    let opened = view.overlay.take().is_some();
    if let Some(outcome) = changed(opened) {
        return outcome;
    }
    if std::mem::take(&mut view.zoomed) || std::mem::take(&mut view.presenter) {
        return Outcome::redraw();
    }
    if view.scrolled_to.take().is_some() | view.cursor.take().is_some() | view.selected_step.take().is_some()
    {
        return Outcome::redraw();
    }
    if !view.filter.is_empty() {
        return filter(view, String::new());
    }
    if view.control != ControlMode::Live || view.finished || view.starting {
        return Outcome::nothing();
    }
    if session.steps.auto {
        return Outcome::send(StepCommand::Auto(false));
    }
    if session.run.started.is_some() && session.run.ended.is_none() && !session.steps.paused {
        return Outcome::send(StepCommand::Pause(true));
    }
    let abort = view.keymap.key(Action::Abort);
    view.hint = Some(format!("nothing runs automatically now; {abort} aborts and rolls back"));
    Outcome::redraw()
}
