//! A prediction is written: what will happen once the step is fired.

use super::boxed;
use crate::tui::{
    canvas::{Canvas, Look, Row},
    forms::{PredictForm, PredictLine},
    panes::Scene,
    theme::Role,
};

pub(crate) fn predict(canvas: &mut Canvas, scene: &Scene, form: &PredictForm) {
    let mut inside = boxed(canvas, scene, (76, 9), "PREDICT", Role::Focus);
    inside.row(0, &Row::text("Before you fire: what will happen? An empty line says nothing."));
    for (y, line) in (1..).zip(PredictLine::ALL) {
        let (label, text, after) = form.shown(line);
        let chosen = line == form.line;
        let mut row =
            Row::of(if chosen { Role::Focus } else { Role::Text }, format!("{} {label:<32}", mark(chosen)));
        if chosen {
            row.add(Role::Focus, Look::Fill, format!(" {text:<9}"));
        } else {
            row.push(Role::Strong, format!(" {:<9}", if text.is_empty() { "-" } else { &text }));
        }
        inside.row(y, &row.with(Role::Soft, format!(" {after}")));
    }
    let keys = [("UP DOWN", "line"), ("ENTER", "keep it"), ("BACKSPACE", "erase")];
    let keys = keys
        .iter()
        .fold(Row::new(), |row, (key, what)| row.with(Role::Focus, *key).and(format!(" {what}   ")));
    inside.row(6, &keys.with(Role::Soft, "scored at the end"));
}

fn mark(chosen: bool) -> char {
    if chosen { '>' } else { ' ' }
}
