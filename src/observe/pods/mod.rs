//! Pods, endpoints, Deployments and Kubernetes events of what the experiment touches, by watch.
//!
//! [`watch()`] feeds objects into a `Picture`, which folds them into small rows at once and tells
//! only what changed. No whole object is kept.

mod crowd;
mod feed;
mod in_play;
mod lean;
mod notes;
mod picture;
mod row;
mod services;
mod status_word;
#[cfg(test)]
mod tests;
mod watch;

pub use in_play::InPlay;
pub use watch::watch;
