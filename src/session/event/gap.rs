//! Words about gaps: stretches in which this program itself did not run.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// A stretch in which nothing was observed, because we did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When we were last known to run.
    pub from: Timestamp,
    /// When we ran again.
    pub to: Timestamp,
    /// Why, as far as it can be told.
    pub cause: GapCause,
}

/// Why we did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// The process was suspended, or the machine was too busy to let it run: from within the two look alike.
    Stopped,
    /// The machine slept.
    Asleep,
}

impl Gap {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64().max(0.0)
    }
}
