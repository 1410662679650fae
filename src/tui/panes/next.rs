//! The line that says what happens next and what to press for it.

use super::Scene;
use crate::{
    insight::{self, Phase},
    session::{
        event::Section,
        state::{StepRow, StepState},
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        keymap::Action,
        text,
        theme::Role,
        update::renewable,
        view::{Leaving, Steering},
    },
};

/// Columns from which sentences are written out.
const ROOMY: usize = 100;

/// Columns of a price that is said also where there is little room.
const BRIEF: usize = 24;

/// Draws the line. A piece is shown whole or not at all: half a price is worse than none.
pub(crate) fn next(canvas: &mut Canvas, scene: &Scene) {
    let roomy = canvas.width() >= ROOMY;
    let column = if roomy { 9 } else { 8 };
    let (word, role) = word(scene);
    let head = Row::text(" ").with(role, word).to(column + 1);
    let (row, left_out) = fitted(&head, said(scene, roomy), canvas.width());
    if !left_out || !roomy {
        return canvas.row(0, &row.trimmed());
    }
    // Few words for all of it rather than many for some: the way to safety is among them.
    let (short, _) = fitted(&head, said(scene, false), canvas.width());
    canvas.row(0, &short.trimmed());
}

/// The pieces that fit, and whether one was left out.
fn fitted(head: &Row, pieces: Vec<Row>, width: usize) -> (Row, bool) {
    let (mut row, mut left_out) = (head.clone(), false);
    for (i, piece) in pieces.into_iter().enumerate() {
        let longer = row.clone().joined(piece);
        match i == 0 || longer.clone().trimmed().width() < width {
            true => row = longer,
            false => left_out = true,
        }
    }
    (row, left_out)
}

fn word(scene: &Scene) -> (&'static str, Role) {
    if scene.awaiting_fire().is_some() { ("FIRE", Role::Fault) } else { ("NEXT", Role::Strong) }
}

/// What comes next, in pieces with the key for each.
fn said(scene: &Scene, roomy: bool) -> Vec<Row> {
    let steps = &scene.session.steps;
    if scene.phase == Phase::Starting {
        return vec![Row::text("the session opens by itself   "), key(scene, Action::Quit, "leave")];
    }
    if scene.view.steering == Steering::Replay {
        return vec![
            Row::text("a replay: "),
            key(scene, Action::Earlier, "earlier"),
            key(scene, Action::Quit, "leave"),
        ];
    }
    if scene.view.leaving > Leaving::No {
        let first = if scene.view.finished { "it is put back" } else { "the run ends" };
        return vec![Row::text(format!("{first}, then the terminal is yours again"))];
    }
    if scene.phase == Phase::Recovering && scene.session.run.ended.is_some() {
        return recovering(scene, roomy);
    }
    if scene.phase == Phase::Finished || scene.view.finished {
        let undo = scene.session.undo_due().map(|kit| {
            let cost = if roomy { format!("put it back: {}", kit.cost) } else { "put it back".to_owned() };
            key(scene, Action::Undo, &cost)
        });
        let onward = scene.view.course.filter(|_| scene.view.finished);
        let onward = onward.map(|course| key(scene, Action::Next, course.next));
        let again = renewable(scene.view).then(|| key(scene, Action::NewRun, "new run"));
        let keys = [
            key(scene, Action::Why, "why"),
            key(scene, Action::Note, "write a note"),
            key(scene, Action::Quit, "leave"),
        ];
        return undo.into_iter().chain(onward).chain(keys).chain(again).collect();
    }
    if let Some(row) = scene.awaiting_fire() {
        return fire(scene, row, roomy);
    }
    match steps.current() {
        Some(row) if row.state.is_active() => running(scene, row, roomy),
        _ if scene.phase == Phase::Ready => {
            vec![
                key(scene, Action::Observe, "start watching"),
                Row::text("then "),
                key(scene, Action::Next, "check the hypothesis"),
            ]
        }
        Some(row) if is_awaited(row) && row.step.at.section == Section::Before && row.failed() => {
            unmet(scene, row, roomy)
        }
        Some(row) if is_awaited(row) && offered(scene, row) => {
            vec![key(scene, Action::Next, "run the rollbacks"), key(scene, Action::Skip, "end without them")]
                .into_iter()
                .chain(undo(scene))
                .collect()
        }
        Some(row) if is_awaited(row) => {
            let run = run(scene, row, roomy);
            let others = [key(scene, Action::Skip, "skip it"), key(scene, Action::End, "end now")];
            std::iter::once(run).chain(abort(scene, roomy)).chain(others).collect()
        }
        _ if scene.session.run.rolling_back => vec![Row::text("rolling back")],
        _ => match steps.next() {
            Some(row) => std::iter::once(run(scene, row, roomy)).chain(abort(scene, roomy)).collect(),
            None => vec![Row::text("the run is ending")],
        },
    }
}

fn is_awaited(row: &StepRow) -> bool {
    matches!(row.state, StepState::Awaited { .. })
}

/// Whether this is the question whether the rollbacks are played at all.
fn offered(scene: &Scene, row: &StepRow) -> bool {
    row.step.at.section == Section::Rollbacks && !scene.session.run.rolling_back
}

