//! The figures by which runs are compared.

use crate::report::summary::{EndpointSummary, PhaseSummary, Summary};

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

/// Where the noise of a figure is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// Share of the requests since T0 with one of these outcomes.
    Outcome(&'static str),
    /// Share of the requests since T0 that waited longer than users accept.
    OverLimit,
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
    metric("failed", "failed users", Unit::Share, Some(true), 0.01, Source::Outcome("Xw")),
    metric("slow", "users over the limit", Unit::Share, Some(true), 0.01, Source::OverLimit),
    metric("fallback", "fallback answers", Unit::Share, None, 0.01, Source::Outcome("f")),
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

/// The listed requests of the first endpoint since T0, or before it, by phase.
pub(super) fn listed(run: &Summary, since_t0: bool) -> Vec<Listed> {
    let phases = run.endpoints.first().into_iter().flat_map(|endpoint| &endpoint.phases);
    let wanted = phases.filter(|phase| (phase.phase != "steady_state") == since_t0);
    let one = |phase: &PhaseSummary| Listed {
        outcomes: phase.outcomes.chars().take(phase.waits_ms.len()).collect(),
        waits_ms: phase.waits_ms.clone(),
    };
    wanted.map(one).collect()
}

/// The listed requests in a block.
pub(super) fn block(run: &Summary) -> usize {
    let Some(endpoint) = run.endpoints.first() else { return 1 };
    let one_of = endpoint.phases.iter().map(|phase| phase.one_of).max().unwrap_or(1).max(1);
    (endpoint.rate_per_second / one_of as f64 * BLOCK_S).round().max(1.0) as usize
}

impl Listed {
    /// The waits of requests that were sent.
    pub(super) fn waits(&self) -> Vec<f64> {
        let sent = self.outcomes.iter().zip(&self.waits_ms).filter(|(outcome, _)| **outcome != 'w');
        sent.map(|(_, wait)| *wait).collect()
    }

    /// Whether each request is a case of a share.
    pub(super) fn cases(&self, source: Source, limit_ms: u64) -> Vec<bool> {
        let limit = limit_ms as f64;
        let listed = self.outcomes.iter().zip(&self.waits_ms);
        listed
            .map(|(outcome, wait)| match source {
                // A user without an answer has failed once nobody would wait any longer.
                Source::Outcome(letters) if letters.contains('X') => {
                    letters.contains(*outcome) || (*outcome == '?' && *wait > limit)
                }
                Source::Outcome(letters) => letters.contains(*outcome),
                _ => *outcome == 'w' || *wait > limit,
            })
            .collect()
    }
}

/// The cases of a share since T0 and all requests, from the counts of the summary.
pub(super) fn counts(run: &Summary, source: Source) -> Option<(u64, u64)> {
    let endpoint: &EndpointSummary = run.endpoints.first()?;
    let (mut cases, mut all) = (0, 0);
    for phase in endpoint.phases.iter().filter(|phase| phase.phase != "steady_state") {
        all += phase.requests;
        cases += match source {
            Source::Outcome("f") => phase.fallback,
            Source::OverLimit => phase.over_limit + phase.withheld,
            // Those without an answer count if they waited too long: they are among the listed requests.
            _ => phase.errors + phase.withheld + waiting_too_long(phase, endpoint.limit_ms),
        };
    }
    (all > 0).then_some((cases.min(all), all))
}

fn waiting_too_long(phase: &PhaseSummary, limit_ms: u64) -> u64 {
    let listed = phase.outcomes.chars().zip(&phase.waits_ms);
    let late = listed.filter(|(outcome, wait)| *outcome == '?' && **wait > limit_ms as f64).count() as u64;
    (late * phase.one_of).min(phase.unanswered)
}

impl Metric {
    /// The figure of a run; `None` if it was not observed, or does not apply.
    pub(super) fn value(&self, run: &Summary) -> Option<f64> {
        match self.source {
            Source::Outcome(_) | Source::OverLimit => {
                counts(run, self.source).map(|(cases, all)| cases as f64 / all as f64)
            }
            Source::WaitSinceT0(share) => wait(run, true, share),
            Source::WaitBefore(share) => wait(run, false, share),
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

fn wait(run: &Summary, since_t0: bool, share: f64) -> Option<f64> {
    let mut waits: Vec<f64> = listed(run, since_t0).iter().flat_map(Listed::waits).collect();
    super::bootstrap::quantile(share)(&mut waits)
}
