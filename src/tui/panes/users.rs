//! The users pane: chart, legend, table; the preflight while nobody is asked yet.

use super::{
    Scene,
    chart::chart,
    frame,
    lanes::label,
    preflight::{checks, preflight},
    table::table,
};
use crate::{
    session::state::{Endpoint, Phase},
    tui::{
        canvas::{Canvas, Row},
        figures,
        theme::Role,
        view::Pane,
    },
};

/// Seconds without a word from a watched endpoint after which it is called stale.
const STALE_S: f64 = 5.0;

/// Draws the pane.
pub fn users(canvas: &mut Canvas, scene: &Scene) {
    let Some(endpoint) = endpoint(scene) else {
        let title = if scene.phase == Phase::Ready { "USERS  preflight" } else { "USERS  not watched" };
        let mut inside = frame(canvas, scene, Pane::Users, title, Row::new());
        preflight(&mut inside, scene);
        return;
    };
    let several = scene.session.users.endpoints.len();
    let which = if several > 1 { format!("  {}/{several}", scene.view.endpoint + 1) } else { String::new() };
    let title = format!("USERS  {}{which}", short(&endpoint.url));
    let mut inside = frame(canvas, scene, Pane::Users, &title, word(scene, endpoint));
    let rows = if endpoint.after_recovery().sent > 0 && inside.height() > 11 { 4 } else { 3 };
    let upper = inside.height().saturating_sub(rows + 1);
    let width = inside.width();
    chart(&mut inside.part(0, 0, width, upper), scene, endpoint, 0);
    legend(&mut inside.part(0, upper, width, 1), scene, endpoint);
    table(&mut inside.part(0, upper + 1, width, rows), scene, endpoint);
}

/// Draws chart and legend without a frame, its seconds in the columns of the lanes below; the checks while nobody is
/// asked yet.
pub fn small(canvas: &mut Canvas, scene: &Scene) {
    let Some(endpoint) = endpoint(scene) else { return checks(canvas, scene) };
    let (width, height) = (canvas.width(), canvas.height());
    let indent = label(width).saturating_sub(super::chart::SCALE);
    chart(&mut canvas.part(0, 0, width, height.saturating_sub(1)), scene, endpoint, indent);
    legend(&mut canvas.part(indent, height.saturating_sub(1), width - indent, 1), scene, endpoint);
}

/// The endpoint that is shown.
pub fn endpoint<'a>(scene: &Scene<'a>) -> Option<&'a Endpoint> {
    let endpoints = &scene.session.users.endpoints;
    endpoints.get(scene.view.endpoint).or_else(|| endpoints.first())
}

/// Method and path: the host is where the service is reached today.
fn short(url: &str) -> String {
    let (method, rest) = url.split_once(' ').unwrap_or(("GET", url));
    let path = rest
        .split_once("://")
        .map_or(rest, |(_, rest)| rest.find('/').map_or("/", |slash| rest.get(slash..).unwrap_or("/")));
    format!("{method} {path}")
}

/// The word at the right of the title: rate, or how stale it is.
fn word(scene: &Scene, endpoint: &Endpoint) -> Row {
    if !endpoint.watched {
        return Row::of(Role::Stale, "STOPPED");
    }
    let silent = endpoint.last_answer.map_or(0.0, |at| figures::between(at, scene.now));
    if silent > STALE_S && endpoint.in_flight.is_empty() {
        return Row::of(Role::Stale, format!("STALE {}", figures::length(silent)));
    }
    if scene.view.scrolled_to.is_some() {
        return Row::of(Role::Waiting, "SCROLLED  0 live");
    }
    match scene.phase {
        Phase::FaultOn | Phase::Recovered => Row::of(Role::Strong, "LIVE"),
        _ => Row::text(format!("{:.1} req/s", endpoint.rate)),
    }
}

/// What the letters mean, and whether the probe keeps its rate.
pub(super) fn legend(canvas: &mut Canvas, scene: &Scene, endpoint: &Endpoint) {
    let letters = Row::of(Role::Ok, "r")
        .and(" real answer  ")
        .with(Role::Protected, "f")
        .and(" fallback  ")
        .with(Role::Failing, "X")
        .and(" error  ")
        .with(Role::Waiting, "?")
        .and(" waiting");
    canvas.spread(0, &letters, &sent(scene, endpoint));
}

/// Requests sent a second of those that were due, over the last five whole seconds.
fn sent(scene: &Scene, endpoint: &Endpoint) -> Row {
    let axis = &scene.session.axis;
    let (now, first) = (axis.slot(scene.now), axis.slot(endpoint.since) + 1);
    let lately = (now - 5).max(first)..now;
    let count = lately.clone().count() as f64;
    if !endpoint.watched || count == 0.0 {
        return Row::new();
    }
    let seconds = lately.filter_map(|slot| endpoint.second(slot));
    let (due, withheld) = seconds.fold((0, 0), |(due, held), s| (due + s.due, held + s.withheld));
    let rate = f64::from(due - withheld) / count;
    let role = if withheld > 0 { Role::Failing } else { Role::Muted };
    Row::of(role, format!("{rate:.1}/s of {:.1}/s sent ", endpoint.rate))
}
