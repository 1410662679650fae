//! Guards: when a session ends by itself, and how far it is from that.
//!
//! A guard watches only while a fault is on. What is stale counts as bad: a second in which nobody was asked is one in
//! which a user may have been let down, and a cluster that does not answer may be doing anything.

mod reading;
mod settings;
#[cfg(test)]
mod tests;

pub use reading::{Reading, Strain};
pub use settings::{GuardChange, GuardError};
