//! How the execution of an activity ends.

use super::journal_entry::JournalEntry;
use crate::{experiment::Activity, session::event::RunId};
use pyvalue::Value;

/// An activity that was executed to its end, controls included.
pub(super) struct FinishedActivity {
    pub run: RunId,
    pub entry: JournalEntry,
    /// The activity, if controls changed it.
    pub edited: Option<Activity>,
    /// For hypothesis probes: whether the tolerance is met, if that was known as soon as the call ended.
    pub tolerance_met: Option<bool>,
}

/// Why an activity was not executed to its end.
#[derive(Debug)]
pub(super) enum Cutoff {
    /// An unexpected error.
    UnexpectedError(String),
    /// The activity was not called: it would have acted in another cluster than its target card showed.
    ClusterChanged(String),
    /// The run is stopping.
    Halted,
    /// Python asked to exit.
    Exit(Value),
    /// Python was interrupted.
    KeyboardInterrupt,
    /// A control interrupted the run.
    Interrupt(String),
}
