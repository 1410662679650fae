//! `chaosk8s.pod`: pods.

pub(super) mod actions;
mod exec;
pub(super) mod logs;
pub(super) mod probes;
pub(super) mod selection;
mod shell_words;
mod time_span;
