//! Scrolling, choosing, the time cursor.

use crate::{
    session::{
        Session,
        event::{StepRef, Timestamp},
        state::PodRow,
    },
    tui::{
        keymap::{Action, Chord},
        layout::{Arrangement, arrange},
        msg::{Effect, Outcome},
        pane::Pane,
        panes,
        span::Span,
        view::{Overlay, View},
    },
};

/// Seconds that one press scrolls.
pub(super) const SCROLL_S: i64 = 10;

pub(super) fn numbered(view: &View, chord: Chord) -> Option<Pane> {
    Pane::ALL.get(view.keymap.place(Action::FocusNumber, chord)?).copied()
}

/// Scrolls what has the focus.
pub(super) fn scroll(view: &mut View, session: &Session, by: isize) -> Outcome {
    let pane = view.focus;
    scroll_in(view, session, pane, by)
}

/// Scrolls the overlay, or a pane; in the lists of steps and pods, single steps choose.
pub(super) fn scroll_in(view: &mut View, session: &Session, pane: Pane, by: isize) -> Outcome {
    let compared = view.compares && !view.zoomed && session.finished();
    if view.overlay.is_none() && compared {
        // The findings lie over all panes.
        return scroll_lines(view, view.focus as usize, by);
    }
    if view.overlay.is_none() && pane == Pane::Experiment {
        choose(view, session, by);
        return Outcome::redraw();
    }
    if view.overlay.is_none() && pane == Pane::Pods && by.abs() == 1 && choose_pod(view, session, by) {
        return Outcome::redraw();
    }
    if view.overlay == Some(Overlay::Logs) || (view.overlay.is_none() && pane == Pane::Log) {
        return Outcome::effect(Effect::ScrollLog(by));
    }
    // A log is read from its end: up goes away from there.
    let by = if view.overlay == Some(Overlay::PodLog) { -by } else { by };
    let place = if view.overlay.is_some() { Pane::ALL.len() } else { pane as usize };
    scroll_lines(view, place, by)
}

fn scroll_lines(view: &mut View, place: usize, by: isize) -> Outcome {
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

/// Chooses the next pod in play; tells whether there is one.
fn choose_pod(view: &mut View, session: &Session, by: isize) -> bool {
    let rows: Vec<&PodRow> =
        session.cluster.in_play.iter().filter(|row| row.pod.key.name.contains(&view.filter)).collect();
    let at = rows.iter().position(|row| Some(&row.pod.key.uid) == view.pod.as_ref());
    let place = match at {
        Some(at) => at.saturating_add_signed(by).min(rows.len().saturating_sub(1)),
        None => 0,
    };
    // From the last one on there is more to scroll to: Services, and what Kubernetes says.
    let moved = at != Some(place);
    if let Some(row) = rows.get(place).filter(|_| moved) {
        view.pod = Some(row.pod.key.uid.clone());
        return true;
    }
    false
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

/// What the run came to stands at its kill, which the live view may have left behind.
pub(super) fn back_to_the_fault(view: &mut View, session: &Session, now: Timestamp) {
    let live = Span::live(session, now, columns(view));
    if session.t0().is_some() && view.scrolled_to.is_none() && live.column(0).is_none() {
        view.scrolled_to = Some(-Span::LEAD);
    }
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
