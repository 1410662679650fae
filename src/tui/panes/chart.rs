//! The users chart: waiting time on a log scale, the letter is the outcome, requests in flight climb as they wait.

use super::Scene;
use crate::{
    session::state::{BANDS, Endpoint, Second},
    tui::{
        canvas::{Canvas, Row},
        span::Span,
        targets::Target,
        theme::Role,
    },
};

/// Columns before the first second: the scale and the axis.
pub(super) const SCALE: usize = 5;
/// Requests in flight are drawn once they wait this long, in milliseconds: before that they are on their way.
pub(crate) const ON_THE_WAY_MS: f64 = 100.0;

/// Lower edges of rows in milliseconds with their words, in the order in which a taller chart takes them up.
const EDGES: [(f64, &str); 16] = [
    (0.0, " 1ms"),
    (1_000.0, "  1s"),
    (5_000.0, "  5s"),
    (10_000.0, " 10s"),
    (100.0, " 0.1"),
    (10.0, " .01"),
    (2_000.0, "  2s"),
    (500.0, " 0.5"),
    (50.0, " .05"),
    (30_000.0, " 30s"),
    (200.0, " 0.2"),
    (20.0, " .02"),
    (20_000.0, " 20s"),
    (5.0, " 5ms"),
    (3_000.0, "  3s"),
    (2.0, " 2ms"),
];

/// Draws chart and axis; `indent` are columns left free before the scale, so that seconds line up with lanes.
pub(super) fn chart(canvas: &mut Canvas, scene: &Scene, endpoint: &Endpoint, indent: usize) {
    let height = canvas.height().saturating_sub(1);
    let columns = canvas.width().saturating_sub(SCALE + indent);
    if height == 0 || columns == 0 {
        return;
    }
    let edges = edges(height);
    let span = Span::shown(scene.session, scene.now, columns, scene.view.scrolled_to);
    let [axis, foot] = canvas.theme.symbols.axis;
    for (y, (_, word)) in edges.iter().enumerate() {
        canvas.at(indent, y, &Row::of(Role::Muted, format!("{word}{axis}")));
    }
    let mut plot = canvas.part(indent + SCALE, 0, columns, edges.len());
    scene.mark(plot.area(), Target::Seconds(span.first));
    limit_line(&mut plot, scene, endpoint, &edges);
    for (row, cells) in cells(scene, endpoint, span, &edges).iter().enumerate() {
        for (column, letter) in cells.iter().enumerate() {
            if let Some(letter) = letter {
                plot.letters(column, row, letter.encode_utf8(&mut [0; 4]), role(*letter));
            }
        }
    }
    canvas.at(indent + SCALE - 1, edges.len(), &Row::of(Role::Muted, foot));
    let labels = span.labels(scene.session, scene.now);
    canvas.at(indent + SCALE, edges.len(), &Row::of(Role::Muted, labels));
}

/// The colour of a letter, in chart and lanes.
pub(super) fn role(letter: char) -> Role {
    match letter {
        'r' | 'R' => Role::Ok,
        'f' | 'F' => Role::Protected,
        'X' => Role::Failing,
        '?' => Role::Waiting,
        'a' | 'A' => Role::Text,
        _ => Role::Muted,
    }
}

/// Rows from the longest wait down.
fn edges(height: usize) -> Vec<(f64, &'static str)> {
    let mut edges: Vec<_> = EDGES.into_iter().take(height.max(1)).collect();
    edges.sort_by(|a, b| b.0.total_cmp(&a.0));
    if let Some(last) = edges.last_mut() {
        match height {
            0..=4 => last.1 = " <1s",
            5 => last.1 = " <.1",
            _ => {}
        }
    }
    edges
}

fn row_of(ms: f64, edges: &[(f64, &str)]) -> usize {
    edges.iter().position(|(edge, _)| ms >= *edge).unwrap_or(edges.len().saturating_sub(1))
}

/// What users accept to wait, as a line through its row.
fn limit_line(plot: &mut Canvas, scene: &Scene, endpoint: &Endpoint, edges: &[(f64, &str)]) {
    let limit = endpoint.limit_ms as f64;
    let row = row_of(limit, edges);
    let words = format!(" limit: answer within {}", crate::tui::figures::limit(endpoint.limit_ms));
    let words = if scene.session.fault.is_none() && plot.width() > 50 { words } else { String::new() };
    let dashes = plot.width().saturating_sub(words.len());
    let line: String = "- ".chars().cycle().take(dashes).collect();
    plot.row(row, &Row::of(Role::Muted, line + &words));
}

/// The letters by row and column; where two meet, the worse one stands.
fn cells(scene: &Scene, endpoint: &Endpoint, span: Span, edges: &[(f64, &str)]) -> Vec<Vec<Option<char>>> {
    let mut cells = vec![vec![None; span.columns]; edges.len()];
    let mut put = |second: i64, ms: f64, letter: char| {
        let Some(column) = span.column(second) else { return };
        if let Some(cell) = cells.get_mut(row_of(ms, edges)).and_then(|row| row.get_mut(column)) {
            *cell = Some(worse(*cell, letter));
        }
    };
    let axis = &scene.session.axis;
    let from = axis.start_of_second(span.first).unwrap_or(endpoint.since);
    for dot in endpoint.dots_since(from) {
        put(axis.second(dot.start), f64::from(dot.waited_ms), dot.outcome.letter(false));
    }
    // Older than the answers kept one by one: drawn from the seconds.
    let forgotten = endpoint.dots_forgotten().map_or(i64::MIN, |at| axis.slot(at));
    for second in span.seconds() {
        let slot = axis.slot_of_second(second);
        if slot <= forgotten
            && let Some(cell) = endpoint.second(slot)
        {
            for (ms, letter) in banded(cell) {
                put(second, ms, letter);
            }
        }
    }
    for (flight, waited) in endpoint.waiting_over(scene.now, ON_THE_WAY_MS) {
        put(axis.second(flight.start), waited, '?');
    }
    cells
}

/// Waiting times of a second by band, with the letter of its only outcome, or `*` when there were several.
fn banded(second: &Second) -> impl Iterator<Item = (f64, char)> + '_ {
    let lower = std::iter::once(0.0).chain(BANDS);
    second.bands.iter().zip(lower).enumerate().filter(|(_, (count, _))| **count > 0).map(|(band, (_, ms))| {
        let mut seen = second.outcomes(band);
        match (seen.next(), seen.next()) {
            (Some(only), None) => (ms, only.letter(false)),
            _ => (ms, '*'),
        }
    })
}

/// The worse of two letters that fall into one cell.
fn worse(standing: Option<char>, letter: char) -> char {
    let weight = |c: char| "*arf?X".find(c).unwrap_or(0);
    standing.filter(|standing| weight(*standing) >= weight(letter)).unwrap_or(letter)
}
