//! Words about what somebody expects before the fire.

use serde::{Deserialize, Serialize};

/// What the operator expects of a fault. Each part may be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// When the breaker opens.
    pub trip: Option<ExpectedTrip>,
    /// What most users get while the fault is on.
    pub users: Option<ExpectedAnswers>,
    /// Errors shown to users while the fault is on, at most.
    pub errors: Option<u32>,
    /// Seconds from the provider's return to the first real answer, at most.
    pub recovery_s: Option<f64>,
}

/// When the breaker opens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedTrip {
    /// Within so many seconds of T0.
    Within(f64),
    /// Not at all.
    Never,
}

/// What users get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedAnswers {
    /// The answer of steady state.
    Real,
    Fallback,
    Errors,
}

impl ExpectedAnswers {
    /// In a word.
    pub fn text(self) -> &'static str {
        match self {
            ExpectedAnswers::Real => "real",
            ExpectedAnswers::Fallback => "fallback",
            ExpectedAnswers::Errors => "errors",
        }
    }
}

impl Prediction {
    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
