//! What to try next, when the last lesson has been seen.

use super::boxed;
use crate::tui::{
    canvas::{Canvas, Row},
    keymap::Action,
    panes::Scene,
    theme::Role,
};

/// Columns of a command before what it does.
const COMMAND: usize = 42;

/// Draws the commands.
pub(crate) fn farewell(canvas: &mut Canvas, scene: &Scene) {
    let tries = scene.view.course.map(|course| course.farewell).unwrap_or_default();
    let height = tries.len() + 6;
    let mut inside = boxed(canvas, scene, (COMMAND + 38, height), "WHAT TO TRY NEXT", Role::Focus);
    inside.row(0, &Row::text("On your own cluster; nothing is touched before you fire."));
    for (y, (command, what)) in tries.iter().enumerate() {
        let row = Row::of(Role::Focus, *command).to(COMMAND).and(*what);
        inside.row(y + 2, &row);
    }
    let leave = Row::of(Role::Focus, scene.view.keymap.spoken(Action::Next));
    inside.row(tries.len() + 3, &leave.and(" leaves; all of this stays on the terminal"));
}
