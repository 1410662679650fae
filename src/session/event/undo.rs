//! Event types about the undo kit: what was saved before a fire, and the result of restoring it.

use super::StepRef;
use serde::{Deserialize, Serialize};

/// The manifests saved for a destructive step. The manifests themselves are never part of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoKit {
    pub step: StepRef,
    /// The saved objects: `Deployment my-provider-app`.
    pub manifests: Vec<String>,
    /// What restoring them would do, and how long it takes: `re-creates Deployment my-provider-app, about 8 s`.
    pub cost: String,
    /// Whether the step removes something that does not come back by itself.
    pub needed: bool,
    /// The file to which the manifests were written, if any.
    pub file: Option<String>,
}

/// The result of restoring the manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoResult {
    /// What was restored: `Deployment my-provider-app was re-created`.
    pub restored: Vec<String>,
    /// What needed no change.
    pub untouched: Vec<String>,
    /// What could not be restored, and why.
    pub failed: Vec<String>,
}
