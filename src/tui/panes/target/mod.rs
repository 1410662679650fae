//! The target card: what the fire will do, shown before it is fired.

mod facts;
#[cfg(test)]
mod tests;

use super::Scene;
use crate::{
    session::event::TargetCard,
    tui::{
        click_targets::ClickTarget,
        keymap::Action,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
    },
};
use facts::{CardFact, facts};

/// Columns of a fact's label.
const NAME: usize = 9;

/// Draws the card, as tall as its text; what is drawn below it is kept.
pub(crate) fn target(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, room) = (canvas.width(), canvas.height().saturating_sub(2));
    let lines = lines(scene, width.saturating_sub(4), room);
    let mut card = canvas.part(0, 0, width, lines.len() + 2);
    card.clear();
    scene.mark(card.area(), ClickTarget::Pane(Pane::Pods));
    let key = scene.view.keymap.key_with_shift(Action::Fire);
    let title = RoleLine::strong(Role::Fault, format!("TARGET  what {key} will do"));
    let mut inside = card.framed(&title, &RoleLine::new(), Role::Fault);
    let mut body = inside.part(1, 0, width.saturating_sub(4), lines.len());
    for (y, line) in lines.iter().enumerate() {
        body.row(y, line);
    }
}

/// The lines of the card: complete, or shortened until they fit into `rows`.
pub(super) fn lines(scene: &Scene, columns: usize, rows: usize) -> Vec<RoleLine> {
    let Some(card) = scene.card() else {
        let step = scene.awaiting_fire().map(|row| row.step.label.as_str()).unwrap_or_default();
        let unknown =
            ["what it will hit is being looked up;", "where that cannot be told, it may hit anything"];
        let step = text::wrapped(step, columns).into_iter().map(|line| RoleLine::strong(Role::Fault, line));
        return step.chain(unknown.map(RoleLine::text)).take(rows).collect();
    };
    let variants = LEVELS.map(|level| shortened_parts(scene, card, columns, &level));
    let [.., least] = &variants;
    let parts = variants.iter().find(|parts| row_count(parts) <= rows).unwrap_or(least);
    let spare = rows.saturating_sub(row_count(parts));
    let mut lines = Vec::new();
    for (name, rows) in parts {
        // A blank row separates what the fire does from the guards.
        if *name == "guards" && spare > 0 {
            lines.push(RoleLine::new());
        }
        lines.extend(rows.iter().cloned());
    }
    lines
}

/// One level of shortening: how many objects are named, which facts are left out, and whether only the headline's first
/// clause is shown.
struct Shortening {
    named: usize,
    left_out: &'static [&'static str],
    brief: bool,
}

/// The levels from the complete card to the shortest one.
const LEVELS: [Shortening; 9] = [
    Shortening { named: 6, left_out: &[], brief: false },
    Shortening { named: 6, left_out: &["note"], brief: false },
    Shortening { named: 6, left_out: &["note", "guards"], brief: false },
    Shortening { named: 3, left_out: &["note", "guards"], brief: false },
    Shortening { named: 3, left_out: &["note", "guards", "undo"], brief: false },
    Shortening { named: 3, left_out: &["note", "guards", "undo", "then"], brief: false },
    Shortening { named: 1, left_out: &["note", "guards", "undo", "then"], brief: false },
    Shortening { named: 1, left_out: &["note", "guards", "undo", "then"], brief: true },
    // On the smallest screen only the headline names the target.
    Shortening { named: 0, left_out: &["note", "guards", "undo", "then"], brief: true },
];

