//! Required keys of a journal, for the runner's tests and for those of the whole program.

/// The keys of a complete journal, in order.
pub(super) const KEYS: [&str; 12] = [
    "chaoslib-version",
    "platform",
    "node",
    "experiment",
    "start",
    "status",
    "deviated",
    "steady_states",
    "run",
    "rollbacks",
    "end",
    "duration",
];
