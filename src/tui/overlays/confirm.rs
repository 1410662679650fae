//! Questions that are asked before something cannot be taken back.

use super::{boxed, input};
use crate::tui::{
    canvas::{Canvas, Row},
    editor::Editor,
    panes::Scene,
    text,
    theme::Role,
};

/// Leaving while the fault is on.
pub fn quit(canvas: &mut Canvas, scene: &Scene) {
    let mut inside = boxed(canvas, 72, 8, "LEAVE?", Role::Fault);
    let width = inside.width();
    inside.row(0, &Row::of(Role::Fault, "The fault is on."));
    let undo = scene.session.target.as_ref().map_or("", |card| card.undo.as_str());
    let cost = if undo.is_empty() {
        "Leaving runs the rollbacks first.".to_owned()
    } else {
        format!("Leaving ends it first: {undo}")
    };
    for (y, line) in text::wrap(&cost, width, 2).into_iter().enumerate() {
        inside.row(1 + y, &Row::text(line));
    }
    let keys =
        Row::of(Role::Focus, "y").and(" roll back and leave    ").with(Role::Focus, "ESC").and(" stay");
    inside.row(4, &keys);
}

/// The target's name is typed before a fire outside the allow-list.
pub fn fire(canvas: &mut Canvas, scene: &Scene, word: &str, typed: &Editor) {
    let mut inside = boxed(canvas, 76, 8, "FIRE?", Role::Fault);
    let context = scene.session.meta.context.as_deref().unwrap_or("this machine");
    inside.row(0, &Row::text("context ").with(Role::Failing, context).and(" is not on the allow-list."));
    if let Some(card) = scene.card() {
        inside.row(1, &Row::of(Role::Fault, card.headline.as_str()));
    }
    inside.row(2, &Row::text("Type ").with(Role::Strong, word).and(" and press ENTER to fire:"));
    inside.row(3, &Row::text("> ").joined(input(typed)));
    if let Some(hint) = &scene.view.hint {
        inside.row(5, &Row::of(Role::Failing, hint.as_str()));
    }
}
