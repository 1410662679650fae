//! The panes, one file each. A pane reads the [`Scene`] and draws into its [`PaneBuffer`]; it changes no state.

mod abort_effect;
mod banner;
mod breaker;
mod chain;
mod comparison;
mod comparison_bars;
mod experiment;
mod fault_words;
mod findings;
mod header;
mod keys;
mod log;
mod next;
mod note;
mod pods;
mod preflight;
mod presenter;
mod recent_answers;
mod scene;
mod starting;
mod status;
mod story;
mod tagged_row;
mod target;
#[cfg(test)]
mod testing;

use super::{
    click_targets::ClickTarget,
    keymap::Action,
    pane::Pane,
    pane_buffer::{PaneBuffer, RoleLine},
    text,
    theme::Role,
};
pub(super) use banner::banner;
pub(super) use breaker::{breaker, confidence as breaker_confidence};
pub(super) use chain::chain;
pub(super) use comparison::comparison;
pub(super) use comparison_bars::score;
pub(super) use experiment::experiment;
pub(super) use findings::findings;
pub(super) use header::header;
pub(super) use keys::keys;
pub use log::LogFeed;
pub(crate) use log::accept_everything;
pub(super) use log::{lines as log_lines, log};
pub(super) use next::next;
pub(super) use note::note;
pub(super) use pods::{listed as listed_pods, pods};
pub(super) use preflight::preflight;
pub(super) use presenter::{caption, figures as stage_figures};
use ratatui::style::Modifier;
pub(super) use recent_answers::RecentAnswers;
pub use scene::Scene;
pub(super) use scene::faults;
pub(super) use starting::starting;
pub(super) use status::{bare_status, status};
pub(super) use story::story;
pub(super) use target::target;

/// Draws a pane's frame with its number and title on the left and `word` on the right. Returns the inside of the frame,
/// less one free column on each side.
fn frame<'c>(
    canvas: &'c mut PaneBuffer<'_>,
    scene: &Scene,
    pane: Pane,
    title: &str,
    word: RoleLine,
) -> PaneBuffer<'c> {
    narrowed(framed(canvas, scene, (pane, pane.number()), title, RoleLine::new(), word))
}

/// Draws a pane's frame with its number, its title and `more` after the title. Returns the whole inside of the frame,
/// for rows that fill it from side to side.
fn framed<'c>(
    canvas: &'c mut PaneBuffer<'_>,
    scene: &Scene,
    (pane, number): (Pane, usize),
    title: &str,
    more: RoleLine,
    word: RoleLine,
) -> PaneBuffer<'c> {
    let focused = scene.view.focus == pane && pane != Pane::Experiment;
    let (line, name) = if focused { (Role::Focus, Role::Focus) } else { (Role::Line, Role::Strong) };
    let title = RoleLine::strong(Role::Focus, format!("{number} ")).bold(name, title).joined(more);
    scene.mark(canvas.area(), ClickTarget::Pane(pane));
    canvas.framed(&title, &word, line)
}

/// The inside of a frame, less one free column on each side.
fn narrowed(inside: PaneBuffer) -> PaneBuffer {
    let (width, height) = (inside.width().saturating_sub(2), inside.height());
    inside.into_part(1, 0, width, height)
}

/// Draws a selected row as one bar over the full width: the pieces of `left` from the second column on, each bold or
/// plain, and `note` at the right edge.
fn selected(row: &mut PaneBuffer, left: &[(String, bool)], note: &str) {
    row.flood(Role::Focus);
    let (plain, width) = (row.theme.fill(Role::Focus), row.width());
    let strong = plain.add_modifier(Modifier::BOLD);
    let mut x = 1;
    for (piece, bold) in left {
        let piece = text::clean(piece);
        row.put(x, 0, &piece, if *bold { strong } else { plain });
        x += text::width(&piece);
    }
    let note = text::clean(note);
    row.put(width.saturating_sub(text::width(&note) + 1), 0, &note, strong);
}

/// Draws a bar of `cells` cells, filled to `share` (0 to 1) in eighths of a cell; in whole cells where the theme has no
/// tints.
fn gauge(canvas: &mut PaneBuffer, (x, y): (usize, usize), cells: usize, share: f64, role: Role) {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let theme = canvas.theme;
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    if let Some(tint) = theme.tint(Role::Unknown) {
        let eighths = (share * cells as f64 * 8.0).round() as usize;
        let part = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
        let filled = format!("{}{part}", "█".repeat(eighths / 8));
        canvas.put(x, y, &" ".repeat(cells), tint);
        canvas.put(x, y, &filled, tint.patch(theme.style(role)));
    } else {
        let full = (share * cells as f64).round() as usize;
        canvas.put(x, y, &"█".repeat(full), theme.style(role));
        canvas.put(x + full, y, &"░".repeat(cells.saturating_sub(full)), theme.style(Role::Soft));
    }
}

/// Writes into the lower border how many rows are below the visible part, with the scroll key if this pane has the
/// focus.
fn more_below(canvas: &mut PaneBuffer, scene: &Scene, pane: Pane, rows: usize) {
    let (width, height) = (canvas.width(), canvas.height());
    if rows == 0 || height < 2 {
        return;
    }
    let words = RoleLine::text(format!("{rows} more below"));
    let words = if scene.view.focus == pane {
        RoleLine::strong(Role::Focus, scene.view.keymap.key(Action::Down)).and("  ").joined(words)
    } else {
        words
    };
    let taken = words.width() + 2;
    canvas.part(width.saturating_sub(taken + 2), height - 1, taken, 1).spaced(0, taken - 2, &words);
}

/// Draws as many lines as fit, starting at line `scroll`.
fn scrolled(canvas: &mut PaneBuffer, lines: &[RoleLine], scroll: usize) {
    let height = canvas.height();
    let from = scroll.min(lines.len().saturating_sub(height));
    for (y, line) in lines.iter().skip(from).take(height).enumerate() {
        canvas.row(y, line);
    }
}
