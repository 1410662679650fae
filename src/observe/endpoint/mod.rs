//! What users get: an open-loop probe of the endpoint that they call.
//!
//! Requests are due at a constant rate whatever the answers are, and each is timed from the moment it was *due*: a
//! service that hangs makes users wait, but does not delay later users (no coordinated omission).

mod answer_class;
mod ask;
mod constant_rate;
mod errors;
mod learning;
mod response_ends;
mod response_shape;
mod settings;
#[cfg(test)]
mod tests;
mod tolerance;
mod watch;
mod way;

pub use settings::{EndpointSettings, SettingsError};
pub use tolerance::Tolerance;
pub use watch::watch;
