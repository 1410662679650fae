//! What the operator can tell the session to do.

use super::event::{Fix, Guards, PodKey, Prediction, StepRef};
use serde::{Deserialize, Serialize};

/// One order. The runner obeys those about stepping, the observers those about watching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Start (or stop) watching: probe the endpoint, ask the breaker's sources.
    Observe(bool),
    /// Look for pods whose names hold this, also among those that are only counted. Empty: no longer.
    Find(String),
    /// Run the step under the cursor, unless it is destructive.
    Next,
    /// Run the destructive step under the cursor. Making this value *is* the consent.
    Fire(StepRef),
    /// Steps run by themselves; destructive ones still wait for a fire.
    Auto(bool),
    /// Hold before the next step, whatever the mode.
    Pause(bool),
    /// Leave the step under the cursor out; it is recorded as skipped.
    Skip,
    /// Put the cursor back on the last step run, and run it again.
    Rerun,
    /// End the pause or the wait that is going on now.
    Cut,
    /// Hold when the cursor reaches this step, also in automatic mode (again: no longer).
    Breakpoint(StepRef),
    /// Turn to the end: cut what runs, roll back.
    Abort,
    /// Play what the preflight offers instead of what the file says, in this session only.
    Fix(Fix),
    /// Put back what fired steps took away, from the manifests saved before.
    Undo,
    /// A guard went beyond its limit: turn to the end as an abort does, and say why.
    GuardAbort(String),
    /// From here on these limits end the session by themselves.
    Guards(Guards),
    /// What the operator expects of the fault; counts only before the fire.
    Predict(Prediction),
    /// Read the log of this pod, and follow it.
    ReadLog(PodKey),
    /// Keep a note with the session.
    Note(String),
    /// Mark this moment.
    Mark,
    /// End the session.
    Quit,
}
