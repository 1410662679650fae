//! Waiting times over time: a column covers one or more seconds, a row is a band of waiting times, the colour shows the
//! outcome, the shade the count.
//!
//! Outcome has priority over latency: a fast error is red. A cell with several outcomes has the colour of the worst
//! one. Requests in flight are drawn at their waiting time so far.

use super::boxed;
use crate::{
    session::state::{BANDS, Endpoint, InFlight, Outcome},
    tui::{
        figures,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::Scene,
        picture::{IN_FLIGHT_SHOWN_MS, shown_endpoint},
        theme::Role,
    },
};
use std::ops::RangeInclusive;

/// Columns before the first second.
const SCALE: usize = 8;

/// Draws the heat map of the shown endpoint.
pub(crate) fn heatmap(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    let busy = shown_endpoint(scene).map(|endpoint| busy_bands(endpoint, scene));
    let rows = busy.clone().map_or(1, |busy| busy.count() + 2);
    let title = "HEAT MAP  waiting time over time";
    let mut inside = boxed(canvas, scene, (width, (rows + 2).min(height)), title, Role::Focus);
    let (Some(endpoint), Some(busy)) = (shown_endpoint(scene), busy) else {
        inside.row(0, &"no probe requests yet".into());
        return;
    };
    let columns = inside.width().saturating_sub(SCALE);
    let map = Heatmap::of(endpoint, scene, columns);
    let most = map.most();
    let shades = [" ", "░", "▒", "▓", "█"];
    let letters = inside.theme.draws_letters();
    // If there are too many bands, those of the longest waits are shown.
    let bands: Vec<usize> = busy.rev().take(inside.height().saturating_sub(2)).collect();
    for (y, band) in bands.iter().enumerate() {
        let edge = BANDS.get(*band).copied().unwrap_or(f64::INFINITY);
        let label =
            if edge.is_finite() { format!("<{}", figures::wait(Some(edge))) } else { "more".to_owned() };
        let late = edge > endpoint.limit_ms as f64;
        inside.at(0, y, &RoleLine::of(if late { Role::Waiting } else { Role::Soft }, format!("{label:>7} ")));
        for (column, cells) in map.columns.iter().enumerate() {
            let cell = cells.get(*band).copied().unwrap_or_default();
            let shade = if cell.count == 0 { 0 } else { 1 + (cell.count * 3 / most.max(1)).min(3) as usize };
            let shade = shades.get(shade).copied().unwrap_or(" ");
            // Shades of one colour show no outcome, so letters replace them.
            let shade = if letters && cell.count > 0 { cell.worst.letter() } else { shade };
            inside.letters(SCALE + column, y, shade, cell.worst.role());
        }
    }
    let t0 = scene.session.t0().and_then(|at| map.column(scene.session.axis.slot(at).max(map.first)));
    if let Some(column) = t0 {
        inside.at(SCALE + column, bands.len(), &RoleLine::strong(Role::Fault, "T0"));
    }
    let words = if letters {
        format!("{} s a column;  ", map.per_column)
    } else {
        format!("{} s a column; darkest: {most};  ", map.per_column)
    };
    let worst = [Worst::Real, Worst::Fallback, Worst::Unjudged, Worst::Waiting, Worst::Error];
    let seen =
        |worst: &Worst| map.columns.iter().flatten().any(|cell| cell.count > 0 && cell.worst == *worst);
    let legend = worst.into_iter().filter(seen).fold(RoleLine::text(words), |row, worst| {
        let sign = if letters { worst.letter() } else { "█" };
        row.with(worst.role(), sign).and(format!(" {}  ", worst.word()))
    });
    let legend = legend.with(Role::Waiting, "this scale").and(": over the limit");
    inside.row(bands.len() + 1, &legend);
}

/// The worst outcome of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Worst {
    #[default]
    Real,
    Unjudged,
    Fallback,
    Waiting,
    Error,
}

impl Worst {
    fn role(self) -> Role {
        match self {
            Worst::Real => Role::Ok,
            Worst::Unjudged => Role::Text,
            Worst::Fallback => Role::Protected,
            Worst::Waiting => Role::Waiting,
            Worst::Error => Role::Failing,
        }
    }

