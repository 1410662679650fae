//! Pods, endpoints, Deployments and Kubernetes events of what the experiment touches, by watch.
//!
//! [`watch()`] feeds objects into a `Picture`, which folds them into small rows at once and tells
//! only what changed. No whole object is kept.

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

pub use in_play::InPlay;
pub use watch::watch;
