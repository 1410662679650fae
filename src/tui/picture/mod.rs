//! The picture: waiting times, users' outcomes, breaker, readiness, health page and steps on one time axis.

mod columns;
mod compared;
mod current_values;
mod lanes;
mod plot;
mod segments;
mod strip;

use super::{
    axis::{LabelKind, TimeAxis},
    click_targets::ClickTarget,
    figures,
    keymap::Action,
    layout::{self, PictureAreas, Size, SmallAreas},
    pane::Pane,
    pane_buffer::{PaneBuffer, RoleLine},
    panes::Scene,
    text,
    theme::Role,
    view::ControlMode,
};
use crate::{
    insight,
    session::{Session, state::Endpoint},
};
pub(crate) use columns::IN_FLIGHT_SHOWN_MS;
use columns::{Columns, Scale};
pub(crate) use compared::{ComparedRun, ComparedRuns, strips as compared_strips};
pub(crate) use current_values::{breaker as breaker_now, ready as ready_now};
pub(crate) use lanes::{LaneKind, breaker_role};
use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};
use segments::{Segment, SegmentKind};

/// The most lanes for replicas; for further endpoints it is one less.
const MORE: usize = 3;

/// The number of lanes beyond the usual ones: for endpoints other than the shown one, and for replicas beyond the
/// first.
pub(crate) fn more_lanes(session: &Session) -> u16 {
    let endpoints = session.users.endpoints.len().saturating_sub(1).min(MORE - 1);
    (endpoints + replicas(session).saturating_sub(1)) as u16
}

/// The number of replicas whose breakers have a lane each; 0 if there are too many or if they cannot be distinguished.
fn replicas(session: &Session) -> usize {
    let known = session.breaker.replicas.len();
    if (2..=MORE).contains(&known) { known } else { 0 }
}

/// The lanes for a screen size, from top to bottom.
fn lanes_of(scene: &Scene, size: Size, room: usize) -> Vec<LaneKind> {
    if scene.view.presenter && size != Size::Compact {
        return vec![LaneKind::Breaker, LaneKind::Provider];
    }
    let session = scene.session;
    let mut others: Vec<usize> = (0..session.users.endpoints.len()).collect();
    let shown = shown_endpoint(scene).map(|endpoint| endpoint.id);
    others.retain(|place| session.users.endpoints.get(*place).map(|endpoint| endpoint.id) != shown);
    let word = |place: &usize| {
        session.users.endpoints.get(*place).map(|e| insight::verdict_of(session, e, scene.now).word)
    };
    others.sort_by_key(|place| std::cmp::Reverse(word(place)));
    let users = others.into_iter().take(MORE - 1).map(LaneKind::Users);
    let breakers = match replicas(session) {
        0 => vec![LaneKind::Breaker],
        some => (0..some).map(LaneKind::Replica).collect(),
    };
    let rest: &[LaneKind] = match size {
        Size::Wide => &[LaneKind::Consumer, LaneKind::Provider, LaneKind::Health, LaneKind::Steps],
        Size::Standard => &[LaneKind::Provider, LaneKind::Health, LaneKind::Steps],
        Size::Compact => &[LaneKind::Provider, LaneKind::Health],
    };
    let mut lanes: Vec<LaneKind> = users.chain(breakers).chain(rest.iter().copied()).collect();
    // If not all lanes fit, those of replicas other than the first are dropped, then those of endpoints.
    while lanes.len() > room {
        let spare = lanes.iter().rposition(|lane| matches!(lane, LaneKind::Replica(place) if *place > 0));
        match spare.or_else(|| lanes.iter().rposition(|lane| matches!(lane, LaneKind::Users(_)))) {
            Some(place) => drop(lanes.remove(place)),
            None => lanes.truncate(room),
        }
    }
    if lanes.iter().filter(|lane| matches!(lane, LaneKind::Replica(_))).count() == 1 {
        lanes
            .iter_mut()
            .filter(|lane| matches!(lane, LaneKind::Replica(_)))
            .for_each(|lane| *lane = LaneKind::Breaker);
    }
    lanes
}

/// The endpoint that the picture shows.
pub(crate) fn shown_endpoint<'a>(scene: &Scene<'a>) -> Option<&'a Endpoint> {
    let endpoints = &scene.session.users.endpoints;
    endpoints.get(scene.view.endpoint).or_else(|| endpoints.first())
}

