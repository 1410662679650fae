//! Pods, endpoints, Deployments and Kubernetes events of what the experiment touches, by watch.

mod in_play;
mod watch;

pub use in_play::InPlay;
pub use watch::watch;
