//! Words about the undo kit: what was saved before a fire, and what putting it back came to.

use super::StepRef;
use serde::{Deserialize, Serialize};

/// What was saved for a destructive step. The manifests themselves never reach an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoKit {
    pub step: StepRef,
    /// What was saved: `Deployment my-provider-app`.
    pub manifests: Vec<String>,
    /// What putting it back would do, and how long that takes: `re-creates Deployment my-provider-app, about 8 s`.
    pub cost: String,
    /// Whether the step takes something away that does not come back by itself.
    pub needed: bool,
    /// Where the manifests were written, if anywhere.
    pub file: Option<String>,
}

/// What putting the manifests back came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoResult {
    /// What was put back: `Deployment my-provider-app was re-created`.
    pub restored: Vec<String>,
    /// What needed nothing.
    pub untouched: Vec<String>,
    /// What could not be put back, and why.
    pub failed: Vec<String>,
}
