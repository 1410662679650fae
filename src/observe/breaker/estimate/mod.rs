//! Estimates the state of the breaker. Pure: no clock, no network.
//!
//! A state is claimed only if a source excludes the other explanations. *Sure* needs a direct source that nothing
//! contradicts, now or earlier in this session. Answers alone give *likely*, and only once they have shown a full reset
//! cycle. Otherwise the belief is *cannot tell* and lists the explanations that fit.
//!
//! `named_sources` evaluates the sources that name breakers, `answers` the answers of the endpoint; `health` learns
//! what a health page means, `outgoing` counts the calls behind a breaker, `weighing` has the rules for the case that
//! no source names a state, and `estimator` combines them.

mod answers;
mod estimator;
mod health;
mod named_sources;
mod outgoing;
#[cfg(test)]
mod tests;
mod weighing;

use crate::session::event::Timestamp;
pub(super) use estimator::BreakerEstimator;

/// The seconds between two moments, negative if `to` is the earlier one.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
