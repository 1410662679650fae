//! How far several runs of one experiment are apart.

use super::{
    Runs,
    metric::{METRICS, Metric, common_span},
};
use std::fmt;

/// The spread of one figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpreadRow {
    pub metric: Metric,
    /// The figures in ascending order; runs in which it was not observed are left out.
    pub values: Vec<f64>,
}

/// The spread of runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spread {
    pub runs: usize,
    pub verdicts: String,
    pub rows: Vec<SpreadRow>,
}

impl Spread {
    pub(crate) fn of(runs: &Runs) -> Self {
        let span = common_span(runs.runs.iter());
        let rows = METRICS.iter().map(|metric| {
            let mut values: Vec<f64> = runs.runs.iter().filter_map(|run| metric.value(run, span)).collect();
            values.sort_unstable_by(f64::total_cmp);
            SpreadRow { metric: *metric, values }
        });
        let rows = rows.filter(|row| !row.values.is_empty()).collect();
        Self { runs: runs.runs.len(), verdicts: runs.verdicts(), rows }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} runs: {}", self.runs, self.verdicts)?;
        writeln!(f, "{:26}{:>10}{:>10}{:>10}   runs", "", "least", "median", "most")?;
        for SpreadRow { metric, values } in &self.rows {
            let at = |place: usize| values.get(place).map_or_else(String::new, |value| metric.text(*value));
            let last = values.len().saturating_sub(1);
            let (least, middle, most) = (at(0), at(last / 2), at(last));
            writeln!(f, "{:26}{least:>10}{middle:>10}{most:>10}   {}", metric.label, values.len())?;
        }
        Ok(())
    }
}
