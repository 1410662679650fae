//! Event types about gaps: periods in which this program itself did not run, or its way to the service was broken.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// A period in which nothing, or nothing of the users, was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last moment at which something was observed.
    pub from: Timestamp,
    /// The moment from which on something was observed again.
    pub to: Timestamp,
    /// The cause, as far as it can be determined.
    pub cause: GapCause,
}

/// The cause of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// The process was suspended, or the machine was too busy to run it; the process cannot distinguish the two.
    Stopped,
    /// The machine slept.
    Asleep,
    /// The port-forward to the service was broken: only the users were not observed.
    PortForward,
}

impl Gap {
    /// Returns whether nothing at all was observed, because this program did not run.
    pub fn is_total(&self) -> bool {
        self.cause != GapCause::PortForward
    }

    /// Returns its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64().max(0.0)
    }
}
