//! The figures by which runs are compared.

use crate::report::summary::{PhaseSummary, Summary};

/// Which requests count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Span {
    Before,
    /// So many seconds since T0.
    Since(f64),
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// From 0 to 1, written in percent.
    Share,
    Millis,
    Seconds,
    Count,
}

impl Unit {
    /// Its name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Millis => "ms",
            Self::Seconds => "s",
            Self::Count => "count",
        }
    }
}

/// Which requests a share counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Case {
    /// With an error, not sent, or without an answer when nobody would wait any longer.
    Failed,
    /// Not sent, or with a longer wait than users accept.
    OverLimit,
    Fallback,
}

impl Case {
    fn holds(self, outcome: char, over_limit: bool) -> bool {
        match self {
            Self::Failed => matches!(outcome, 'X' | 'w') || (outcome == '?' && over_limit),
            Self::OverLimit => outcome == 'w' || over_limit,
            Self::Fallback => outcome == 'f',
        }
    }
}

/// Where the noise of a figure is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// A share of the requests since T0.
    Share(Case),
    /// A quantile of the waits since T0.
    WaitSinceT0(f64),
    /// The same before T0.
    WaitBefore(f64),
    BadSeconds,
    /// A timing of the summary.
    Timing(&'static str),
}

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Metric {
    /// Its name in files.
    pub key: &'static str,
    pub label: &'static str,
    pub unit: Unit,
    /// Whether less is better; `None` if neither is.
    pub less_is_better: Option<bool>,
    /// Differences up to this do not matter to users, however certain they are.
    pub tolerated: f64,
    pub(super) source: Source,
}

/// All figures, in the order in which they are shown.
pub(super) const METRICS: [Metric; 9] = [
    metric("failed", "failed users", Unit::Share, Some(true), 0.01, Source::Share(Case::Failed)),
    metric("slow", "users over the limit", Unit::Share, Some(true), 0.01, Source::Share(Case::OverLimit)),
    metric("fallback", "fallback answers", Unit::Share, None, 0.01, Source::Share(Case::Fallback)),
    metric("wait_p50", "median wait", Unit::Millis, Some(true), 5.0, Source::WaitSinceT0(0.5)),
    metric("wait_p95", "p95 wait", Unit::Millis, Some(true), 20.0, Source::WaitSinceT0(0.95)),
    metric("bad_seconds", "bad seconds", Unit::Count, Some(true), 1.0, Source::BadSeconds),
    metric(
        "breaker_opened_after",
        "T0 to breaker open",
        Unit::Seconds,
        Some(true),
        0.5,
        Source::Timing("breaker_opened_after"),
    ),
    metric(
        "users_recovered_after",
        "T0 to real answers again",
        Unit::Seconds,
        Some(true),
        1.0,
        Source::Timing("users_recovered_after"),
    ),
    metric("steady_p50", "median wait before T0", Unit::Millis, Some(true), 5.0, Source::WaitBefore(0.5)),
];

const fn metric(
    key: &'static str,
    label: &'static str,
    unit: Unit,
    less_is_better: Option<bool>,
    tolerated: f64,
    source: Source,
) -> Metric {
    Metric { key, label, unit, less_is_better, tolerated, source }
}

/// The listed requests of one phase of a run: letters and waits.
pub(super) struct Listed {
    outcomes: Vec<char>,
    waits_ms: Vec<f64>,
}

/// Seconds of a block: requests of one second meet the same breaker and the same pods.
const BLOCK_S: f64 = 1.0;

/// The listed requests of the first endpoint by phase: before T0, or those that were due in the first seconds since T0.
pub(super) fn listed(run: &Summary, span: Span) -> Vec<Listed> {
    let Some(endpoint) = run.endpoints.first() else { return Vec::new() };
    let wanted =
        endpoint.phases.iter().filter(|phase| (phase.phase == "steady_state") == (span == Span::Before));
    let mut left_s = match span {
        Span::Before => f64::INFINITY,
        Span::Since(seconds) => seconds,
    };
    let one = |phase: &PhaseSummary| {
        let a_second = endpoint.rate_per_second / phase.one_of.max(1) as f64;
        let most = (left_s * a_second).round() as usize;
        let kept = most.min(phase.waits_ms.len());
        left_s = (left_s - kept as f64 / a_second).max(0.0);
        Listed {
            outcomes: phase.outcomes.chars().take(kept).collect(),
            waits_ms: phase.waits_ms.iter().copied().take(kept).collect(),
        }
    };
    wanted.map(one).collect()
}

