//! The reducer of the view: keys and other messages change the view and return effects. Pure: no I/O and no clock.

mod copying;
mod guarding;
mod holding;
mod leave;
mod moving;
mod opening;
mod pointing;
mod predicting;
mod replaying;
mod stepping;
mod typing;
mod undoing;

#[cfg(test)]
mod tests;

use super::{
    keymap::{Action, Chord, Context},
    msg::{Effect, Msg, Outcome},
    overlays,
    pane::Pane,
    view::{ControlMode, Overlay, QuitStage, View},
};
use crate::session::{
    Command, Session,
    command::{Annotation, StepCommand, WatchCommand},
    event::Timestamp,
};
use crossterm::event::{KeyEvent, KeyEventKind};

/// Processes one message: updates the view and returns the effects to carry out.
pub fn update(view: &mut View, session: &Session, now: Timestamp, msg: Msg) -> Outcome {
    opening::follow(view, session);
    let input = holding::is_input(&msg);
    let outcome = react(view, session, now, msg);
    if input { holding::renewed(view, session, now, outcome) } else { outcome }
}

fn react(view: &mut View, session: &Session, now: Timestamp, msg: Msg) -> Outcome {
    match msg {
        Msg::Key(key) if key.kind == KeyEventKind::Press => pressed(view, session, now, &key),
        Msg::Key(_) => Outcome::nothing(),
        Msg::Mouse(mouse) => pointing::pointed(view, session, now, &mouse),
        Msg::Paste(text) => typing::pasted(view, &text),
        Msg::Changed => leave::put_back(view, session),
        Msg::Resized | Msg::Background(_) => Outcome::redraw(),
        Msg::Focused | Msg::Resumed => Outcome::effect(Effect::Repaint),
        Msg::Suspend => Outcome::effect(Effect::Suspend),
        Msg::Exported(said) => {
            view.hint = Some(said);
            Outcome::redraw()
        }
        Msg::Interrupted(_) => leave::leave(view, session),
        Msg::Closed => leave::terminal_gone(view, session),
        Msg::Finished => {
            view.finished = true;
            if view.quit_stage == QuitStage::No { Outcome::redraw() } else { Outcome::effect(Effect::Leave) }
        }
    }
}

fn pressed(view: &mut View, session: &Session, now: Timestamp, key: &KeyEvent) -> Outcome {
    let hinted = view.hint.take().is_some();
    let chord = Chord::of(key);
    if view.overlay.as_ref().is_some_and(Overlay::is_text_input) {
        return typing::typed(view, session, key, chord);
    }
    if view.overlay == Some(Overlay::ConfirmQuit) {
        return leave::confirmed(view, session, chord);
    }
    match view.overlay {
        Some(Overlay::Guards(_)) => return guarding::pressed(view, session, chord),
        Some(Overlay::Predict(_)) => return predicting::pressed(view, session, chord),
        Some(Overlay::Sandbox) => return opening::decided(view, session, chord),
        Some(Overlay::ConfirmUndo) => return undoing::confirmed(view, session, chord, Command::Undo),
        Some(Overlay::ConfirmRecover) => return undoing::confirmed(view, session, chord, Command::Recover),
        Some(Overlay::ConfirmSkip(step)) => return stepping::skip_confirmed(view, session, step, chord),
        _ => {}
    }
    let place = match view.control {
        _ if view.overlay.is_some() => Context::Overlay,
        ControlMode::Replay => Context::Replay,
        ControlMode::Live | ControlMode::ReadOnly => Context::Screen,
    };
    match view.keymap.action(chord, place) {
        Some(action) => act(view, session, now, action, chord),
        None => Outcome { redraw: hinted, effects: Vec::new() },
    }
}

