//! Logs of pods: those the operator asks for, and those that a fire is about to hit - once they are gone, Kubernetes keeps
//! nothing of them.

mod read;
mod watch;

#[cfg(test)]
mod tests;

pub use watch::{Redact, watch};