/// The seconds since T0 for which all runs were watched: shares depend on how long that was.
pub(super) fn common_span<'a>(runs: impl Iterator<Item = &'a Summary>) -> Span {
    let watched = |run: &Summary| {
        let endpoint = run.endpoints.first()?;
        let since = endpoint.phases.iter().filter(|phase| phase.phase != "steady_state");
        Some(since.map(|phase| phase.requests).sum::<u64>() as f64 / endpoint.rate_per_second)
    };
    Span::Since(runs.filter_map(watched).fold(f64::INFINITY, f64::min))
}

/// The listed requests in a block.
pub(super) fn block(run: &Summary) -> usize {
    let Some(endpoint) = run.endpoints.first() else { return 1 };
    let one_of = endpoint.phases.iter().map(|phase| phase.one_of).max().unwrap_or(1).max(1);
    (endpoint.rate_per_second / one_of as f64 * BLOCK_S).round().max(1.0) as usize
}

impl Listed {
    pub(super) fn len(&self) -> usize {
        self.waits_ms.len()
    }

    /// The waits of requests that were sent.
    pub(super) fn waits(&self) -> Vec<f64> {
        let sent = self.outcomes.iter().zip(&self.waits_ms).filter(|(outcome, _)| **outcome != 'w');
        sent.map(|(_, wait)| *wait).collect()
    }

    /// Whether each request is a case of a share.
    pub(super) fn cases(&self, case: Case, limit_ms: u64) -> Vec<bool> {
        let listed = self.outcomes.iter().zip(&self.waits_ms);
        listed.map(|(outcome, wait)| case.holds(*outcome, *wait > limit_ms as f64)).collect()
    }
}

/// The cases of a share and all requests that count.
pub(super) fn counts(run: &Summary, case: Case, span: Span) -> Option<(u64, u64)> {
    let limit = run.endpoints.first()?.limit_ms;
    let phases = listed(run, span);
    let cases = phases.iter().flat_map(|phase| phase.cases(case, limit));
    let (mut found, mut all) = (0, 0);
    for case in cases {
        all += 1;
        found += u64::from(case);
    }
    (all > 0).then_some((found, all))
}

impl Metric {
    /// The figure of a run; `None` if it was not observed, or does not apply.
    pub(super) fn value(&self, run: &Summary, span: Span) -> Option<f64> {
        match self.source {
            Source::Share(case) => counts(run, case, span).map(|(cases, all)| cases as f64 / all as f64),
            Source::WaitSinceT0(share) => wait(run, span, share),
            Source::WaitBefore(share) => wait(run, Span::Before, share),
            Source::BadSeconds => run.bad_seconds.map(|bad| f64::from(bad.count)),
            Source::Timing(key) => {
                let timing = run.timings.iter().find(|timing| timing.key == key)?;
                match (timing.at_least_seconds, timing.at_most_seconds) {
                    (Some(low), Some(high)) => Some(f64::midpoint(low, high)),
                    (low, _) => low,
                }
            }
        }
    }

    /// The figure in words: `12.5 %`, `2.0 s`.
    pub(crate) fn text(&self, value: f64) -> String {
        match self.unit {
            Unit::Share if value == 0.0 => "0 %".to_owned(),
            Unit::Share => format!("{:.1} %", value * 100.0),
            Unit::Millis => crate::session::wording::wait(value),
            Unit::Seconds => format!("{value:.1} s"),
            Unit::Count => format!("{}", (value * 10.0).round() / 10.0),
        }
    }

    /// A difference in words, with its sign: `+12.5 points`.
    pub(crate) fn difference_text(&self, value: f64) -> String {
        let sign = if value < 0.0 { "-" } else { "+" };
        match self.unit {
            Unit::Share => format!("{sign}{:.1}", value.abs() * 100.0),
            Unit::Millis if value.abs() < 10.0 => format!("{sign}{:.1} ms", value.abs()),
            _ => format!("{sign}{}", self.text(value.abs())),
        }
    }
}

fn wait(run: &Summary, span: Span, share: f64) -> Option<f64> {
    let mut waits: Vec<f64> = listed(run, span).iter().flat_map(Listed::waits).collect();
    super::bootstrap::quantile(share)(&mut waits)
}
