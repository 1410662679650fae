//! Mouse input: a click focuses and selects, the wheel scrolls the area under the pointer.

use super::{focus, moving};
use crate::{
    session::{Session, event::Timestamp},
    tui::{
        click_targets::ClickTarget,
        keymap::Action,
        msg::{Effect, Outcome},
        pane::Pane,
        replay::ReplayMove,
        view::{ControlMode, Overlay, View},
    },
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// The number of lines per notch of the wheel.
const NOTCH: isize = 3;

/// Takes the mouse, or leaves it to the terminal.
pub(super) fn take_or_leave(view: &mut View) -> Outcome {
    view.mouse = !view.mouse;
    let key = view.keymap.key(Action::Mouse);
    view.hint = Some(if view.mouse {
        "the mouse clicks and scrolls here now".to_owned()
    } else {
        format!("the mouse selects text now; {key} takes it back")
    });
    Outcome::effect(Effect::Mouse(view.mouse))
}

pub(super) fn pointed(view: &mut View, session: &Session, now: Timestamp, mouse: &MouseEvent) -> Outcome {
    let at = Position { x: mouse.column, y: mouse.row };
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => clicked(view, session, now, at),
        MouseEventKind::ScrollUp => wheeled(view, session, now, at, -1),
        MouseEventKind::ScrollDown => wheeled(view, session, now, at, 1),
        _ => Outcome::nothing(),
    }
}

fn clicked(view: &mut View, session: &Session, now: Timestamp, at: Position) -> Outcome {
    if view.overlay.is_some() {
        let close = matches!(view.targets.at(at).next(), Some((_, ClickTarget::Close)));
        // A click does not discard typed text.
        if !close || view.overlay.as_ref().is_some_and(Overlay::is_text_input) {
            return Outcome::nothing();
        }
        view.overlay = None;
        return Outcome::redraw();
    }
    let under: Vec<_> = view.targets.at(at).cloned().collect();
    let mut outcome = Outcome::nothing();
    for (area, target) in under {
        match target {
            ClickTarget::Step(step) => view.selected_step = Some(step),
            ClickTarget::Pod(uid) => view.selected_pod = Some(uid),
            ClickTarget::Moments(first, step) if view.control == ControlMode::Replay => {
                let ms = first + i64::from(at.x - area.x) * step;
                return Outcome::effect(Effect::Replay(ReplayMove::To(moving::moment(
                    view, session, now, ms,
                ))));
            }
            ClickTarget::Moments(first, step) => {
                view.cursor = Some(first + i64::from(at.x - area.x) * step);
                moving::move_cursor(view, session, now, 0);
            }
            ClickTarget::Endpoints => {
                view.endpoint = (view.endpoint + 1) % session.users.endpoints.len().max(1);
            }
            ClickTarget::Pane(pane) => return focus(view, pane),
            ClickTarget::Overlay | ClickTarget::Close => {}
        }
        outcome = Outcome::redraw();
    }
    outcome
}

fn wheeled(view: &mut View, session: &Session, now: Timestamp, at: Position, by: isize) -> Outcome {
    if view.overlay.is_some() {
        return moving::scroll(view, session, by * NOTCH);
    }
    let under: Vec<ClickTarget> = view.targets.at(at).map(|(_, target)| target.clone()).collect();
    if under.iter().any(|target| matches!(target, ClickTarget::Moments(..))) {
        return moving::scroll_time(view, session, now, by as i64 * moving::SCROLL);
    }
    let pane = under.iter().find_map(|target| match target {
        ClickTarget::Pane(pane) => Some(*pane),
        _ => None,
    });
    match pane {
        Some(Pane::Experiment) => moving::scroll_in(view, session, Pane::Experiment, by),
        Some(pane) => moving::scroll_in(view, session, pane, by * NOTCH),
        None => Outcome::nothing(),
    }
}
