//! Scrolling, selection and the time cursor.

use crate::{
    session::{
        Session,
        event::{StepRef, Timestamp},
    },
    tui::{
        axis::{TimeAxis, place_of, steps},
        keymap::{Action, Chord},
        layout::{Arrangement, LayoutRequest, arrange},
        msg::{Effect, Outcome},
        pane::Pane,
        panes::listed_pods,
        view::{Overlay, View},
    },
};

/// The number of columns that one key press scrolls.
pub(super) const SCROLL: i64 = 10;

pub(super) fn numbered(view: &View, chord: Chord) -> Option<Pane> {
    Pane::ALL.get(view.keymap.place(Action::FocusNumber, chord)?).copied()
}

/// Scrolls the overlay or the focused pane.
pub(super) fn scroll(view: &mut View, session: &Session, by: isize) -> Outcome {
    let pane = view.focus;
    scroll_in(view, session, pane, by)
}

/// Scrolls the overlay or a pane. In the lists of steps and pods, single steps move the selection.
pub(super) fn scroll_in(view: &mut View, session: &Session, pane: Pane, by: isize) -> Outcome {
    let compared = view.compares && !view.zoomed && session.finished();
    if view.overlay.is_none() && compared {
        // The findings cover all panes.
        return scroll_lines(view, view.focus as usize, by);
    }
    let ended = view.overlay.is_none() && session.finished() && !view.zoomed;
    if ended && matches!(pane, Pane::Experiment | Pane::Pods) {
        // Findings and figures replace the lists of steps and pods.
        return scroll_lines(view, pane as usize, by);
    }
    if view.overlay.is_none() && pane == Pane::Experiment {
        choose(view, session, by);
        return Outcome::redraw();
    }
    if view.overlay.is_none() && pane == Pane::Pods && by.abs() == 1 && choose_pod(view, session, by) {
        return Outcome::redraw();
    }
    if view.overlay.is_none() && pane == Pane::Log && shows_story(view) {
        // The story is read from its end, as a log is.
        return scroll_lines(view, pane as usize, -by);
    }
    if view.overlay == Some(Overlay::Logs) || (view.overlay.is_none() && pane == Pane::Log) {
        return Outcome::effect(Effect::ScrollLog(by));
    }
    // A log is read from its end: up scrolls away from it.
    let by = if view.overlay == Some(Overlay::PodLog) { -by } else { by };
    let place = if view.overlay.is_some() { Pane::ALL.len() } else { pane as usize };
    scroll_lines(view, place, by)
}

/// Returns whether the story is shown in place of the log.
fn shows_story(view: &View) -> bool {
    let wish = LayoutRequest { presenter: view.presenter, ..LayoutRequest::default() };
    let story = matches!(arrange(view.area, wish), Arrangement::Panes(panes) if !panes.story.is_empty());
    story && !view.zoomed
}

fn scroll_lines(view: &mut View, place: usize, by: isize) -> Outcome {
    if let Some(lines) = view.scroll.get_mut(place) {
        *lines = lines.saturating_add_signed(by).min(usize::from(u16::MAX));
    }
    Outcome::redraw()
}

pub(super) fn choose(view: &mut View, session: &Session, by: isize) {
    let steps: Vec<StepRef> = session.steps.rows.iter().map(|row| row.step.at).collect();
    let at =
        view.selected_step.or(session.steps.cursor).and_then(|step| steps.iter().position(|at| *at == step));
    let place = at.map_or(0, |at| at.saturating_add_signed(by)).min(steps.len().saturating_sub(1));
    view.selected_step = steps.get(place).copied();
}

/// Selects the next pod in play. Returns whether the selection moved.
fn choose_pod(view: &mut View, session: &Session, by: isize) -> bool {
    let rows = listed_pods(session, &view.filter);
    let at = rows.iter().position(|row| Some(&row.pod.key.uid) == view.selected_pod.as_ref());
    let place = match at {
        Some(at) => at.saturating_add_signed(by).min(rows.len().saturating_sub(1)),
        None => 0,
    };
    // Below the last pod there is more to scroll to: Services and Kubernetes events.
    let moved = at != Some(place);
    if let Some(row) = rows.get(place).filter(|_| moved) {
        view.selected_pod = Some(row.pod.key.uid.clone());
        return true;
    }
    false
}

/// The time axis of the last frame.
fn axis(view: &View, session: &Session, now: Timestamp) -> TimeAxis {
    let wish = LayoutRequest { presenter: view.presenter, ..LayoutRequest::default() };
    let columns = match arrange(view.area, wish) {
        Arrangement::Panes(panes) => panes.picture.plot.width,
        Arrangement::Slim(slim) => slim.strip.width,
        Arrangement::TooSmall => 1,
    };
    TimeAxis::new(session, view, present(session, now), usize::from(columns).max(1))
}

/// The moment so many milliseconds after index 0 of the time axis.
pub(super) fn moment(view: &View, session: &Session, now: Timestamp, ms: i64) -> Timestamp {
    axis(view, session, now).at_millis(ms)
}

/// The moment that is shown as the present.
fn present(session: &Session, now: Timestamp) -> Timestamp {
    session.last.filter(|_| session.finished()).map_or(now, |last| last.min(now))
}

/// The moment of the first item on the axis.
fn beginning(session: &Session, now: Timestamp) -> Timestamp {
    let watched = session.users.endpoints.iter().map(|endpoint| endpoint.since).min();
    let played = session.steps.intervals.front().map(|played| played.from);
    let breaker_changed = session.breaker.states.changes().next().map(|(at, _)| at);
    [watched, played, breaker_changed].into_iter().flatten().min().unwrap_or(now)
}

/// Scrolls by `by` columns.
pub(super) fn scroll_time(view: &mut View, session: &Session, now: Timestamp, by: i64) -> Outcome {
    let live = axis(&View { scrolled_to: None, ..view.clone() }, session, now);
    let shown = axis(view, session, now);
    let earliest = live.index(beginning(session, now)).min(live.first());
    let first = (shown.first() + by).clamp(earliest, live.first());
    view.scrolled_to = (first < live.first()).then_some(first * live.step_ms());
    Outcome::redraw()
}

/// Chooses a finer step (positive), a coarser one (negative), or the one with which the run fits (0).
pub(super) fn zoom_time(view: &mut View, session: &Session, now: Timestamp, by: isize) -> Outcome {
    let place = place_of(&axis(view, session, now));
    view.scrolled_to = None;
    view.zoom = match by {
        0 => None,
        by => Some(place.saturating_add_signed(-by).min(steps() - 1)),
    };
    Outcome::redraw()
}

pub(super) fn move_cursor(view: &mut View, session: &Session, now: Timestamp, by: i64) -> Outcome {
    let shown = axis(view, session, now);
    let step = shown.step_ms();
    let index = view.cursor.map_or(shown.now(), |cursor| cursor.div_euclid(step) + by);
    let earliest = shown.index(beginning(session, now)).min(shown.now());
    let index = index.clamp(earliest, shown.now());
    view.cursor = Some(index * step);
    if shown.column_of(index).is_none() {
        let by = if index < shown.first() { index - shown.first() - SCROLL } else { SCROLL };
        return scroll_time(view, session, now, by);
    }
    Outcome::redraw()
}
