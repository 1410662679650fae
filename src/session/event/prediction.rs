//! Event types about the operator's prediction before the fire.

use serde::{Deserialize, Serialize};

/// The operator's prediction of a fault's effect. Each part is optional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// When the breaker opens.
    pub trip: Option<ExpectedTrip>,
    /// The answer that most users get while the fault is on.
    pub users: Option<ExpectedAnswers>,
    /// The maximum number of errors shown to users while the fault is on.
    pub errors: Option<u32>,
    /// The maximum number of seconds from the provider's return to the first real answer.
    pub recovery_s: Option<f64>,
}

/// When the breaker is predicted to open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedTrip {
    /// Within this many seconds of T0.
    Within(f64),
    /// Not at all.
    Never,
}

/// The answers that users are predicted to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedAnswers {
    /// The answer of steady state.
    Real,
    Fallback,
    Errors,
}

impl ExpectedAnswers {
    /// Returns the name of the answers in one word.
    pub fn text(self) -> &'static str {
        match self {
            ExpectedAnswers::Real => "real",
            ExpectedAnswers::Fallback => "fallback",
            ExpectedAnswers::Errors => "errors",
        }
    }
}

impl Prediction {
    /// Returns whether no part is predicted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
