//! Event types about gaps: periods in which this program itself did not run.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// A period in which nothing was observed, because this program did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last moment at which the program is known to have run.
    pub from: Timestamp,
    /// The moment at which the program ran again.
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
}

impl Gap {
    /// Returns its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64().max(0.0)
    }
}