/// Draws the picture.
pub(crate) fn picture(all: &mut PaneBuffer, scene: &Scene, size: Size, parts: &PictureAreas) {
    let axis = TimeAxis::new(scene.session, scene.view, scene.until, usize::from(parts.plot.width));
    let lanes = lanes_of(scene, size, usize::from(parts.lanes.height));
    let lanes = lanes.as_slice();
    frame(all, scene, parts, &axis);
    scene.mark(parts.plot.union(parts.axis), ClickTarget::Moments(axis.millis_of(0), axis.step_ms()));
    let endpoint = shown_endpoint(scene);
    band(all, scene, parts, &axis);
    let rows = usize::from(parts.plot.height);
    let scale = endpoint.map_or_else(|| Scale::unknown(rows), |endpoint| Scale::new(endpoint, rows));
    let columns = endpoint.map(|endpoint| {
        let mut columns = Columns::of(scene.session, endpoint, &axis, scale, scene.until);
        if let Some(earlier) = scene.earlier.filter(|_| scene.session.t0().is_some()) {
            columns.add_earlier_run(earlier, &axis, scale);
        }
        columns
    });
    plot::draw(&mut all.on(parts.plot), &axis, scale, endpoint.map(|e| e.limit_ms), columns.as_ref());
    if let Some(columns) = &columns {
        strip::draw(&mut all.on(parts.strip), columns.counts());
    }
    let lane_segments: Vec<Vec<Segment>> = lanes.iter().map(|lane| lane.segments(scene)).collect();
    let each = (parts.lanes.height / lanes.len().max(1) as u16).max(1);
    for ((lane, segments), y) in lanes.iter().zip(&lane_segments).zip(0..) {
        let row = Rect { y: parts.lanes.y + y * each, height: each, ..parts.lanes };
        match lane {
            LaneKind::Users(place) => users_of(&mut all.on(row), scene, &axis, *place),
            _ => segments::draw(&mut all.on(row), &axis, segments),
        }
    }
    names(all, scene, parts, lanes, each, scale);
    marks(all, scene, parts, lanes, &axis, each);
    labels(&mut all.on(parts.axis), &axis);
    fault(&mut all.on(parts.fault), scene, &axis);
    let cursor = scene.view.cursor.map(|ms| axis.at_millis(ms)).and_then(|at| axis.column(at));
    let mut side = all.on(parts.side);
    match cursor {
        Some(column) => {
            let held: Vec<(LaneKind, String, Role)> = lanes
                .iter()
                .zip(&lane_segments)
                .map(|(lane, segments)| lane_state_at(*lane, &axis, column, segments))
                .collect();
            current_values::at_cursor(&mut side, scene, &axis, column, columns.as_ref(), &held);
            cursor_line(all, parts, column);
        }
        None if !scene.view.presenter => current_values::draw(&mut side, scene, endpoint, rows, lanes),
        None => super::panes::stage_figures(&mut side, scene),
    }
}

/// Draws the strip of another endpoint in one row.
fn users_of(canvas: &mut PaneBuffer, scene: &Scene, axis: &TimeAxis, place: usize) {
    let Some(endpoint) = scene.session.users.endpoints.get(place) else { return };
    let columns = Columns::of(scene.session, endpoint, axis, Scale::new(endpoint, 1), scene.until);
    strip::draw(canvas, columns.counts());
}

/// The lane's state in a column, in words.
fn lane_state_at(
    lane: LaneKind,
    axis: &TimeAxis,
    column: usize,
    segments: &[Segment],
) -> (LaneKind, String, Role) {
    let placed = segments::place(axis, segments);
    let placed_here = placed.iter().find(|placed| (placed.from..placed.to).contains(&column));
    let Some(segment) = placed_here.map(|placed| placed.segment) else {
        return (lane, String::new(), Role::Soft);
    };
    (lane, segment.words.first().cloned().unwrap_or_default(), segment.role)
}

