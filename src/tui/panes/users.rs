//! The users pane: chart, legend, table; the preflight while nobody is asked yet.

use super::{
    Scene,
    chart::{ON_THE_WAY_MS, chart},
    frame,
    lanes::label,
    preflight::{checks, preflight},
    table, verdict,
};
use crate::{
    insight::{self, Phase},
    session::state::Endpoint,
    tui::{
        canvas::{Canvas, Row},
        figures,
        keymap::Action,
        pane::Pane,
        targets::Target,
        theme::Role,
    },
};
use ratatui::layout::Rect;

/// Rows that the chart gets at least, its axis included.
const CHART: usize = 6;
/// Endpoints whose letters are shown.
const LETTERS: usize = 9;

/// Seconds without a word from a watched endpoint after which it is called stale.
const STALE_S: f64 = 5.0;

/// Draws the pane.
pub(crate) fn users(canvas: &mut Canvas, scene: &Scene) {
    let Some(endpoint) = endpoint(scene) else {
        let passive = scene.session.users.passive;
        let title = if passive {
            "USERS  passive: nobody is asked"
        } else if scene.phase == Phase::Ready {
            "USERS  preflight"
        } else {
            "USERS  not watched"
        };
        let mut inside = frame(canvas, scene, Pane::Users, title, Row::new());
        preflight(&mut inside, scene);
        return;
    };
    let name = if scene.session.users.endpoints.len() > 1 {
        scene.session.users.name(endpoint)
    } else {
        endpoint.path().to_owned()
    };
    let title = format!("USERS  {} {name}", endpoint.method());
    let word = match selector(scene) {
        Some(selector) => selector.and("   ").joined(word(scene, endpoint)),
        None => word(scene, endpoint),
    };
    let top = Rect { height: canvas.area().height.min(1), ..canvas.area() };
    let mut inside = frame(canvas, scene, Pane::Users, &title, word);
    if scene.session.users.endpoints.len() > 1 {
        scene.mark(top, Target::Endpoints);
    }
    // The chart needs six rows to be read; whatever is left goes to figures.
    let rows = table::rows(scene, endpoint, inside.height().saturating_sub(CHART + 1));
    let upper = inside.height().saturating_sub(rows + 1);
    let width = inside.width();
    chart(&mut inside.part(0, 0, width, upper), scene, endpoint, 0);
    legend(&mut inside.part(0, upper, width, 1), scene, endpoint, true);
    table::table(&mut inside.part(0, upper + 1, width, rows), scene, endpoint);
}

/// Draws chart and legend without a frame, its seconds in the columns of the lanes below; the checks while nobody is
/// asked yet.
pub(crate) fn small(canvas: &mut Canvas, scene: &Scene) {
    let Some(endpoint) = endpoint(scene) else { return checks(canvas, scene) };
    let (width, height) = (canvas.width(), canvas.height());
    let indent = label(width).saturating_sub(super::chart::SCALE);
    chart(&mut canvas.part(0, 0, width, height.saturating_sub(1)), scene, endpoint, indent);
    legend(&mut canvas.part(indent, height.saturating_sub(1), width - indent, 1), scene, endpoint, false);
}

pub(crate) fn endpoint<'a>(scene: &Scene<'a>) -> Option<&'a Endpoint> {
    scene.session.users.endpoints.get(number(scene))
}

/// Its place among the others, from 0.
pub(super) fn number(scene: &Scene) -> usize {
    let count = scene.session.users.endpoints.len();
    if scene.view.endpoint < count { scene.view.endpoint } else { 0 }
}

