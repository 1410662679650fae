//! The limits in force, and the guard that ended the run.

use crate::session::event::{GuardTrip, Guards, Timestamp};

/// What ends the session by itself, and whether it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardState {
    /// The limits in force.
    pub limits: Guards,
    /// The guard that ended the run, and when.
    pub tripped: Option<(Timestamp, GuardTrip)>,
}

impl Default for GuardState {
    /// Nobody set one yet.
    fn default() -> Self {
        Self { limits: Guards::OFF, tripped: None }
    }
}
