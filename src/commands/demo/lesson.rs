//! The lessons of the demo.

use crate::{insight::RunVerdict, report::Comparison};
use std::fmt;

/// A lesson of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// A consumer without a circuit breaker.
    Before,
    /// The same consumer with a circuit breaker.
    After,
    /// The same consumer with a circuit breaker, whose pod is restarted because the breaker is open.
    Trap,
}

impl Lesson {
    /// All lessons, in their order.
    pub(super) const ALL: [Self; 3] = [Self::Before, Self::After, Self::Trap];

    /// Returns the variant of the sandbox, which is also the name of the lesson in a comparison.
    pub(super) fn variant(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Trap => "trap",
        }
    }

    /// Returns the name and text of the experiment file. No experiment needs an account.
    pub(super) fn experiment(self) -> (&'static str, &'static str) {
        match self {
            Self::Before | Self::After => {
                ("kill-pod.json", include_str!("../../../experiments/kill-pod.json"))
            }
            Self::Trap => ("liveness-trap.json", include_str!("../../../experiments/liveness-trap.json")),
        }
    }

    /// Returns what follows the lesson, for the key hint at its end.
    pub(super) fn next(self) -> &'static str {
        match self {
            Self::Before => "lesson 2",
            Self::After => "lesson 3",
            Self::Trap => "end of the demo",
        }
    }

    /// Returns what the figures fail to show of this lesson, if anything. `compared` compares it with the lesson
    /// before.
    pub(super) fn missed(self, compared: &Comparison) -> Option<&'static str> {
        let (before, after) = (&compared.before, &compared.after);
        match self {
            Self::Before => None,
            Self::After if before.conclusion.verdict != RunVerdict::NotResilient => {
                Some("without a breaker, users were not let down")
            }
            Self::After if after.figures.since.fallback == 0 => {
                Some("with the breaker, users got no fallback")
            }
            Self::After => (after.conclusion.verdict == RunVerdict::NotResilient)
                .then_some("users were let down with the breaker too"),
            Self::Trap => {
                (after.figures.restarts == 0).then_some("the open breaker did not get its pod restarted")
            }
        }
    }
}

impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => {
                "Lesson 1 of 3: the provider's pod is killed; the consumer has no circuit breaker"
            }
            Self::After => "Lesson 2 of 3: the same kill; the consumer has a circuit breaker and a fallback",
            Self::Trap => {
                "Lesson 3 of 3: the same kill and breaker; the liveness probe uses an endpoint that fails while the breaker is open"
            }
        })
    }
}