fn undo(scene: &Scene) -> Option<Row> {
    scene.session.undo_due().map(|_| key(scene, Action::Undo, "put it back"))
}

/// The gate is not met: nothing has happened yet, and there is something to do about it.
fn unmet(scene: &Scene, row: &StepRow, roomy: bool) -> Vec<Row> {
    let name = text::fit(&row.step.name, if roomy { 40 } else { 24 });
    vec![key(scene, Action::Next, &format!("ask {name} again")), key(scene, Action::Skip, "accept and end")]
}

/// The run is over, the system is not well yet.
fn recovering(scene: &Scene, roomy: bool) -> Vec<Row> {
    let since = scene.session.safety.as_ref().map(|safety| safety.since);
    let seconds = since.map_or(0.0, |since| figures::between(since, scene.now));
    let waits = match roomy {
        true => format!("watching until it is safe, {seconds:.0} s so far.   "),
        false => format!("until safe: {seconds:.0} s.  "),
    };
    let keys = [key(scene, Action::Why, "why"), key(scene, Action::Quit, "leave")];
    std::iter::once(Row::text(waits)).chain(undo(scene)).chain(keys).collect()
}

/// The step that is next; its name gives way to the keys where there is little room.
fn run(scene: &Scene, row: &StepRow, roomy: bool) -> Row {
    let name = text::fit(&row.step.name, if roomy { 60 } else { 28 });
    key(scene, Action::Next, &format!("run {name}"))
}

fn fire(scene: &Scene, row: &StepRow, roomy: bool) -> Vec<Row> {
    let headline = scene.card().map_or(row.step.name.as_str(), |card| card.headline.as_str());
    let session = scene.session;
    let guarded = !session.fires_freely(row.step.at).unwrap_or(session.meta.allowed);
    let typed = if guarded { ", then type its name," } else { "" };
    let press = scene.view.keymap.spoken(Action::Fire);
    let mut pieces = vec![
        Row::of(Role::Fault, press).and(format!("{typed} to ")).with(Role::Fault, lower(headline)).and(".  "),
    ];
    pieces.extend(abort(scene, roomy));
    pieces.push(Row::of(Role::Soft, "SPACE never fires   "));
    if roomy {
        pieces.push(key(scene, Action::Skip, "leave it out"));
    }
    pieces
}

/// `KILL 1 pod, by deleting it` within a sentence.
fn lower(headline: &str) -> String {
    let (first, rest) = headline.split_once(' ').unwrap_or((headline, ""));
    if first.chars().all(|c| c.is_ascii_uppercase()) {
        format!("{} {rest}", first.to_lowercase()).trim_end().to_owned()
    } else {
        headline.to_owned()
    }
}

fn running(scene: &Scene, row: &StepRow, roomy: bool) -> Vec<Row> {
    let step = scene.session.steps.position();
    if let Some(why) = insight::hopeless(scene.session) {
        let on = key(scene, Action::Cut, "go on without it");
        return [Row::text(format!("{why}   ")), on].into_iter().chain(abort(scene, roomy)).collect();
    }
    let waits = match (&row.state, row.pause_left(scene.now), roomy) {
        (StepState::Paused { .. }, Some(left), true) => format!("step {step} goes on in {left:.0} s.   "),
        (StepState::Paused { .. }, Some(left), false) => format!("step {step}: {left:.0} s.  "),
        (_, _, true) => format!("step {step} waits for its answer.   "),
        (_, _, false) => format!("step {step} waits.  "),
    };
    let cut = if roomy { "cut the wait" } else { "cut" };
    let mut pieces = vec![Row::text(waits), key(scene, Action::Cut, cut)];
    pieces.extend(abort(scene, roomy));
    pieces
}

/// What an abort costs, said before it is pressed.
fn abort(scene: &Scene, roomy: bool) -> Option<Row> {
    let fault = scene.session.fault.as_ref()?;
    // The kit knows how long pods take to start.
    let kit = fault.fires.last().and_then(|firing| scene.session.undo.kits.get(&firing.step));
    let card = scene.session.target.as_ref().map(|card| card.undo.as_str());
    // What does not come back by itself is put back only where it is due.
    let kit = kit.filter(|kit| !kit.needed);
    let card = card.filter(|_| fault.is_on());
    let card = kit.map(|kit| kit.cost.as_str()).or(card).unwrap_or("");
    let cost = match (scene.session.undo_due(), roomy) {
        (Some(kit), true) => format!("abort + undo: {}", kit.cost),
        // How long it takes stands at the end.
        (Some(kit), false) => match kit.cost.rsplit_once(", about ") {
            Some((_, about)) => format!("abort + undo ({about})"),
            None => "abort + undo".to_owned(),
        },
        (None, _) if card.is_empty() => "abort + roll back".to_owned(),
        (None, true) => format!("abort: {card}"),
        (None, false) => match card.rsplit_once(", about ") {
            Some((_, about)) => format!("abort (about {about})"),
            None if card.len() <= BRIEF => format!("abort: {card}"),
            None => "abort".to_owned(),
        },
    };
    Some(key(scene, Action::Abort, &cost))
}

/// `[c] cut the wait   `
fn key(scene: &Scene, action: Action, what: &str) -> Row {
    Row::of(Role::Focus, format!("[{}]", scene.view.keymap.key(action))).and(format!(" {what}   "))
}
