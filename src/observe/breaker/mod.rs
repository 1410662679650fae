//! The circuit breaker between the consumer and the provider, seen from outside.
//!
//! | part | what it does |
//! | --- | --- |
//! | `reading` | what a source said when it was read once: a plain value |
//! | `sources` | one file a kind of source: reads a page or a stream and makes readings of it |
//! | `hunt`, `consumer` | finds the sources that a service has, pod by pod |
//! | `trips` | whether the users' rate can trip a breaker at all |
//! | `estimate` | pure, no clock, no network: weighs readings and the answers users get, and believes something |
//! | `watch` | the loop that joins them |
//!
//! Nothing is invented; where two explanations fit, that is said. What may be claimed, and on what ground, is written
//! in `estimate`.

mod consumer;
pub mod declared;
mod discovery;
mod estimate;
#[cfg(test)]
mod hunt_tests;
mod reading;
mod server;
mod sources;
#[cfg(test)]
mod tests;
mod trips;
mod watch;

pub(super) use consumer::survey;
pub use discovery::DiscoveryTargets;
pub(super) use sources::usual_pages::USUAL_PATHS;
pub use sources::{prometheus::Rule as SeriesRule, usual_pages::NamedSource};
pub use watch::{BreakerSettings, watch};
