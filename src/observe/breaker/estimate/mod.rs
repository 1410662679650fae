//! What to believe of the breaker. Pure: no clock, no network.
//!
//! A state needs a source that excludes the other explanations. *Sure* is a direct source that nothing contradicts, now
//! or earlier in this session. Answers alone make *likely*, and only once they have shown a full reset cycle. Else it
//! *cannot tell*, and says which explanations fit.
//!
//! `direct` reads the sources that name breakers, `answers` reads what users get, `health` learns what a health page
//! means, `outgoing` counts what leaves behind a breaker, `weigh` has the rules for what no source names, `estimator` joins them.

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

/// Seconds from one moment to another, negative where the other comes first.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