/// Draws the frame with its titles: `USERS` above, `TIMELINE` below.
fn frame(all: &mut PaneBuffer, scene: &Scene, parts: &PictureAreas, axis: &TimeAxis) {
    scene.mark(parts.area, ClickTarget::Pane(Pane::Users));
    if !parts.framed {
        return;
    }
    let focus = scene.view.focus;
    let focused = matches!(focus, Pane::Users | Pane::Timeline);
    // Experiment has the focus by default: the picture has the highlighted frame then too.
    let line = if focused || focus == Pane::Experiment { Role::Focus } else { Role::Line };
    let name = if focus == Pane::Users || focus == Pane::Experiment { Role::Focus } else { Role::Strong };
    let title = RoleLine::strong(Role::Focus, "2 ").bold(name, "USERS");
    // The fault's bar is right of the title.
    let room =
        usize::from(parts.plot.width / 5 + parts.plot.x - parts.area.x).saturating_sub(title.width() + 6);
    let title = match shown_endpoint(scene) {
        Some(endpoint) => {
            let name = format!("{} {}", endpoint.method(), scene.session.users.name(endpoint));
            title.and(format!("  {}", text::fit_ends(&name, room)))
        }
        None => {
            title.with(Role::Soft, if scene.session.users.passive { "  passive: no probes sent" } else { "" })
        }
    };
    all.on(parts.area).framed(&title, &RoleLine::new(), line);
    let foot = parts.area.bottom().saturating_sub(1);
    scene.mark(Rect { y: foot, height: 1, ..parts.area }, ClickTarget::Pane(Pane::Timeline));
    let live = match axis.is_live() {
        _ if scene.phase == crate::insight::Phase::Finished && axis.is_live() => RoleLine::new(),
        true if scene.view.control == ControlMode::Replay => RoleLine::new(),
        false if scene.view.control == ControlMode::Replay => {
            let back = scene.view.keymap.key(Action::StepBack);
            RoleLine::strong(Role::Waiting, format!("  SCROLLED, {back} returns"))
        }
        true => RoleLine::strong(Role::Focus, "  LIVE"),
        false => RoleLine::strong(
            Role::Waiting,
            format!("  PAUSED, {} returns", scene.view.keymap.key(Action::Live)),
        ),
    };
    let timeline = RoleLine::strong(Role::Focus, "5")
        .bold(Role::Strong, " TIMELINE")
        .and(format!("  {} a column", axis.step()))
        .joined(live);
    let mut below = all.on(Rect { y: foot, height: 1, ..parts.area });
    let x = below.width().saturating_sub(timeline.width() + 4);
    below.spaced(x, timeline.width(), &timeline);
    if let Some(which) = which_endpoint(scene) {
        below.spaced(2, which.width(), &which);
    }
    let (rule, from) = (parts.plot.right(), parts.plot.y);
    let mut rows =
        all.on(Rect { x: rule, y: from, width: 1, height: parts.axis.bottom().saturating_sub(from) });
    for y in 0..rows.height() {
        rows.letters(0, y, "│", Role::Line);
    }
}

/// Which of several endpoints is shown, and the key that shows the next one.
fn which_endpoint(scene: &Scene) -> Option<RoleLine> {
    let endpoints = &scene.session.users.endpoints;
    let shown = shown_endpoint(scene).filter(|_| endpoints.len() > 1)?;
    let place = endpoints.iter().position(|other| other.id == shown.id)?;
    let key = scene.view.keymap.key(Action::Endpoint);
    let words =
        format!("endpoint {} of {}, {}  ", place + 1, endpoints.len(), scene.session.users.name(shown));
    Some(RoleLine::text(words).bold(Role::Focus, key).and(" next"))
}

/// Colours the background of the columns in which the fault was on, from the plot to the axis.
fn band(all: &mut PaneBuffer, scene: &Scene, parts: &PictureAreas, axis: &TimeAxis) {
    let Some(band) = all.theme.band() else { return };
    for (from, to) in scene.faults() {
        let fault = [Segment {
            keeps_last_column: true,
            ..Segment::new(from, to, SegmentKind::Abnormal, Role::Fault)
        }];
        for placed in segments::place(axis, &fault) {
            let area = Rect {
                x: parts.plot.x + placed.from as u16,
                width: (placed.to - placed.from) as u16,
                height: parts.axis.bottom() - parts.plot.y,
                ..parts.plot
            };
            all.on(area).restyle(Style::new().bg(band));
        }
    }
}

/// Draws the fault's bar and the time at which it healed.
fn fault(canvas: &mut PaneBuffer, scene: &Scene, axis: &TimeAxis) {
    let framed = canvas.theme;
    let faults = scene.faults();
    let segments: Vec<Segment> = faults
        .iter()
        .map(|(from, to)| {
            let lasted = figures::length(figures::between(*from, to.unwrap_or(scene.display_time)));
            let step = scene.fired_step();
            let words = match to {
                None => vec![
                    format!("FAULT ON {lasted}  {step}, by us"),
                    format!("FAULT ON {lasted}  by us"),
                    format!("FAULT ON {lasted}"),
                    format!("FAULT {lasted}"),
                    "FAULT".to_owned(),
                    "F".to_owned(),
                ],
                Some(_) => vec![format!("FAULT {lasted}"), "FAULT".to_owned(), "F".to_owned()],
            };
            let segment = Segment {
                keeps_last_column: true,
                ..Segment::new(*from, *to, SegmentKind::Abnormal, Role::Fault)
            };
            segment.with_words(words)
        })
        .collect();
    segments::draw(canvas, axis, &segments);
    let healed = scene.session.fault.as_ref().and_then(|fault| fault.healed).filter(|at| *at <= scene.until);
    let last = segments::place(axis, &segments).last().map(|placed| placed.to);
    if let Some((since, x)) = healed.and_then(|at| scene.since_t0(at)).zip(last) {
        let words = format!(" healed T{since:+.1} ");
        if x + words.len() <= canvas.width() {
            canvas.put(x, 0, &words, framed.bold(Role::Ok));
        }
    }
}

