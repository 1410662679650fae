//! The tasks done so far to prepare the session, and the current one.

use super::Scene;
use crate::tui::{
    figures,
    pane_buffer::{PaneBuffer, RoleLine},
    theme::Role,
};

/// Columns of a task before its duration.
const WORDS: usize = 52;

/// Draws a row for each task; the last one is in progress.
pub(crate) fn starting(canvas: &mut PaneBuffer, scene: &Scene) {
    canvas.clear();
    let tasks = &scene.session.opening.tasks;
    let ends = tasks.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let first = tasks.len().saturating_sub(canvas.height());
    for (y, ((began, doing), ended)) in tasks.iter().zip(ends).skip(first).enumerate() {
        let took = figures::between(*began, ended.unwrap_or(scene.display_time));
        let row = match ended {
            Some(_) => RoleLine::of(Role::Ok, " ✓ ").and(doing.as_str()).pad_to(WORDS.min(canvas.width())),
            None => RoleLine::of(Role::Focus, " ▸ ")
                .with(Role::Strong, doing.as_str())
                .pad_to(WORDS.min(canvas.width())),
        };
        // Negligible durations are left out.
        let time = if took < 0.05 { String::new() } else { format!("  {}", figures::length(took)) };
        canvas.row(y, &row.with(Role::Soft, time));
    }
}
