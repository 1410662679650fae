//! `chaosk8s.pod`: pods.

pub(super) mod probes;
