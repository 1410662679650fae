//! How the turn of an activity ends.

use super::journal_entry::JournalEntry;
use crate::{experiment::Activity, session::event::RunId};
use pyvalue::Value;

/// An activity whose turn came to its end.
pub(super) struct FinishedActivity {
    pub run: RunId,
    pub entry: JournalEntry,
    /// The activity, if controls changed it.
    pub edited: Option<Activity>,
    /// For hypothesis probes: the verdict, if it could be had at once.
    pub tolerance_met: Option<bool>,
}

/// Why a turn did not come to its end.
#[derive(Debug)]
pub(super) enum Cutoff {
    /// An error nobody expected.
    Broke(String),
    /// It was not called: it would have acted in another cluster than was shown to whoever fired it.
    Moved(String),
    /// The run turns to its end.
    Halted,
    /// Python asked to exit.
    Exit(Value),
    /// Python was interrupted.
    KeyboardInterrupt,
    /// A control interrupted the run.
    Interrupt(String),
}
