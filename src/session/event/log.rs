//! Event types about container logs.

use super::{PodKey, Timestamp};
use serde::{Deserialize, Serialize};

/// Identifies a log: the pod, its container, and whether it is the running or the previous instance of the container.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogSource {
    pub pod: PodKey,
    pub container: String,
    /// Whether this is the log of the previous container, which was killed before the running one was started.
    pub previous: bool,
}

/// A line that a container wrote, truncated where it is too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodLine {
    /// When the line was written, by the node's clock.
    pub at: Option<Timestamp>,
    /// The text; may contain anything but secrets of the experiment.
    pub text: String,
}
