//! The overlays over the panes: help, evidence, log, heat map, inputs.

mod confirm;
mod guards;
mod heatmap;
mod help;
mod pod_log;
mod predict;
mod sandbox;
#[cfg(test)]
mod tests;
mod why;

use super::{
    click_targets::ClickTarget,
    editor::Editor,
    keymap::Action,
    pane_buffer::{Emphasis, PaneBuffer, RoleLine},
    panes::Scene,
    text,
    theme::Role,
};
pub(super) use confirm::{fire, quit, recover, skip, undo};
pub(super) use guards::guards;
pub(super) use heatmap::heatmap;
pub(super) use help::help;
pub(super) use pod_log::{next as next_log, pod_log, shown as shown_log};
pub(super) use predict::predict;
use ratatui::layout::Rect;
pub(super) use sandbox::sandbox;
pub(super) use why::{evidence, why};

/// Clears a box in the middle, draws its frame and returns its inside.
fn boxed<'c>(
    canvas: &'c mut PaneBuffer<'_>,
    scene: &Scene,
    (width, height): (usize, usize),
    title: &str,
    line: Role,
) -> PaneBuffer<'c> {
    let width = width.min(canvas.width());
    let height = height.min(canvas.height());
    let (x, y) = ((canvas.width() - width) / 2, (canvas.height() - height) / 2);
    let area = canvas.part(x, y, width, height).area();
    scene.mark(canvas.area(), ClickTarget::Close);
    scene.mark(area, ClickTarget::Overlay);
    scene.mark(Rect { height: area.height.min(1), ..area }, ClickTarget::Close);
    canvas.on(area).clear();
    canvas.on(area).framed(&RoleLine::strong(line, title), &close_hint(), line);
    canvas.part(x + 2, y + 1, width.saturating_sub(4), height.saturating_sub(2))
}

/// Draws a selected row as one bar over the whole width.
fn chosen(canvas: &mut PaneBuffer, y: usize, row: &RoleLine) {
    let width = canvas.width();
    let mut bar = canvas.part(0, y, width, 1);
    bar.flood(Role::Focus);
    let filled =
        row.0.iter().fold(RoleLine::new(), |line, piece| line.fill(Role::Focus, piece.text.as_str()));
    bar.row(0, &filled);
}

/// The key that closes an overlay.
pub(super) fn close_hint() -> RoleLine {
    RoleLine::strong(Role::Focus, "ESC").and(" closes")
}

/// Keys with their effects.
fn keys(keys: &[(&str, &str)]) -> RoleLine {
    let between = |i| if i == 0 { "" } else { "   " };
    keys.iter().enumerate().fold(RoleLine::new(), |row, (i, (key, what))| {
        row.and(between(i)).bold(Role::Focus, *key).and(format!(" {what}"))
    })
}

/// Draws lines from the overlay's scroll position on; if more follow, the last row shows how many.
fn scrolled(canvas: &mut PaneBuffer, scene: &Scene, lines: &[RoleLine]) {
    let height = canvas.height();
    let more = lines.len() > height;
    let shown = if more { height.saturating_sub(1) } else { height };
    let most = lines.len().saturating_sub(shown);
    let from = scene.view.overlay_scroll().min(most);
    for (y, line) in lines.iter().skip(from).take(shown).enumerate() {
        canvas.row(y, line);
    }
    if more && from < most {
        let below = RoleLine::strong(Role::Focus, scene.view.keymap.key(Action::Down));
        canvas.right(shown, &below.and(format!("  {} more below", most - from)));
    }
}

/// The input line with its cursor; if it does not fit, the part at the cursor.
fn input(editor: &Editor, columns: usize) -> RoleLine {
    let (before, after) = editor.halves();
    let mut row = RoleLine::text(text::suffix(&before, columns));
    let mut rest = after.chars();
    row.add(Role::Focus, Emphasis::Fill, rest.next().map_or_else(|| " ".to_owned(), String::from));
    row.and(rest.collect::<String>())
}

/// Draws the input of a note.
pub(super) fn note(canvas: &mut PaneBuffer, scene: &Scene, editor: &Editor) {
    let mut inside = boxed(canvas, scene, (76, 4), "NOTE", Role::Focus);
    let width = inside.width().saturating_sub(1);
    inside.row(0, &input(editor, width));
    inside.row(1, &keys(&[("ENTER", "keeps it with the session, at this second")]));
}
