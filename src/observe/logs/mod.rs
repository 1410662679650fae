//! Logs of pods: those that the operator requests, and those of pods that a fire is about to hit, because Kubernetes
//! deletes the logs together with the pods.

mod read;
mod watch;

#[cfg(test)]
mod tests;

pub use watch::{Redact, watch};
