//! The circuit breaker between the consumer and the provider, seen from outside.
//!
//! | part | what it does |
//! | --- | --- |
//! | `reading` | what a source said when it was read once: a plain value |
//! | `sources` | one file a kind of source: reads a page or a stream and makes readings of it |
//! | `estimate` | pure, no clock, no network: weighs readings and the answers users get, and believes something |
//! | `watch` | the loop that joins them |
//!
//! Nothing is invented; where two explanations fit, that is said. What may be claimed, and on what ground, is written
//! in `estimate`.

mod estimate;
mod reading;
mod sources;
#[cfg(test)]
mod tests;
mod watch;

pub use watch::{BreakerSettings, watch};
