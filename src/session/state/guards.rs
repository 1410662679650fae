//! The limits of the guards in force, and the guard that ended the run.

use crate::session::event::{GuardTrip, Guards, Timestamp};

/// The limits of the guards, and the guard that ended the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardState {
    /// The limits in force.
    pub limits: Guards,
    /// The guard that ended the run, and when.
    pub tripped: Option<(Timestamp, GuardTrip)>,
    /// When the operator last gave a command, or only held the fault by a key.
    pub held: Option<Timestamp>,
}

impl Default for GuardState {
    /// All guards are off until limits are set.
    fn default() -> Self {
        Self { limits: Guards::OFF, tripped: None, held: None }
    }
}
