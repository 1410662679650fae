//! Waiting times over time: a column is a second or more, a row is a band of waiting time, the shade is how many.

use super::boxed;
use crate::{
    session::state::{BANDS, Endpoint},
    tui::{
        canvas::{Canvas, Row},
        figures,
        panes::{Scene, shown_endpoint},
        theme::Role,
    },
};

/// Columns before the first second.
const SCALE: usize = 8;

/// Draws the heat map of the endpoint that is shown.
pub fn heatmap(canvas: &mut Canvas, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    let rows = shown_endpoint(scene).map_or(1, |endpoint| busy_bands(endpoint, BANDS.len()).len() + 2);
    let title = "HEAT MAP  waiting time over time";
    let mut inside = boxed(canvas, width, (rows + 2).min(height), title, Role::Focus);
    let Some(endpoint) = shown_endpoint(scene) else {
        inside.row(0, &Row::of(Role::Muted, "nobody is watched yet"));
        return;
    };
    let columns = inside.width().saturating_sub(SCALE);
    let axis = &scene.session.axis;
    let (first, last) = (axis.slot(endpoint.since), axis.slot(scene.now));
    // The whole session fits: a column stands for as many seconds as that takes.
    let per_column = (last - first + 1).max(1).div_euclid(columns.max(1) as i64) + 1;
    let bands = busy_bands(endpoint, inside.height().saturating_sub(2));
    let most = most(endpoint, first, per_column);
    let shades = inside.theme.symbols.shades;
    for (y, band) in bands.iter().rev().enumerate() {
        let edge = BANDS.get(*band).copied().unwrap_or(f64::INFINITY);
        let label =
            if edge.is_finite() { format!("<{}", figures::wait(Some(edge))) } else { "more".to_owned() };
        inside.at(0, y, &Row::of(Role::Muted, format!("{label:>7} ")));
        for column in 0..columns {
            let from = first + column as i64 * per_column;
            let count: u32 = (from..from + per_column).map(|slot| count(endpoint, slot, *band)).sum();
            let shade = if count == 0 { 0 } else { 1 + (count * 3 / most.max(1)).min(3) as usize };
            let role = if edge > endpoint.limit_ms as f64 { Role::Failing } else { Role::Ok };
            inside.letters(SCALE + column, y, shades.get(shade).copied().unwrap_or(" "), role);
        }
    }
    let t0 = scene.session.t0().map(|at| ((axis.slot(at) - first) / per_column).max(0) as usize);
    if let Some(column) = t0.filter(|column| *column < columns) {
        inside.at(SCALE + column, bands.len(), &Row::of(Role::Fault, "T0"));
    }
    let words = format!("a column is {per_column} s; darkest: {most} answers; red: over the limit");
    inside.row(bands.len() + 1, &Row::of(Role::Muted, words));
}

fn count(endpoint: &Endpoint, slot: i64, band: usize) -> u32 {
    endpoint.second(slot).and_then(|second| second.bands.get(band)).copied().map_or(0, u32::from)
}

/// The bands between the lowest and the highest that were ever used, at most so many.
fn busy_bands(endpoint: &Endpoint, most: usize) -> Vec<usize> {
    let used =
        |band: &usize| endpoint.seconds().any(|(_, second)| second.bands.get(*band).is_some_and(|n| *n > 0));
    let (low, high) = ((0..BANDS.len()).find(used), (0..BANDS.len()).rev().find(used));
    let (low, high) = (low.unwrap_or(0), high.unwrap_or(0));
    let low = low.max((high + 1).saturating_sub(most));
    (low..=high).collect()
}

/// The most answers in one cell.
fn most(endpoint: &Endpoint, first: i64, per_column: i64) -> u32 {
    let mut cells = std::collections::HashMap::new();
    for (slot, second) in endpoint.seconds() {
        for (band, count) in second.bands.iter().enumerate().filter(|(_, count)| **count > 0) {
            *cells.entry(((slot - first) / per_column, band)).or_insert(0_u32) += u32::from(*count);
        }
    }
    cells.into_values().max().unwrap_or(0)
}
