//! What lies over the panes: help, evidence, log, heat map, inputs.

mod confirm;
mod guards;
mod heatmap;
mod help;
mod pod_log;
mod predict;
mod sandbox;
mod why;

pub(super) use confirm::{fire, quit, skip, undo};
pub(super) use guards::guards;
pub(super) use heatmap::heatmap;
pub(super) use help::help;
pub(super) use pod_log::{next as next_log, pod_log, shown as shown_log};
pub(super) use predict::predict;
pub(super) use sandbox::sandbox;
pub(super) use why::{evidence, why};

use super::{
    canvas::{Canvas, Look, Row},
    editor::Editor,
    panes::Scene,
    targets::Target,
    text,
    theme::Role,
};
use ratatui::layout::Rect;

/// Empties a box in the middle, frames it and returns what is inside.
fn boxed<'c>(
    canvas: &'c mut Canvas<'_>,
    scene: &Scene,
    (width, height): (usize, usize),
    title: &str,
    line: Role,
) -> Canvas<'c> {
    let width = width.min(canvas.width());
    let height = height.min(canvas.height());
    let (x, y) = ((canvas.width() - width) / 2, (canvas.height() - height) / 2);
    let area = canvas.part(x, y, width, height).area();
    scene.mark(canvas.area(), Target::Close);
    scene.mark(area, Target::Overlay);
    scene.mark(Rect { height: area.height.min(1), ..area }, Target::Close);
    canvas.on(area).clear();
    canvas.on(area).framed(&Row::of(line, title), &Row::of(Role::Soft, "ESC closes"), line);
    canvas.part(x + 2, y + 1, width.saturating_sub(4), height.saturating_sub(2))
}

/// Draws lines from the overlay's scroll on, and says when there are more.
fn scrolled(canvas: &mut Canvas, scene: &Scene, lines: &[Row]) {
    let height = canvas.height();
    let most = lines.len().saturating_sub(height);
    let from = scene.view.overlay_scroll().min(most);
    for (y, line) in lines.iter().skip(from).take(height).enumerate() {
        canvas.row(y, line);
    }
    if from < most {
        let below = format!(" {} more below ", most - from);
        canvas.right(height.saturating_sub(1), &Row::of(Role::Focus, below));
    }
}

/// The line that is typed, with its cursor; of what does not fit, the part at the cursor.
fn input(editor: &Editor, columns: usize) -> Row {
    let (before, after) = editor.halves();
    let mut row = Row::text(text::ending(&before, columns));
    let mut rest = after.chars();
    row.add(Role::Focus, Look::Fill, rest.next().map_or_else(|| " ".to_owned(), String::from));
    row.and(rest.collect::<String>())
}

/// A note is typed.
pub(super) fn note(canvas: &mut Canvas, scene: &Scene, editor: &Editor) {
    let mut inside = boxed(canvas, scene, (76, 4), "NOTE", Role::Focus);
    let width = inside.width().saturating_sub(1);
    inside.row(0, &input(editor, width));
    inside.row(1, &Row::of(Role::Soft, "ENTER keeps it with the session, at this second"));
}
