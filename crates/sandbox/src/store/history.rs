//! What happened to the objects of one resource, as far back as memory is kept.

use super::Object;
use std::{collections::VecDeque, sync::Arc};

/// Changes kept for each resource. A watcher that falls further behind has to list again (410).
const CAPACITY: usize = 4096;

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the watch events' own")]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One write.
#[derive(Clone, Debug)]
pub struct Change {
    /// The resource version it made.
    pub version: u64,
    /// What it did.
    pub kind: ChangeKind,
    /// The object after the write; for a deletion its last state, with the deletion's version.
    pub object: Arc<Object>,
    /// The object before the write: tells what entered or left a selection.
    pub previous: Option<Arc<Object>>,
}

/// The cursor lies further back than the history, or in the future: list again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct TooOld {
    /// The cursor.
    pub asked: u64,
    /// The oldest one that can still be served.
    pub oldest: u64,
}

/// A ring of changes in the order of their versions.
#[derive(Debug)]
pub(super) struct History {
    /// Everything after this version is still here.
    floor: u64,
    changes: VecDeque<Change>,
}

impl History {
    pub(super) fn new(floor: u64) -> History {
        History { floor, changes: VecDeque::new() }
    }

    pub(super) fn push(&mut self, change: Change) {
        if self.changes.len() == CAPACITY
            && let Some(oldest) = self.changes.pop_front()
        {
            self.floor = oldest.version;
        }
        self.changes.push_back(change);
    }

    /// At most `limit` changes after `cursor`, oldest first.
    pub(super) fn since(&self, cursor: u64, limit: usize) -> Result<Vec<Change>, TooOld> {
        if cursor < self.floor {
            return Err(TooOld { asked: cursor, oldest: self.floor });
        }
        let first = self.changes.partition_point(|change| change.version <= cursor);
        Ok(self.changes.iter().skip(first).take(limit).cloned().collect())
    }
}
