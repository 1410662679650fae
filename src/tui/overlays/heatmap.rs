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
use std::ops::RangeInclusive;

/// Columns before the first second.
const SCALE: usize = 8;

/// Draws the heat map of the endpoint that is shown.
pub fn heatmap(canvas: &mut Canvas, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    let busy = shown_endpoint(scene).map(busy_bands);
    let rows = busy.clone().map_or(1, |busy| busy.count() + 2);
    let title = "HEAT MAP  waiting time over time";
    let mut inside = boxed(canvas, scene, (width, (rows + 2).min(height)), title, Role::Focus);
    let (Some(endpoint), Some(busy)) = (shown_endpoint(scene), busy) else {
        inside.row(0, &Row::of(Role::Muted, "nobody is watched yet"));
        return;
    };
    let columns = inside.width().saturating_sub(SCALE);
    let map = Map::of(endpoint, scene, columns);
    let most = map.most();
    let shades = inside.theme.symbols.shades;
    // Of too many bands the longest waits are shown.
    let bands: Vec<usize> = busy.rev().take(inside.height().saturating_sub(2)).collect();
    for (y, band) in bands.iter().enumerate() {
        let edge = BANDS.get(*band).copied().unwrap_or(f64::INFINITY);
        let label =
            if edge.is_finite() { format!("<{}", figures::wait(Some(edge))) } else { "more".to_owned() };
        inside.at(0, y, &Row::of(Role::Muted, format!("{label:>7} ")));
        let role = if edge > endpoint.limit_ms as f64 { Role::Failing } else { Role::Ok };
        for (column, counts) in map.columns.iter().enumerate() {
            let count = counts.get(*band).copied().unwrap_or(0);
            let shade = if count == 0 { 0 } else { 1 + (count * 3 / most.max(1)).min(3) as usize };
            inside.letters(SCALE + column, y, shades.get(shade).copied().unwrap_or(" "), role);
        }
    }
    let t0 = scene.session.t0().and_then(|at| map.column(scene.session.axis.slot(at).max(map.first)));
    if let Some(column) = t0 {
        inside.at(SCALE + column, bands.len(), &Row::of(Role::Fault, "T0"));
    }
    let words = format!("a column is {} s; darkest: {most} answers; red: over the limit", map.per_column);
    inside.row(bands.len() + 1, &Row::of(Role::Muted, words));
}

/// Answers by column and band; a column stands for as many seconds as it takes for the whole session to fit.
struct Map {
    first: i64,
    per_column: i64,
    columns: Vec<[u32; BANDS.len()]>,
}

impl Map {
    fn of(endpoint: &Endpoint, scene: &Scene, columns: usize) -> Self {
        let axis = &scene.session.axis;
        let (first, last) = (axis.slot(endpoint.since), axis.slot(scene.now));
        let per_column = (last - first + 1).max(1).div_euclid(columns.max(1) as i64) + 1;
        let mut map = Self { first, per_column, columns: vec![[0; BANDS.len()]; columns] };
        for (slot, second) in endpoint.seconds() {
            let Some(cell) = map.column(slot).and_then(|column| map.columns.get_mut(column)) else {
                continue;
            };
            cell.iter_mut().zip(second.bands).for_each(|(sum, count)| *sum += u32::from(count));
        }
        map
    }

    /// The column of a slot of the axis.
    fn column(&self, slot: i64) -> Option<usize> {
        let column = usize::try_from((slot - self.first).div_euclid(self.per_column)).ok()?;
        (column < self.columns.len()).then_some(column)
    }

    /// The most answers in one cell.
    fn most(&self) -> u32 {
        self.columns.iter().flatten().copied().max().unwrap_or(0)
    }
}

/// The bands between the lowest and the highest that were ever used.
fn busy_bands(endpoint: &Endpoint) -> RangeInclusive<usize> {
    let mut used = [false; BANDS.len()];
    for (_, second) in endpoint.seconds() {
        used.iter_mut().zip(second.bands).for_each(|(used, count)| *used |= count > 0);
    }
    let (low, high) = (used.iter().position(|used| *used), used.iter().rposition(|used| *used));
    low.unwrap_or(0)..=high.unwrap_or(0)
}
