//! Words about the circuit breaker between the consumer and the provider.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// The breaker's state in the field's words, and what can be said where no state can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Not looked at yet, all sources are silent, or several explanations fit.
    Unknown,
    /// Calls go through, and no breaker has shown itself: a closed one and none at all look the same.
    ClosedOrNone,
    /// Calls go through a breaker.
    Closed,
    /// Calls are cut short.
    Open,
    /// Trial calls are let through.
    HalfOpen,
    /// A fault is on, and nothing was cut short yet, nor has had its chance to be.
    NotSeenYet,
    /// Calls fail and nobody cuts them short, for longer than a breaker would bear.
    #[serde(alias = "none_seen")]
    NoBreakerSeen,
    /// Users get a fallback at once: an open breaker, or a service that falls back by itself.
    FallbackAtOnce,
    /// Replicas, or processes of one replica, are in different states.
    Mixed,
    /// Switched off: every call goes through and nothing is counted.
    Disabled,
    /// It counts, but lets every call through.
    MetricsOnly,
    /// Held open by an operator.
    ForcedOpen,
}

impl BreakerState {
    /// Whether it is a state of a breaker, rather than a word for what cannot be told.
    pub fn is_a_breakers(self) -> bool {
        use BreakerState::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Mixed, Open};
        matches!(self, Closed | Open | HalfOpen | Mixed | Disabled | MetricsOnly | ForcedOpen)
    }

    /// Whether it withholds a statement.
    #[cfg(test)]
    pub fn withholds(self) -> bool {
        matches!(self, BreakerState::Unknown | BreakerState::NotSeenYet | BreakerState::FallbackAtOnce)
    }
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A direct source that nothing contradicts, or two sources whose agreement has no common cause.
    Sure,
    /// One source says so and none contradicts.
    Likely,
    /// Two explanations fit.
    CannotTell,
}

/// Kinds of sources, the most direct one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// resilience4j's actuator endpoints.
    Actuator,
    /// A Hystrix stream.
    Hystrix,
    /// A series of a metrics page.
    Metrics,
    /// The proxy of a service mesh: ejections and failure accrual, under their own names.
    Mesh,
    Health,
    /// The answers users get.
    Answers,
}

/// What a source says, which is often one-sided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceClaim {
    /// Exactly this state.
    State(BreakerState),
    /// Anything but this state (a health page that answers 200 says "not open", never "closed").
    Not(BreakerState),
    /// Nothing that tells states apart.
    Nothing,
}

/// One breaker of those that a source names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedBreaker {
    /// As the source calls it; empty where a page has one breaker without a name.
    pub name: String,
    /// What is said of its state.
    pub says: SourceClaim,
    /// Whether that was derived, from counters or timers, rather than told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub derived: bool,
    /// Where that stands: `circuit_breaker_state{name="provider"} = open`.
    pub ground: String,
    /// The process among several of one replica: `pid 7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// What it has counted, against what it trips at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<BreakerCounts>,
    /// Calls it rejected since its process began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Share of calls that got a fallback, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_ratio: Option<f64>,
    /// Seconds it stays open before it tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleep_window_s: Option<f64>,
    /// When its next trial is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_trial: Option<Timestamp>,
    /// How often it was half-open since its process began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<u64>,
    /// Changes of state with their exact moments, oldest first, as far as the source remembers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

impl NamedBreaker {
    /// A breaker of which no more than this is told.
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

/// What a breaker has counted in its window, and at what it trips. What a source does not tell is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BreakerCounts {
    /// Calls in the window.
    pub calls: Option<u64>,
    pub failed: Option<u64>,
    pub failure_percent: Option<f64>,
    /// Calls without which it does not trip.
    pub min_calls: Option<u64>,
    /// Percentage of failures at which it trips.
    pub trips_at_percent: Option<f64>,
    /// Failures, in a row or in the window, at which it trips.
    pub trips_after: Option<u64>,
    /// Length of the window in seconds.
    pub window_s: Option<f64>,
}

/// A change of state that a source dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub at: Timestamp,
    pub from: BreakerState,
    pub to: BreakerState,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// What kind of source speaks.
    pub witness: SourceKind,
    pub says: SourceClaim,
    /// On what ground: `503 Unavailable`, `7 of 7 answers are fallbacks in under 10 ms`.
    pub ground: String,
    /// Where the source is found: `/metrics`, `8080/actuator/circuitbreakers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The pod that was asked, where it was asked on its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Whether it failed: a health page that does says nothing of a breaker by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<bool>,
    /// All breakers that the source names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<NamedBreaker>,
}

impl SourceReport {
    /// A statement of a source that names no breaker and is found in its usual place.
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

    /// Whether both come from one source.
    pub fn same_source(&self, other: &Self) -> bool {
        self.witness == other.witness && self.place == other.place && self.pod == other.pod
    }
}

/// The state of one breaker or of one replica, beside the one believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedState {
    /// The breaker's name, or the end of the pod's.
    pub name: String,
    pub state: BreakerState,
}

/// What we believe, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    pub state: BreakerState,
    pub confidence: Confidence,
    pub since: Timestamp,
    /// Sources that agree, of those that spoke.
    pub agreeing: u8,
    /// Sources that spoke.
    pub spoke: u8,
    /// One sentence: why.
    pub because: String,
    /// When the next trial is due, if known or learned.
    pub next_trial: Option<Timestamp>,
    /// The breaker that is meant, where sources name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<String>,
    /// The other breakers that sources name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<NamedState>,
    /// The replicas, or processes, one by one, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<NamedState>,
    /// What the breaker has counted, where a source tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<BreakerCounts>,
    /// Calls it rejected, where a source tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Share of calls that got a fallback, where a source tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_ratio: Option<f64>,
    /// Whether its process began anew since the belief before: a breaker starts from nothing then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restarted: bool,
    /// Changes of state that a source dates and that were not seen while they stood, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Transition>,
}

impl Belief {
    /// A belief on one ground, of which no more than this is known.
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
