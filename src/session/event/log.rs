//! Words about what containers write.

use super::{PodKey, Timestamp};
use serde::{Deserialize, Serialize};

/// Which log: a pod's container, and whether the one that is running or the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogSource {
    pub pod: PodKey,
    pub container: String,
    /// Whether it is the log of the container that was killed, before this one was started in its place.
    pub previous: bool,
}

/// A line that a container wrote, cut where it is too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodLine {
    /// When it was written, as the node says.
    pub at: Option<Timestamp>,
    /// The text; may hold anything but secrets of the experiment.
    pub text: String,
}
