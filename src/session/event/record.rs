//! The record of a session on the disk, and what earlier sessions left on.

use serde::{Deserialize, Serialize};

/// Whether the session is on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Every event is written to the disk.
    Kept {
        /// The session's name for `chaos-tui recover`.
        id: String,
        /// Path of the recording.
        path: String,
        /// Whether the manifests of the undo kit are written as well.
        kit_file: bool,
    },
    /// The operator wanted no record.
    Off,
    /// It cannot be written: nothing destructive is fired.
    Failed {
        /// The reason.
        why: String,
    },
}

/// What a session that has ended left on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierSession {
    /// The session's name for `chaos-tui recover`.
    pub id: String,
    /// One sentence: `a session of 12:04 ended without rollbacks: Deployment my-provider-app is at 0, was 1`.
    pub text: String,
}
