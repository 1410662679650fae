//! Two sides compared figure by figure.

use super::{
    Runs,
    bootstrap::{self, Interval},
    metric::{Listed, METRICS, Metric, Source, Span, block, common_span, counts, listed},
};
use crate::report::summary::Summary;

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricJudgement {
    Better,
    Worse,
    /// Beyond noise, and neither better nor worse: another kind of answer.
    Different,
    /// Beyond noise, and less than users can notice.
    Unnoticeable,
    /// No difference beyond noise at this sample size.
    Indistinguishable,
    /// Both figures are equal, and there is nothing to estimate.
    Equal,
    /// Too few requests or runs to tell a difference from noise.
    TooFew,
    /// Not observed on one side at least.
    NotObserved,
}

/// One figure of both sides.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MetricRow {
    pub metric: Metric,
    /// The figures: of one run, or the mean of several.
    pub first: Option<f64>,
    pub second: Option<f64>,
    /// Requests, or runs, from which each figure comes.
    pub samples: (u64, u64),
    /// The 95 % interval of the second figure minus the first.
    pub interval: Option<Interval>,
    pub judgement: MetricJudgement,
}

/// Two sides compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunsCompared {
    pub first: Runs,
    pub second: Runs,
    pub rows: Vec<MetricRow>,
    /// What makes the two hard to compare, one sentence each.
    pub differences: Vec<String>,
    /// Whether whole runs were drawn; otherwise requests in blocks of a second.
    pub by_runs: bool,
    /// The requests that count: as many seconds since T0 as all runs were watched.
    pub span: Span,
}

impl RunsCompared {
    /// Compares the second side with the first.
    pub(crate) fn of(first: Runs, second: Runs) -> Self {
        let by_runs = first.runs.len() >= bootstrap::RUNS && second.runs.len() >= bootstrap::RUNS;
        let span = common_span(first.runs.iter().chain(&second.runs));
        let rows = METRICS.iter().map(|metric| row(*metric, &first.runs, &second.runs, (by_runs, span)));
        let rows = rows.collect();
        let differences = differences(&first, &second);
        Self { first, second, rows, differences, by_runs, span }
    }
}

fn row(metric: Metric, first: &[Summary], second: &[Summary], (by_runs, span): (bool, Span)) -> MetricRow {
    let span = if matches!(metric.source, Source::WaitBefore(_)) { Span::Before } else { span };
    let values =
        |runs: &[Summary]| runs.iter().filter_map(|run| metric.value(run, span)).collect::<Vec<f64>>();
    let (one, two) = (values(first), values(second));
    let mean =
        |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    let (before, after) = (mean(&one), mean(&two));
    let interval =
        if by_runs { bootstrap::of_runs(&one, &two) } else { within_runs(metric, first, second, span) };
    let judgement = match (before, after) {
        (Some(before), Some(after)) => judged(metric, after - before, interval),
        _ => MetricJudgement::NotObserved,
    };
    let samples = if by_runs {
        (one.len() as u64, two.len() as u64)
    } else {
        (requests(first, span), requests(second, span))
    };
    MetricRow { metric, first: before, second: after, samples, interval, judgement }
}

fn judged(metric: Metric, difference: f64, interval: Option<Interval>) -> MetricJudgement {
    match (interval, metric.less_is_better) {
        (Some(interval), _) if !interval.excludes_zero() => MetricJudgement::Indistinguishable,
        (Some(_), _) if difference.abs() <= metric.tolerated => MetricJudgement::Unnoticeable,
        (Some(_), None) => MetricJudgement::Different,
        (Some(_), Some(less)) if (difference < 0.0) == less => MetricJudgement::Better,
        (Some(_), Some(_)) => MetricJudgement::Worse,
        (None, _) if difference == 0.0 => MetricJudgement::Equal,
        (None, _) => MetricJudgement::TooFew,
    }
}

/// The interval from the requests of the runs, drawn in blocks; `None` for a figure of which a run gives one value.
fn within_runs(metric: Metric, first: &[Summary], second: &[Summary], span: Span) -> Option<Interval> {
    // Each phase of each run is drawn from for itself.
    let phases =
        |runs: &[Summary]| -> Vec<Listed> { runs.iter().flat_map(|run| listed(run, span)).collect() };
    let (one, two) = (phases(first), phases(second));
    let block = first.iter().chain(second).map(block).max()?;
    match metric.source {
        Source::Share(case) => {
            let limit = |runs: &[Summary]| runs.first()?.endpoints.first().map(|endpoint| endpoint.limit_ms);
            let cases = |side: &[Listed], limit| -> Vec<Vec<bool>> {
                side.iter().map(|listed| listed.cases(case, limit)).collect()
            };
            let (one, two) = (cases(&one, limit(first)?), cases(&two, limit(second)?));
            let interval = bootstrap::of_requests(&one, &two, block, &bootstrap::share)?;
            let total = |runs: &[Summary]| {
                let all = runs.iter().filter_map(|run| counts(run, case, span));
                all.fold((0, 0), |(cases, all), (more, of)| (cases + more, all + of))
            };
            Some(bootstrap::widened_by_certain_sides(interval, [total(first), total(second)]))
        }
        Source::WaitSinceT0(share) | Source::WaitBefore(share) => {
            let waits = |side: &[Listed]| side.iter().map(Listed::waits).collect::<Vec<_>>();
            bootstrap::of_requests(&waits(&one), &waits(&two), block, &bootstrap::quantile(share))
        }
        Source::BadSeconds | Source::Timing(_) => None,
    }
}

/// The requests that count.
pub(super) fn requests(runs: &[Summary], span: Span) -> u64 {
    let listed = runs.iter().flat_map(|run| listed(run, span));
    listed.map(|phase| phase.len() as u64).sum()
}

/// Relative difference up to which two rates count as the same.
const ALIKE: f64 = 0.2;

/// What makes the sides hard to compare.
pub(super) fn differences(first: &Runs, second: &Runs) -> Vec<String> {
    let (Some(one), Some(two)) = (first.runs.first(), second.runs.first()) else { return Vec::new() };
    let mut found = Vec::new();
    let fired = |run: &Summary| {
        run.fault.as_ref().and_then(|fault| fault.fires.first()).map(|fire| fire.label.clone())
    };
    match (fired(one), fired(two)) {
        (Some(before), Some(after)) if before != after => {
            found.push(format!("not the same fault: {before} in {}, {after} in {}", first.name, second.name));
        }
        (before, after) => {
            for (fired, side) in [(before, first), (after, second)] {
                if fired.is_none() {
                    found.push(format!("nothing was fired in {}: it has no time since T0", side.name));
                }
            }
        }
    }
    if let (Some(before), Some(after)) = (one.endpoints.first(), two.endpoints.first()) {
        let (slow, fast) = (before.rate_per_second, after.rate_per_second);
        if (slow - fast).abs() > ALIKE * slow.max(fast) {
            found.push(format!("not the same load: {slow} and {fast} requests a second"));
        }
        if before.limit_ms != after.limit_ms {
            found.push(format!("not the same limit: {} and {} ms", before.limit_ms, after.limit_ms));
        }
    }
    for side in [first, second] {
        if side.runs.iter().any(|run| run.endpoints.is_empty()) {
            found.push(format!("no users were watched in {}", side.name));
        }
    }
    found
}
