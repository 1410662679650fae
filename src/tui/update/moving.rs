//! Scrolling, choosing, the time cursor, the mouse.

use super::focus;
use crate::{
    session::{
        Session,
        event::{StepRef, Timestamp},
    },
    tui::{
        keymap::{Action, Chord},
        layout::{Arrangement, arrange},
        msg::{Effect, Outcome},
        panes,
        span::Span,
        view::{Overlay, Pane, View},
    },
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// Seconds that one press scrolls.
pub(super) const SCROLL_S: i64 = 10;

pub(super) fn numbered(view: &View, chord: Chord) -> Option<Pane> {
    Pane::ALL.get(view.keymap.place(Action::FocusNumber, chord)?).copied()
}

pub(super) fn scroll(view: &mut View, session: &Session, by: isize) -> Outcome {
    if view.overlay.is_none() && view.focus == Pane::Experiment {
        choose(view, session, by);
        return Outcome::redraw();
    }
    if view.overlay == Some(Overlay::Logs) || (view.overlay.is_none() && view.focus == Pane::Log) {
        return Outcome::effect(Effect::ScrollLog(by));
    }
    let place = if view.overlay.is_some() { Pane::ALL.len() } else { view.focus as usize };
    if let Some(lines) = view.scroll.get_mut(place) {
        *lines = lines.saturating_add_signed(by).min(usize::from(u16::MAX));
    }
    Outcome::redraw()
}

pub(super) fn choose(view: &mut View, session: &Session, by: isize) {
    let steps: Vec<StepRef> = session.steps.rows.iter().map(|row| row.step.at).collect();
    let at = view.chosen.or(session.steps.cursor).and_then(|step| steps.iter().position(|at| *at == step));
    let place = at.map_or(0, |at| at.saturating_add_signed(by)).min(steps.len().saturating_sub(1));
    view.chosen = steps.get(place).copied();
}

/// Columns of the timeline at the present size.
pub(super) fn columns(view: &View) -> usize {
    panes::lane_columns(match arrange(view.area, view.presenter) {
        Arrangement::Wide(wide) => usize::from(wide.timeline.width).saturating_sub(2),
        _ => usize::from(view.area.width),
    })
}

pub(super) fn scroll_time(view: &mut View, session: &Session, now: Timestamp, by: i64) -> Outcome {
    let live = Span::live(session, now, columns(view));
    let shown = view.scrolled_to.unwrap_or(live.first);
    let first = (shown + by).clamp(Span::earliest(session, now).min(live.first), live.first);
    view.scrolled_to = (first < live.first).then_some(first);
    Outcome::redraw()
}

pub(super) fn move_cursor(view: &mut View, session: &Session, now: Timestamp, by: i64) -> Outcome {
    let present = session.axis.second(now);
    let cursor = view.cursor.map_or(present, |cursor| cursor + by);
    let cursor = cursor.clamp(Span::earliest(session, now).min(present), present);
    view.cursor = Some(cursor);
    let shown = Span::shown(session, now, columns(view), view.scrolled_to);
    if shown.column(cursor).is_none() {
        let by = if cursor < shown.first { cursor - shown.first - SCROLL_S } else { SCROLL_S };
        return scroll_time(view, session, now, by);
    }
    Outcome::redraw()
}

pub(super) fn pointed(view: &mut View, mouse: &MouseEvent) -> Outcome {
    let at = ratatui::layout::Position { x: mouse.column, y: mouse.row };
    let Arrangement::Wide(wide) = arrange(view.area, view.presenter) else { return Outcome::nothing() };
    let panes = [
        (Pane::Experiment, Some(wide.experiment)),
        (Pane::Users, Some(wide.users)),
        (Pane::Pods, Some(wide.pods)),
        (Pane::Breaker, Some(wide.breaker)),
        (Pane::Timeline, Some(wide.timeline)),
        (Pane::Log, wide.log),
    ];
    let pane =
        panes.iter().find(|(_, area)| area.is_some_and(|area| area.contains(at))).map(|(pane, _)| *pane);
    let by: isize = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            return pane.map_or_else(Outcome::nothing, |pane| focus(view, pane));
        }
        MouseEventKind::ScrollUp => -3,
        MouseEventKind::ScrollDown => 3,
        _ => return Outcome::nothing(),
    };
    let place = match (&view.overlay, pane) {
        (Some(_), _) => Pane::ALL.len(),
        (None, Some(pane)) => pane as usize,
        (None, None) => return Outcome::nothing(),
    };
    if let Some(lines) = view.scroll.get_mut(place) {
        *lines = lines.saturating_add_signed(by);
    }
    Outcome::redraw()
}
