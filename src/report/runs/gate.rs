//! A gate: whether runs are worse than a committed baseline, beyond noise.

use super::{
    Runs, RunsCompared,
    compared::{MetricJudgement, differences},
    metric::{Metric, Span},
};

use crate::insight::RunVerdict;

/// Something that became worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Regression(pub String);

/// Runs of the baseline from which on their own spread is known.
const KNOWN: usize = 3;

/// Returns what is worse than in the baseline, beyond noise and by more than users can notice; empty if nothing is.
///
/// Shares and waits are judged by their interval. Figures of which a run gives one value (bad seconds, times) are judged by the
/// spread of the baseline's runs, if there are enough. A verdict that is worse than the worst of the baseline is always told.
///
/// # Errors
/// If the two cannot be compared: another fault, load or limit.
pub(crate) fn regressions(baseline: &Runs, now: &Runs) -> Result<Vec<Regression>, Vec<String>> {
    let apart = differences(baseline, now);
    if !apart.is_empty() {
        return Err(apart);
    }
    let mut found: Vec<Regression> = verdict(baseline, now).into_iter().collect();
    let compared = RunsCompared::of(baseline.clone(), now.clone());
    for row in &compared.rows {
        let (Some(was), Some(is)) = (row.first, row.second) else { continue };
        let matters = row.metric.less_is_better == Some(true) && is - was > row.metric.tolerated;
        if row.judgement == MetricJudgement::Worse && matters {
            found.push(told(row.metric, was, is, row.interval_text()));
        } else if row.interval.is_none() && matters {
            found.extend(beyond_spread(row.metric, (baseline, compared.span), is));
        }
    }
    Ok(found)
}

/// Verdicts from the best to the worst; others say nothing about users.
const RANKED: [RunVerdict; 3] = [RunVerdict::Resilient, RunVerdict::Protected, RunVerdict::NotResilient];

fn verdict(baseline: &Runs, now: &Runs) -> Option<Regression> {
    let worst = |runs: &Runs| {
        let verdicts = runs.runs.iter().filter_map(|run| RunVerdict::of_key(&run.verdict.word));
        verdicts.filter_map(|verdict| RANKED.iter().position(|ranked| *ranked == verdict)).max()
    };
    let text = |rank: usize| RANKED.get(rank).map_or("", |verdict| verdict.text());
    let was = worst(baseline)?;
    match worst(now) {
        Some(is) if is > was => {
            Some(Regression(format!("the verdict is {} instead of {}", text(is), text(was))))
        }
        Some(_) => None,
        None => {
            let why = now.runs.first().map(|run| run.verdict.sentence.as_str()).unwrap_or_default();
            Some(Regression(format!("there is no verdict, instead of {}: {why}", text(was))))
        }
    }
}

/// Judges a figure of which a run gives one value: worse than the worst run of the baseline by more than its runs differ.
fn beyond_spread(metric: Metric, (baseline, span): (&Runs, Span), is: f64) -> Option<Regression> {
    let values: Vec<f64> = baseline.runs.iter().filter_map(|run| metric.value(run, span)).collect();
    if values.len() < KNOWN {
        return None;
    }
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let limit = most + (most - least).max(metric.tolerated);
    (is > limit).then(|| {
        let runs = values.len();
        told(
            metric,
            most,
            is,
            format!(
                "the {runs} runs of the baseline lie between {} and {}",
                metric.text(least),
                metric.text(most)
            ),
        )
    })
}

fn told(metric: Metric, was: f64, is: f64, how: String) -> Regression {
    Regression(format!("{}: {} instead of {} ({how})", metric.label, metric.text(is), metric.text(was)))
}
