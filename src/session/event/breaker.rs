//! Words about the circuit breaker between the consumer and the provider.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// The breaker's state in the field's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Not looked at yet, or all witnesses are silent.
    Unknown,
    /// Calls go through.
    Closed,
    /// Calls are cut short.
    Open,
    /// Trial calls are let through.
    HalfOpen,
    /// Calls fail and nobody cuts them short.
    NoneSeen,
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A direct source, or two independent witnesses.
    Sure,
    /// One witness says so and none contradicts.
    Likely,
    /// Two explanations fit.
    CannotTell,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// A series of a metrics page.
    Metrics,
    /// A health endpoint.
    Health,
    /// The answers users get.
    Answers,
}

/// What a witness says, which is often one-sided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Exactly this state.
    State(BreakerState),
    /// Anything but this state (a health page that answers 200 says "not open", never "closed").
    Not(BreakerState),
    /// Nothing that tells states apart.
    Nothing,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// Who.
    pub witness: Witness,
    /// What.
    pub says: Says,
    /// On what ground: `503 Unavailable`, `7 of 7 answers are fallbacks in under 10 ms`.
    pub ground: String,
}

/// What we believe, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    /// The state.
    pub state: BreakerState,
    /// How sure.
    pub confidence: Confidence,
    /// Since when.
    pub since: Timestamp,
    /// Witnesses that agree, of those that spoke.
    pub agreeing: u8,
    /// Witnesses that spoke.
    pub spoke: u8,
    /// One sentence: why.
    pub because: String,
    /// When the next trial is due, if known or learned.
    pub next_trial: Option<Timestamp>,
}