/// Draws the names of the lanes and the labels of the waiting times, left of the track.
fn names(
    all: &mut PaneBuffer,
    scene: &Scene,
    parts: &PictureAreas,
    lanes: &[LaneKind],
    each: u16,
    scale: Scale,
) {
    let indent = if parts.framed { 2 } else { 0 };
    let left = parts.area.x + indent;
    let at = |y: u16| Rect { x: left, y, width: parts.plot.x - left, height: 1 };
    let ends = usize::from(parts.plot.x - left) - 1;
    for (row, label) in scale.decades() {
        let x = ends.saturating_sub(label.len());
        all.on(at(parts.plot.y + row as u16)).letters(x, 0, &label, Role::Soft);
    }
    all.on(at(parts.strip.bottom().saturating_sub(1))).row(0, &"users".into());
    for (lane, y) in lanes.iter().zip(0..) {
        let y = parts.lanes.y + y * each + each - 1;
        all.on(at(y)).row(0, &RoleLine::text(lane.name(scene.session)));
    }
}

/// Draws the operator's notes and marks, and an undo, over the lane of the steps.
fn marks(
    all: &mut PaneBuffer,
    scene: &Scene,
    parts: &PictureAreas,
    lanes: &[LaneKind],
    axis: &TimeAxis,
    each: u16,
) {
    let Some(place) = lanes.iter().position(|lane| *lane == LaneKind::Steps) else { return };
    let row = Rect { y: parts.lanes.y + place as u16 * each, height: 1, ..parts.lanes };
    let mut canvas = all.on(row);
    let style = canvas.theme.bold(Role::Focus);
    let diary = &scene.session.annotations;
    let undone = scene.session.undo.done.as_ref().map(|(at, _)| (*at, 'u'));
    let notes = diary.notes.iter().map(|note| (note.at, 'n'));
    let marks = diary.marks.iter().map(|at| (*at, 'm'));
    for (at, letter) in notes.chain(marks).chain(undone).filter(|(at, _)| *at <= scene.until) {
        if let Some(column) = axis.column(at) {
            canvas.dot(column, 0, letter, style);
        }
    }
}

fn labels(canvas: &mut PaneBuffer, axis: &TimeAxis) {
    let theme = canvas.theme;
    for label in axis.labels() {
        let style = match label.kind {
            LabelKind::Tick => theme.style(Role::Soft),
            LabelKind::T0 => theme.bold(Role::Fault),
            LabelKind::Now => theme.bold(Role::Strong),
        };
        canvas.put(label.column, 0, &label.text, style);
    }
}

fn cursor_line(all: &mut PaneBuffer, parts: &PictureAreas, column: usize) {
    let x = parts.plot.x + column as u16;
    let height = parts.axis.y.saturating_sub(parts.plot.y);
    let mut line = all.on(Rect { x, y: parts.plot.y, width: 1, height });
    let style = line.theme.style(Role::Strong).add_modifier(Modifier::BOLD);
    for y in 0..line.height() {
        line.put(0, y, "│", style);
    }
}

/// Draws strip, breaker, provider and axis for the smallest screen.
pub(crate) fn slim(all: &mut PaneBuffer, scene: &Scene, parts: &SmallAreas) {
    let axis = TimeAxis::new(scene.session, scene.view, scene.until, usize::from(parts.strip.width));
    if let Some(endpoint) = shown_endpoint(scene) {
        let scale = Scale::new(endpoint, 1);
        let columns = Columns::of(scene.session, endpoint, &axis, scale, scene.until);
        strip::draw(&mut all.on(parts.strip), columns.counts());
    }
    let name = |y: u16| Rect { x: 0, y, width: parts.strip.x, height: 1 };
    all.on(name(parts.strip.bottom() - 1)).row(0, &"users".into());
    for (lane, y) in [LaneKind::Breaker, LaneKind::Provider].into_iter().zip(parts.lanes.y..) {
        all.on(name(y)).row(0, &RoleLine::text(lane.name(scene.session)));
        segments::draw(&mut all.on(Rect { y, height: 1, ..parts.lanes }), &axis, &lane.segments(scene));
    }
    labels(&mut all.on(parts.axis), &axis);
}

/// Draws the picture in full size.
pub(crate) fn full(canvas: &mut PaneBuffer, scene: &Scene) {
    let parts = layout::full(canvas.area());
    let size = if canvas.width() >= 180 { Size::Wide } else { Size::Standard };
    picture(canvas, scene, size, &parts);
}
