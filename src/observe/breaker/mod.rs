//! The circuit breaker between the consumer and the provider, seen from outside.
//!
//! One file a witness: `health` and `metrics` are asked, `answers` listens to what users get. `belief` is the
//! court: pure, it weighs what they say and believes something, with a reason and a word of confidence. Nothing is
//! invented; where two explanations fit, that is said.

mod answers;
mod belief;
mod calls;
mod exposition;
mod health;
mod metrics;
mod page;
#[cfg(test)]
mod tests;
mod turns;
mod watch;
mod weigh;

pub use watch::{BreakerSettings, watch};
