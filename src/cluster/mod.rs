//! The connection to Kubernetes: which context, what we may do there, where a Service can be reached.

mod access;
mod choice;
mod config;
mod connection;
mod error;
#[cfg(test)]
pub(crate) mod fake_api;
mod selector;
mod service_url;
mod settings;

pub use access::{Access, Permission, may};
pub use connection::{Connection, answer};
pub use error::Error;
pub use selector::Selector;
pub use service_url::{Reach, service_url};
pub use settings::Settings;
