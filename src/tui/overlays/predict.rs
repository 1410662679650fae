//! The form in which the operator predicts what will happen once the step is fired.

use super::{boxed, chosen, keys};
use crate::tui::{
    forms::{PredictForm, PredictLine},
    pane_buffer::{PaneBuffer, RoleLine},
    panes::Scene,
    theme::Role,
};

pub(crate) fn predict(canvas: &mut PaneBuffer, scene: &Scene, form: &PredictForm) {
    let mut inside = boxed(canvas, scene, (76, 9), "PREDICT", Role::Focus);
    inside.row(0, &RoleLine::text("Before you fire: what will happen? An empty line says nothing."));
    for (y, line) in (1..).zip(PredictLine::ALL) {
        let (label, text, after) = form.shown(line);
        let text = if text.is_empty() && line != form.line { "-" } else { &text };
        let row =
            RoleLine::text(format!(" {label:<33}")).bold(Role::Strong, format!("{text:<10}")).and(after);
        if line == form.line { chosen(&mut inside, y, &row) } else { inside.row(y, &row) }
    }
    let key_help = [("UP DOWN", "line"), ("ENTER", "keep it"), ("BACKSPACE", "erase")];
    inside.row(6, &keys(&key_help).and("   scored at the end"));
}
