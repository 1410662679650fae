//! The users of one endpoint: counts and waiting times by phase.

use crate::{
    report::{
        evidence::{AskedSample, Phase, SampleOutcome},
        facts::{Facts, shown, tally},
    },
    session::{
        state::{Endpoint, LatencySummary, Quantile},
        wording,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The users of one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EndpointSummary {
    /// Method and URL.
    pub url: String,
    /// Requests a second.
    pub rate_per_second: f64,
    /// The wait that users accept, in milliseconds.
    pub limit_ms: u64,
    /// The client's deadline, in milliseconds.
    pub deadline_ms: u64,
    /// What a real answer looks like; null if that was not learned.
    pub real_answer: Option<String>,
    /// Steady state, during the fault, after it; always all three.
    pub phases: Vec<PhaseSummary>,
}

/// The requests that were due in one phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PhaseSummary {
    /// `steady_state`, `during_fault`, `after_fault`.
    pub phase: String,
    /// Requests that were due: the sample size.
    pub requests: u64,
    pub real: u64,
    pub fallback: u64,
    /// Successes that cannot be classified as real or fallback.
    pub unjudged: u64,
    pub errors: u64,
    pub errors_by_kind: BTreeMap<String, u64>,
    /// Without an answer at the end.
    pub unanswered: u64,
    /// Due and not sent, because too many were in flight.
    pub withheld: u64,
    /// Answers later than the limit, and requests without an answer that have waited longer.
    pub over_limit: u64,
    /// Percentiles of all waits.
    pub waits: WaitsSummary,
    /// The listed requests are every n-th one: 1 while there are at most 10,000 in a phase.
    pub one_of: u64,
    /// What came of each listed request, in the order in which they were due: r real, f fallback, a not classified, X failed,
    /// ? without an answer, w not sent.
    pub outcomes: String,
    /// How long each of them waited, in milliseconds; 0 for those that were not sent.
    pub waits_ms: Vec<f64>,
}

/// The most requests of a phase that are listed one by one.
const LISTED: usize = 10_000;

/// Percentiles in milliseconds; null where there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WaitsSummary {
    pub min_ms: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub max_ms: Option<f64>,
    /// The first of these that is a lower bound only, because a request still had no answer: `p50`, `p95`, `p99`, `max`.
    pub at_least_from: Option<AtLeastFrom>,
}

/// A percentile from which on all are lower bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AtLeastFrom {
    P50,
    P95,
    P99,
    Max,
}

impl EndpointSummary {
    pub(super) fn of(facts: &Facts, endpoint: &Endpoint) -> Self {
        Self {
            url: shown(&endpoint.url),
            rate_per_second: endpoint.rate,
            limit_ms: endpoint.limit_ms,
            deadline_ms: endpoint.deadline_ms,
            real_answer: endpoint.shape.as_ref().map(|shape| shown(&shape.description)),
            phases: Phase::ALL.map(|phase| PhaseSummary::of(facts, endpoint, phase)).into(),
        }
    }
}

impl PhaseSummary {
    fn of(facts: &Facts, endpoint: &Endpoint, phase: Phase) -> Self {
        let tally = tally(endpoint, phase, facts.now);
        let mut errors_by_kind: BTreeMap<String, u64> = BTreeMap::new();
        for (kind, count) in &tally.errors {
            *errors_by_kind.entry(wording::error(*kind).to_owned()).or_default() += count;
        }
        let counted = |asked: &&AskedSample| asked.phase == phase && asked.outcome != SampleOutcome::Lost;
        let mut due: Vec<&AskedSample> = facts.evidence.samples.of(endpoint.id).filter(counted).collect();
        due.sort_by_key(|asked| asked.start());
        // The order is kept: neighbours are alike, which a comparison has to know.
        let one_of = due.len().div_ceil(LISTED).max(1);
        let listed: Vec<&AskedSample> = due.into_iter().step_by(one_of).collect();
        Self {
            phase: phase.key().to_owned(),
            requests: tally.sent,
            real: tally.real,
            fallback: tally.fallback,
            unjudged: tally.unjudged,
            errors: tally.error,
            errors_by_kind,
            unanswered: tally.waiting,
            withheld: tally.withheld,
            over_limit: tally.over_limit,
            waits: WaitsSummary::of(&tally.all),
            one_of: one_of as u64,
            outcomes: listed.iter().map(|asked| asked.outcome.letter()).collect(),
            waits_ms: listed.iter().map(|asked| millis(f64::from(asked.waited_ms))).collect(),
        }
    }
}

impl WaitsSummary {
    fn of(waits: &LatencySummary) -> Self {
        Self {
            min_ms: waits.min.map(millis),
            p50_ms: waits.p50.map(millis),
            p95_ms: waits.p95.map(millis),
            p99_ms: waits.p99.map(millis),
            max_ms: waits.max.map(millis),
            at_least_from: waits.open_from.map(|quantile| match quantile {
                Quantile::P50 => AtLeastFrom::P50,
                Quantile::P95 => AtLeastFrom::P95,
                Quantile::P99 => AtLeastFrom::P99,
                Quantile::Max => AtLeastFrom::Max,
            }),
        }
    }
}

/// Milliseconds to the microsecond.
fn millis(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