fn act(view: &mut View, session: &Session, now: Timestamp, action: Action, chord: Chord) -> Outcome {
    use Action as A;
    if let Some(reason) = unavailable_reason(view, action) {
        view.hint = Some(reason.to_owned());
        return Outcome::redraw();
    }
    match action {
        A::Observe => {
            let watched = session.users.endpoints.iter().any(|endpoint| endpoint.watched);
            Outcome::send(WatchCommand::Observe(!watched))
        }
        A::Next => stepping::next(view, session),
        A::Fire => stepping::fire(view, session, now),
        A::Auto => stepping::send_and_watch(session, Command::Step(StepCommand::Auto(!session.steps.auto))),
        A::Pause => Outcome::send(StepCommand::Pause(!session.steps.paused)),
        A::Skip => stepping::skip(view, session),
        A::Rerun => stepping::rerun(view, session),
        A::NewRun => leave::run_again(view, session),
        A::Cut => Outcome::send(StepCommand::Cut),
        A::Breakpoint => stepping::breakpoint(view, session),
        A::Fix => stepping::fix(view, session),
        A::Predict => predicting::form(view, session),
        A::Abort => undoing::abort(session),
        A::Undo => undoing::ask(view, session),
        A::Recover => undoing::ask_recovery(view, session),
        A::End if view.finished => export(view),
        A::Export => export(view),
        A::End => Outcome::send(StepCommand::Quit),
        A::StepBack => leave::step_back(view, session),
        A::Guards => guarding::form(view, session),
        A::Note => open(view, Overlay::Note(Default::default())),
        A::Mark => {
            view.hint = Some("marked this moment".to_owned());
            Outcome::send(Annotation::Mark)
        }
        A::Why => toggle(view, Overlay::Why),
        A::Logs => logs(view, session),
        A::NextLog => next_log(view, session, 1),
        A::PreviousLog => next_log(view, session, -1),
        A::SessionLog => toggle(view, Overlay::Logs),
        A::Heatmap => toggle(view, Overlay::Heatmap),
        A::Help => toggle(view, Overlay::Help),
        A::Filter => open(view, Overlay::Filter(Default::default())),
        A::Zoom => {
            view.zoomed = !view.zoomed;
            Outcome::redraw()
        }
        A::Endpoint => {
            view.endpoint = (view.endpoint + 1) % session.users.endpoints.len().max(1);
            Outcome::redraw()
        }
        A::Presenter => {
            view.presenter = !view.presenter;
            Outcome::redraw()
        }
        A::Mouse => pointing::take_or_leave(view),
        A::Copy => copying::copy(view, session, now),
        A::FocusNext => focus(view, view.focus.offset_by(1)),
        A::FocusPrevious => focus(view, view.focus.offset_by(-1)),
        A::FocusNumber => match moving::numbered(view, chord) {
            Some(pane) => focus(view, pane),
            None => Outcome::nothing(),
        },
        A::Up => moving::scroll(view, session, -1),
        A::Down => moving::scroll(view, session, 1),
        A::PageUp => moving::scroll(view, session, -10),
        A::PageDown => moving::scroll(view, session, 10),
        A::Earlier => moving::scroll_time(view, session, now, -moving::SCROLL),
        A::Later => moving::scroll_time(view, session, now, moving::SCROLL),
        A::Finer => moving::zoom_time(view, session, now, 1),
        A::Coarser => moving::zoom_time(view, session, now, -1),
        A::Fit => moving::zoom_time(view, session, now, 0),
        A::CursorLeft => moving::move_cursor(view, session, now, -1),
        A::CursorRight => moving::move_cursor(view, session, now, 1),
        A::Live => {
            view.scrolled_to = None;
            view.cursor = None;
            Outcome::effect(Effect::ScrollLog(0))
        }
        A::Play
        | A::SecondBack
        | A::SecondForward
        | A::LandmarkBack
        | A::LandmarkForward
        | A::Slower
        | A::Faster
        | A::ToBegin
        | A::ToEnd
        | A::ToT0
        | A::Find
        | A::FindNext
        | A::FindPrevious => replaying::moved(view, action),
        A::Quit => leave::quit(view, session),
        A::Interrupt => leave::leave(view, session),
        A::Suspend => Outcome::effect(Effect::Suspend),
    }
}

/// Starts to write the reports of the session.
fn export(view: &mut View) -> Outcome {
    view.hint = Some("writing the reports ...".to_owned());
    Outcome::effect(Effect::Export)
}

/// The action that writes the reports of the session, if that is possible now: in a replay, and after the end of a run.
pub(super) fn export_action(view: &View) -> Option<Action> {
    match view.control {
        ControlMode::Replay => Some(Action::Export),
        ControlMode::Live | ControlMode::ReadOnly => view.finished.then_some(Action::End),
    }
}

pub(super) use leave::can_run_again;
pub(super) use opening::follow;

/// Returns whether an action sends a command to the session.
fn sends_command(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Observe
            | A::Next
            | A::Fire
            | A::Auto
            | A::Pause
            | A::Skip
            | A::Rerun
            | A::Cut
            | A::Breakpoint
            | A::Abort
            | A::End
            | A::Note
            | A::Mark
            | A::Predict
            | A::Undo
            | A::Recover
            | A::Fix
    )
}

/// Why a key has no effect in a replay, in a read-only session, while starting or after the end; `None` if it has one.
pub(super) fn unavailable_reason(view: &View, action: Action) -> Option<&'static str> {
    use Action as A;
    match view.control {
        _ if !sends_command(action) || export_action(view) == Some(action) => None,
        _ if view.starting => Some("the session is still starting"),
        ControlMode::Replay => Some("this is a replay: nothing can be run"),
        ControlMode::ReadOnly if !matches!(action, A::Observe | A::Note | A::Mark) => {
            Some("read-only: nothing can be stepped or fired here")
        }
        _ if view.finished && action == A::Next && view.sequence.is_some() => None,
        _ if view.finished && !matches!(action, A::Observe | A::Note | A::Mark | A::Undo) => {
            Some("the run has ended")
        }
        _ => None,
    }
}

/// Toggles the log of the selected pod, and requests the log when it opens.
fn logs(view: &mut View, session: &Session) -> Outcome {
    let opened = toggle(view, Overlay::PodLog);
    match overlays::shown_log(session, view) {
        Some(row) if view.overlay.is_some() => Outcome::send(WatchCommand::ReadLog(row.pod.key.clone())),
        _ => opened,
    }
}

fn next_log(view: &mut View, session: &Session, by: isize) -> Outcome {
    if view.overlay != Some(Overlay::PodLog) {
        return Outcome::nothing();
    }
    let Some(key) = overlays::next_log(session, view, by) else { return Outcome::nothing() };
    view.selected_pod = Some(key.uid.clone());
    open(view, Overlay::PodLog);
    Outcome::send(WatchCommand::ReadLog(key.clone()))
}

fn open(view: &mut View, overlay: Overlay) -> Outcome {
    view.overlay = Some(overlay);
    if let Some(last) = view.scroll.last_mut() {
        *last = 0;
    }
    Outcome::redraw()
}

fn toggle(view: &mut View, overlay: Overlay) -> Outcome {
    if view.overlay.as_ref() == Some(&overlay) {
        view.overlay = None;
        return Outcome::redraw();
    }
    open(view, overlay)
}

fn focus(view: &mut View, pane: Pane) -> Outcome {
    view.focus = pane;
    Outcome::redraw()
}
