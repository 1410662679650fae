//! `chaosk8s.pod`: pods.

pub(super) mod actions;
mod exec;
pub(super) mod logs;
mod moment;
pub(super) mod probes;
pub(super) mod selection;
mod words;
