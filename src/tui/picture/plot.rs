//! The plot: waiting times over time, two pixels per cell, coloured by outcome.

use super::columns::{Columns, Mark, Scale};
use crate::tui::{axis::TimeAxis, pane_buffer::PaneBuffer, theme::Role};

/// Draws one cell of two pixels.
pub(super) fn cell(canvas: &mut PaneBuffer, x: usize, y: usize, upper: Option<Mark>, lower: Option<Mark>) {
    let theme = canvas.theme;
    let style = |mark: Mark| theme.style(mark.role());
    match (upper, lower) {
        (None, None) => {}
        (Some(a), None) => canvas.dot(x, y, '▀', style(a)),
        (None, Some(b)) => canvas.dot(x, y, '▄', style(b)),
        (Some(a), Some(b)) if a == b => canvas.dot(x, y, '█', style(a)),
        (Some(a), Some(b)) => {
            let below = theme.colour(b.role()).map_or(style(a), |colour| style(a).bg(colour));
            canvas.dot(x, y, '▀', below);
        }
    }
}

/// Draws grid, limit and the line of the present, then the answers over them.
pub(super) fn draw(
    canvas: &mut PaneBuffer,
    axis: &TimeAxis,
    scale: Scale,
    limit_ms: Option<u64>,
    columns: Option<&Columns>,
) {
    grid(canvas, axis, scale);
    if let Some(limit_ms) = limit_ms {
        limit(canvas, scale, limit_ms);
        limit_words(canvas, scale, limit_ms);
    }
    if let Some(rule) = axis.now_column().map(|now| now + 1).filter(|rule| *rule < axis.columns) {
        for y in 0..canvas.height() {
            canvas.letters(rule, y, "▏", Role::Soft);
        }
    }
    if let Some(columns) = columns {
        answers(canvas, columns);
    }
}

/// Draws the pixels of all answers.
pub(super) fn answers(canvas: &mut PaneBuffer, columns: &Columns) {
    let theme = canvas.theme;
    for y in 0..canvas.height() {
        for x in 0..columns.counts().len() {
            let (upper, lower) = columns.cell(x, y);
            match upper.max(lower) {
                Some(worst) if theme.draws_letters() => {
                    canvas.dot(x, y, worst.letter(), theme.style(worst.role()));
                }
                _ => cell(canvas, x, y, upper, lower),
            }
        }
    }
}

pub(super) fn grid(canvas: &mut PaneBuffer, axis: &TimeAxis, scale: Scale) {
    for (y, _) in scale.decades() {
        for x in (0..axis.columns).step_by(2) {
            canvas.letters(x, y, "·", Role::Grid);
        }
    }
    for x in axis.ticks() {
        for y in 0..canvas.height() {
            canvas.letters(x, y, "┊", Role::Grid);
        }
    }
}

/// Draws the longest wait that users accept, over the whole width.
pub(super) fn limit(canvas: &mut PaneBuffer, scale: Scale, limit_ms: u64) {
    let y = scale.row(limit_ms as f64);
    let width = canvas.width();
    canvas.letters(0, y, &"╌".repeat(width), Role::Soft);
}

fn limit_words(canvas: &mut PaneBuffer, scale: Scale, limit_ms: u64) {
    let (y, width) = (scale.row(limit_ms as f64), canvas.width());
    let words = format!(" limit {} ", crate::session::wording::limit(limit_ms));
    if let Some(x) = width.checked_sub(words.len() + 1).filter(|_| width > 40) {
        canvas.letters(x, y, &words, Role::Soft);
    }
}
