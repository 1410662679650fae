//! Event types about the circuit breaker between the consumer and the provider.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// The breaker's state in the field's terms, and findings for the cases in which no state can be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Not observed yet, all sources are silent, or several explanations fit.
    Unknown,
    /// Calls go through and no breaker was detected: a closed breaker and no breaker look the same.
    ClosedOrNone,
    /// Calls go through a breaker.
    Closed,
    /// Calls are cut short: they fail without reaching the provider.
    Open,
    /// Trial calls are let through.
    HalfOpen,
    /// A fault is on; no call was cut short yet, and a breaker has not had the chance to open.
    NotSeenYet,
    /// Calls fail and are not cut short, for longer than a breaker would allow.
    #[serde(alias = "none_seen")]
    NoBreakerSeen,
    /// Users get a fallback immediately: an open breaker, or a service that falls back by itself.
    FallbackAtOnce,
    /// Replicas, or processes of one replica, are in different states.
    Mixed,
    /// The breaker is switched off: every call goes through and nothing is counted.
    Disabled,
    /// The breaker counts calls, but lets every call through.
    MetricsOnly,
    /// An operator forces the breaker to stay open.
    ForcedOpen,
}

impl BreakerState {
    /// Returns whether this is a state of a breaker rather than a finding without one.
    pub fn is_breaker_state(self) -> bool {
        use BreakerState::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Mixed, Open};
        matches!(self, Closed | Open | HalfOpen | Mixed | Disabled | MetricsOnly | ForcedOpen)
    }

    /// Returns whether this makes no statement about a breaker.
    #[cfg(test)]
    pub fn withholds(self) -> bool {
        matches!(self, BreakerState::Unknown | BreakerState::NotSeenYet | BreakerState::FallbackAtOnce)
    }
}

/// The confidence in a belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A direct source that no other contradicts, or two sources that agree without a common cause.
    Sure,
    /// One source reports it and none contradicts.
    Likely,
    /// Two explanations fit.
    CannotTell,
}

/// Kinds of sources of evidence about the breaker, the most direct first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// resilience4j's actuator endpoints.
    Actuator,
    /// A Hystrix stream.
    Hystrix,
    /// A time series of a metrics page.
    Metrics,
    /// The proxy of a service mesh: ejections and failure accrual, reported under their own names.
    Mesh,
    Health,
    /// The answers that users get.
    Answers,
}

/// What a source states about the breaker's state; often one-sided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceClaim {
    /// Exactly this state.
    State(BreakerState),
    /// Any state but this one (a health page that answers 200 implies "not open", never "closed").
    Not(BreakerState),
    /// Nothing that distinguishes states.
    Nothing,
}

/// One of the breakers that a source names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedBreaker {
    /// The name that the source gives it; empty where a page has one breaker without a name.
    pub name: String,
    /// What the source states about its state.
    pub says: SourceClaim,
    /// Whether the state was derived from counters or timers rather than reported directly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub derived: bool,
    /// The evidence in the source: `circuit_breaker_state{name="provider"} = open`.
    pub ground: String,
    /// The process, where one replica has several: `pid 7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// The counts of its window and the thresholds at which it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<BreakerCounts>,
    /// Calls that it rejected since its process started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Share of calls that got a fallback, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_ratio: Option<f64>,
    /// Seconds that it stays open before it lets a trial call through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleep_window_s: Option<f64>,
    /// When its next trial call is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_trial: Option<Timestamp>,
    /// How often it was half-open since its process started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<u64>,
    /// State changes with their exact moments, oldest first, as far as the source keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

impl NamedBreaker {
    /// Creates a breaker of which the source reports nothing else.
    pub fn new(name: impl Into<String>, says: SourceClaim, ground: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            says,
            derived: false,
            ground: ground.into(),
            process: None,
            counts: None,
            rejected: None,
            fallback_ratio: None,
            sleep_window_s: None,
            next_trial: None,
            trials: None,
            transitions: Vec::new(),
        }
    }
}

/// The counts of a breaker's window and the thresholds at which it opens. A figure that the source does not report is
/// `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BreakerCounts {
    /// Calls in the window.
    pub calls: Option<u64>,
    pub failed: Option<u64>,
    pub failure_percent: Option<f64>,
    /// The minimum number of calls in the window before it opens.
    pub min_calls: Option<u64>,
    /// The percentage of failures at which it opens.
    pub trips_at_percent: Option<f64>,
    /// The number of failures, in a row or in the window, at which it opens.
    pub trips_after: Option<u64>,
    /// Length of the window in seconds.
    pub window_s: Option<f64>,
}

/// A state change whose moment a source reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub at: Timestamp,
    pub from: BreakerState,
    pub to: BreakerState,
}

/// One report of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The kind of the source.
    pub witness: SourceKind,
    pub says: SourceClaim,
    /// The evidence: `503 Unavailable`, `7 of 7 answers are fallbacks in under 10 ms`.
    pub ground: String,
    /// The location of the source: `/metrics`, `8080/actuator/circuitbreakers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The pod that was queried, where pods are queried one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Whether a health page fails, which by itself is no statement about a breaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<bool>,
    /// All breakers that the source names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<NamedBreaker>,
}

impl SourceReport {
    /// Creates a report of a source that names no breaker and is found in its usual place.
    pub fn new(witness: SourceKind, says: SourceClaim, ground: impl Into<String>) -> Self {
        Self {
            witness,
            says,
            ground: ground.into(),
            place: None,
            pod: None,
            failing: None,
            breakers: Vec::new(),
        }
    }

    /// Returns whether both reports come from the same source.
    pub fn same_source(&self, other: &Self) -> bool {
        self.witness == other.witness && self.place == other.place && self.pod == other.pod
    }
}

/// The state of another breaker, or of one replica, in addition to the believed state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedState {
    /// The breaker's name, or the end of the pod's name.
    pub name: String,
    pub state: BreakerState,
}

/// What the program believes about the breaker, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    pub state: BreakerState,
    pub confidence: Confidence,
    pub since: Timestamp,
    /// The number of sources that agree, of those that reported.
    pub agreeing: u8,
    /// The number of sources that reported.
    pub spoke: u8,
    /// The reason, in one sentence.
    pub because: String,
    /// When the next trial call is due, if it was reported or learned.
    pub next_trial: Option<Timestamp>,
    /// The breaker that the belief is about, where sources name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<String>,
    /// The other breakers that sources name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<NamedState>,
    /// The state of each replica or process, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<NamedState>,
    /// The breaker's counts, where a source reports them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<BreakerCounts>,
    /// Calls that it rejected, where a source reports the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Share of calls that got a fallback, where a source reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_ratio: Option<f64>,
    /// Whether the breaker's process restarted since the previous belief; a restart resets a breaker.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restarted: bool,
    /// State changes that a source dates and that were not observed while they lasted, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Transition>,
}

impl Belief {
    /// Creates a belief that rests on one source and has no further details.
    pub fn new(
        state: BreakerState,
        confidence: Confidence,
        since: Timestamp,
        because: impl Into<String>,
    ) -> Self {
        Self {
            state,
            confidence,
            since,
            agreeing: 1,
            spoke: 1,
            because: because.into(),
            next_trial: None,
            breaker: None,
            others: Vec::new(),
            replicas: Vec::new(),
            counts: None,
            rejected: None,
            fallback_ratio: None,
            restarted: false,
            missed: Vec::new(),
        }
    }
}
