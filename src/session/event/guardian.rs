//! Event types about the guardian, the process that undoes the fault when the session does not.

use serde::{Deserialize, Serialize};

/// What became of the guardian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardianNews {
    /// It guards the session: without a renewal for so many seconds it undoes the fault.
    Guards { lease_s: u32 },
    /// It has taken the lease, for good, for this reason: the session fires and undoes nothing more.
    Took { why: String },
    /// It did this.
    Did { what: String },
    /// It is through. Whether nothing is left on.
    Over { undone: bool },
    /// It has ended, and nothing undoes the fault if the session dies.
    Lost,
}
