//! Any key holds the fault on while the hold guard is active.

use crate::{
    insight,
    session::{
        Session,
        command::Annotation,
        event::{Guard, Timestamp},
    },
    tui::{
        msg::{Effect, Msg, Outcome},
        view::{ControlMode, View},
    },
};
use crossterm::event::{KeyEventKind, MouseEventKind};

/// The least time between two commands that only hold the fault.
const RATE_S: f64 = 1.0;

/// Whether a message shows that the operator is there. The pointer may move by itself.
pub(super) fn is_input(msg: &Msg) -> bool {
    match msg {
        Msg::Key(key) => key.kind != KeyEventKind::Release,
        Msg::Mouse(mouse) => mouse.kind != MouseEventKind::Moved,
        Msg::Paste(_) => true,
        _ => false,
    }
}

/// Adds the command that holds the fault to the outcome of an input, unless the outcome has a command anyway.
pub(super) fn renewed(view: &mut View, session: &Session, now: Timestamp, mut outcome: Outcome) -> Outcome {
    let commands = outcome.effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
    let recent = view.held.is_some_and(|held| now.duration_since(held).as_secs_f64() < RATE_S);
    let holds = view.control == ControlMode::Live
        && session.guards.limits.hold_s.is_some()
        && insight::guard_readings(session, now).iter().any(|reading| reading.guard == Guard::Hold);
    if holds && !commands && !recent {
        view.held = Some(now);
        outcome.effects.push(Effect::Send(Annotation::Hold.into()));
    }
    outcome
}
