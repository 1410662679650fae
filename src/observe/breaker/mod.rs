//! The circuit breaker between the consumer and the provider, observed from outside.
//!
//! | part | task |
//! | --- | --- |
//! | `reading` | one reading of a source: a plain value |
//! | `sources` | one file per kind of source: turns a page or a stream into readings |
//! | `discovery`, `consumer`, `server` | finds the sources of a service, pod by pod |
//! | `trips` | whether the users' rate can trip a breaker at all |
//! | `estimate` | pure, no clock, no network: combines readings and the endpoint's answers into a belief |
//! | `watch` | the loop that connects them |
//!
//! No state is guessed: if two explanations fit, the belief says so. The module `estimate` documents which evidence
//! supports which claim.

mod consumer;
pub mod declared;
mod discovery;
#[cfg(test)]
mod discovery_tests;
mod estimate;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod reading;
mod server;
mod sources;
#[cfg(test)]
mod tests;
mod trips;
mod watch;

pub use consumer::ServiceName;
pub(super) use consumer::survey;
pub use discovery::DiscoveryTargets;
pub(super) use sources::usual_pages::USUAL_PATHS;
pub use sources::{prometheus::Rule as SeriesRule, usual_pages::NamedSource};
pub use watch::{BreakerSettings, watch};