/// The rows of each fact, with the fact's label.
type Parts = Vec<(&'static str, Vec<RoleLine>)>;

fn row_count(parts: &Parts) -> usize {
    parts.iter().map(|(_, rows)| rows.len()).sum()
}

fn shortened_parts(scene: &Scene, card: &TargetCard, columns: usize, level: &Shortening) -> Parts {
    let headline = if level.brief {
        card.headline.split([',', ';']).next().unwrap_or_default()
    } else {
        card.headline.as_str()
    };
    let headline = text::wrapped(headline, columns);
    let headline = headline.into_iter().map(|line| RoleLine::strong(Role::Fault, line)).collect();
    let mut parts = vec![("headline", headline), ("where", cluster_rows(scene, card, columns))];
    let facts = facts(scene, card, level.named).into_iter();
    let facts = facts.filter(|fact| fact.required || !level.left_out.contains(&fact.name));
    parts.extend(facts.map(|fact| (fact.name, in_rows(&fact, columns))));
    parts
}

/// A fact, wrapped into rows.
fn in_rows(fact: &CardFact, columns: usize) -> Vec<RoleLine> {
    let room = columns.saturating_sub(NAME);
    let wrap = |line: &String| {
        if text::width(line) <= room { vec![line.clone()] } else { text::wrapped(line, room) }
    };
    let lines = fact.lines.iter().flat_map(wrap);
    let named = lines.enumerate().map(|(i, line)| {
        let name = if i == 0 { RoleLine::strong(Role::Text, fact.name) } else { RoleLine::new() };
        match fact.role {
            Role::Text => name.pad_to(NAME).and(line),
            role => name.pad_to(NAME).bold(role, line),
        }
    });
    named.collect()
}

/// The cluster in which the step would act, in a few words. For a step that runs a program, `given` marks that the
/// context is only passed to it.
pub(super) fn place(scene: &Scene, columns: usize) -> String {
    let of_session = scene.session.meta.context.as_deref();
    let (context, sure) = match scene.card().map(|card| card.place.as_ref()) {
        Some(Some(place)) => (place.context.as_deref(), place.sure),
        Some(None) => (of_session, true),
        None => return "looking it up".to_owned(),
    };
    let word = if sure { "on" } else { "given" };
    match context {
        // The distinguishing part of a context is often at its end.
        Some(context) => {
            format!("{word} {}", text::fit_ends(context, columns.saturating_sub(word.len() + 1)))
        }
        None => "on this machine".to_owned(),
    }
}

/// The cluster in which the fire would act; empty if it is the allowed context of the session, or if none is known to
/// either.
fn cluster_rows(scene: &Scene, card: &TargetCard, columns: usize) -> Vec<RoleLine> {
    let session = scene.session.meta.context.as_deref();
    let (context, sure, allowed) = match &card.place {
        Some(place) => (place.context.as_deref(), place.sure, place.allowed),
        // A recording from before cards had a place.
        None => (session, true, scene.session.meta.allowed),
    };
    let name = RoleLine::strong(Role::Text, "where").pad_to(NAME);
    let (context, words) = match (context, sure, allowed) {
        (None, ..) if session.is_none() => return Vec::new(),
        (None, ..) => return vec![name.bold(Role::Waiting, "on this machine, in no known cluster")],
        (Some(context), true, true) if Some(context) == session => return Vec::new(),
        (Some(context), true, true) => return vec![name.bold(Role::Waiting, context)],
        (Some(context), true, false) => (context, "is not on the allow-list: typing a name is required"),
        (Some(context), false, _) => (context, "is the context passed to it; it may use others"),
    };
    // The name of a cluster that must not be overlooked is shown in full, on rows of its own if it is long.
    let room = columns.saturating_sub(NAME);
    let chip = RoleLine::new().fill(Role::Failing, format!(" {context} "));
    let words = RoleLine::of(Role::Failing, words);
    if chip.width() + 1 + words.width() <= room {
        return vec![name.joined(chip).and(" ").joined(words)];
    }
    let chips = text::wrapped(context, room.saturating_sub(2)).into_iter();
    let rows = chips.map(|part| RoleLine::new().pad_to(NAME).fill(Role::Failing, format!(" {part} ")));
    let mut rows: Vec<RoleLine> = rows.collect();
    if let Some(first) = rows.first_mut() {
        let chip = first.0.pop();
        *first = name;
        first.0.extend(chip);
    }
    rows.extend(
        text::wrapped(&words.0.iter().map(|piece| piece.text.as_str()).collect::<String>(), room)
            .into_iter()
            .map(|line| RoleLine::new().pad_to(NAME).with(Role::Failing, line)),
    );
    rows
}