/// Which of several endpoints is shown, each with the letter of its verdict: `x 2/3: O [F] P`.
fn selector(scene: &Scene) -> Option<Row> {
    let endpoints = &scene.session.users.endpoints;
    let (shown, count) = (number(scene), endpoints.len());
    if count < 2 {
        return None;
    }
    let key = scene.view.keymap.key(Action::Endpoint);
    let mut row = Row::of(Role::Focus, key).and(format!(" {}/{count}:", shown + 1));
    for (place, endpoint) in endpoints.iter().enumerate().take(LETTERS) {
        let word = insight::verdict_of(scene.session, endpoint, scene.now).word;
        let letter =
            if place == shown { format!(" [{}]", word.letter()) } else { format!(" {}", word.letter()) };
        row.push(verdict::role(word), letter);
    }
    Some(row)
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
        return Row::of(Role::Waiting, format!("SCROLLED  {} live", scene.view.keymap.key(Action::Live)));
    }
    match scene.phase {
        Phase::FaultUnconfirmed
        | Phase::FaultOn
        | Phase::Recovering
        | Phase::TargetsBack
        | Phase::Recovered => Row::of(Role::Strong, "LIVE"),
        _ => Row::text(format!("{:.1} req/s", endpoint.rate)),
    }
}

/// What the letters mean, and whether the probe keeps its rate.
fn legend(canvas: &mut Canvas, scene: &Scene, endpoint: &Endpoint, framed: bool) {
    let errors = table::errors(endpoint, scene.now);
    let waiting = endpoint.waiting_over(scene.now, ON_THE_WAY_MS).count();
    let real = if errors.is_empty() { " real answer  " } else { " real  " };
    let answered = match endpoint.shape {
        Some(_) => Row::of(Role::Ok, "r").and(real),
        None => Row::of(Role::Stale, "a").and(" answer  "),
    };
    let answered = answered.with(Role::Protected, "f").and(" fallback  ");
    let kinds = if errors.is_empty() { " error".to_owned() } else { format!(" {errors}") };
    let kinds = Row::of(Role::Failing, "X").and(kinds);
    let waits = if waiting > 0 { format!(" {waiting} waiting") } else { " waiting".to_owned() };
    let waits = Row::of(Role::Waiting, "?").and(waits);
    // The small screen has no title to choose in.
    let (right, dispensable) = match selector(scene) {
        Some(selector) if !framed => {
            (selector.and(format!("  {} ", scene.session.users.name(endpoint))), false)
        }
        _ => sent(scene, endpoint),
    };
    let fits = |letters: &Row, beside: usize| letters.width() + beside <= canvas.width();
    let letters = answered.clone().joined(kinds.clone()).and("  ").joined(waits.clone());
    // Several classes of errors take the place of a rate that is kept, and are cut before those who wait are.
    let right = if dispensable && !fits(&letters, right.width() + 1) { Row::new() } else { right };
    match fits(&letters, right.width() + 1) {
        true => canvas.spread(0, &letters, &right),
        false => canvas.spread(0, &answered.joined(waits).and("  ").joined(kinds), &right),
    }
}

/// Requests sent a second of those that were due, over the last five whole seconds; and whether that is all of them.
fn sent(scene: &Scene, endpoint: &Endpoint) -> (Row, bool) {
    let axis = &scene.session.axis;
    let (now, first) = (axis.slot(scene.now), axis.slot(endpoint.since) + 1);
    let lately = (now - 5).max(first)..now;
    let count = lately.clone().count() as f64;
    if !endpoint.watched || count == 0.0 {
        return (Row::new(), true);
    }
    let seconds = lately.filter_map(|slot| endpoint.second(slot));
    let (due, withheld) = seconds.fold((0, 0), |(due, held), s| (due + s.due, held + s.withheld));
    let rate = f64::from(due - withheld) / count;
    let role = if withheld > 0 { Role::Failing } else { Role::Muted };
    if withheld == 0
        && let Some((ours, all)) = insight::call_share(scene.session, endpoint, scene.now)
    {
        let words = format!("ours: {ours:.0} of {:.0} calls/s ", all.per_second);
        return (Row::of(role, words), true);
    }
    (Row::of(role, format!("{rate:.1}/s of {:.1}/s sent ", endpoint.rate)), withheld == 0)
}