    /// The letter of the outcome, for themes without colours.
    fn letter(self) -> &'static str {
        match self {
            Worst::Real => "r",
            Worst::Unjudged => "a",
            Worst::Fallback => "f",
            Worst::Waiting => "?",
            Worst::Error => "X",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Worst::Real => "real",
            Worst::Unjudged => "answer",
            Worst::Fallback => "fallback",
            Worst::Waiting => "waiting",
            Worst::Error => "failed",
        }
    }
}

impl From<Outcome> for Worst {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Real => Worst::Real,
            Outcome::Unjudged => Worst::Unjudged,
            Outcome::Fallback => Worst::Fallback,
            Outcome::Error => Worst::Error,
        }
    }
}

/// The count and the worst outcome of a cell.
#[derive(Clone, Copy, Debug, Default)]
struct HeatmapCell {
    count: u32,
    worst: Worst,
}

impl HeatmapCell {
    fn add(&mut self, count: u32, worst: Worst) {
        self.count += count;
        self.worst = self.worst.max(worst);
    }
}

/// Answers by column and band; the seconds per column are chosen so that the whole session fits.
struct Heatmap {
    first: i64,
    per_column: i64,
    columns: Vec<[HeatmapCell; BANDS.len()]>,
}

impl Heatmap {
    fn of(endpoint: &Endpoint, scene: &Scene, columns: usize) -> Self {
        let axis = &scene.session.axis;
        let (first, last) = (axis.slot(endpoint.since), axis.slot(scene.now));
        let per_column = (last - first + 1).max(1).div_euclid(columns.max(1) as i64) + 1;
        let mut map =
            Self { first, per_column, columns: vec![[HeatmapCell::default(); BANDS.len()]; columns] };
        for (slot, second) in endpoint.seconds() {
            let Some(cells) = map.column(slot).and_then(|column| map.columns.get_mut(column)) else {
                continue;
            };
            for (band, (cell, count)) in
                cells.iter_mut().zip(second.bands).enumerate().filter(|(_, (_, n))| *n > 0)
            {
                let worst = second.outcomes(band).map(Worst::from).max().unwrap_or_default();
                cell.add(count.into(), worst);
            }
        }
        for (flight, waited) in waiting(endpoint, scene) {
            let cells = map.column(flight.slot()).and_then(|column| map.columns.get_mut(column));
            if let Some(cell) = cells.and_then(|cells| cells.get_mut(band_of(waited))) {
                cell.add(1, Worst::Waiting);
            }
        }
        map
    }

    /// The column of a slot of the time axis.
    fn column(&self, slot: i64) -> Option<usize> {
        let column = usize::try_from((slot - self.first).div_euclid(self.per_column)).ok()?;
        (column < self.columns.len()).then_some(column)
    }

    /// The largest count of a cell.
    fn most(&self) -> u32 {
        self.columns.iter().flatten().map(|cell| cell.count).max().unwrap_or(0)
    }
}

fn waiting<'a>(endpoint: &'a Endpoint, scene: &Scene) -> impl Iterator<Item = (&'a InFlight, f64)> {
    endpoint.waiting_over(scene.now, IN_FLIGHT_SHOWN_MS)
}

fn band_of(ms: f64) -> usize {
    BANDS.partition_point(|edge| *edge < ms)
}

/// The bands from the lowest to the highest that contains an answer or a waiting request.
fn busy_bands(endpoint: &Endpoint, scene: &Scene) -> RangeInclusive<usize> {
    let mut used = [false; BANDS.len()];
    for (_, second) in endpoint.seconds() {
        used.iter_mut().zip(second.bands).for_each(|(used, count)| *used |= count > 0);
    }
    for (_, waited) in waiting(endpoint, scene) {
        used.iter_mut().skip(band_of(waited)).take(1).for_each(|used| *used = true);
    }
    let (low, high) = (used.iter().position(|used| *used), used.iter().rposition(|used| *used));
    low.unwrap_or(0)..=high.unwrap_or(0)
}
