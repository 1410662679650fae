//! Watches the pods, endpoints, Deployments and Kubernetes events that the experiment touches.
//!
//! [`watch()`] feeds objects into a `ClusterView`, which reduces them to small rows at once and emits only changes. No
//! whole object is kept.

mod cluster_view;
mod in_play;
mod notes;
mod partial_pod;
mod pod_index;
mod row;
mod services;
mod status_word;
#[cfg(test)]
mod tests;
mod watch;
mod watchers;

pub use in_play::{InPlay, Interest};
pub use watch::watch;
