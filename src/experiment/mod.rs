//! The experiment file as a value: load, positions for error messages, validate, configuration and secrets,
//! substitution, tolerances. Imports nothing of ours.

mod model;
mod secrets;
mod serial;
mod value;

pub use model::{Activity, ActivityKind, Control, Hypothesis, Pauses, Provider, ProviderKind};
pub use secrets::Secrets;
pub use value::{Map, Value};
