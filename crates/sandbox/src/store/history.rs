//! The change history of one resource, with a bounded length.

use super::Object;
use std::{collections::VecDeque, sync::Arc};

/// The number of changes kept per resource. A watcher that is further behind must list again (410).
const CAPACITY: usize = 4096;

/// The kind of a change.
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
    /// The resource version that the write created.
    pub version: u64,
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The object after the write; for a deletion its last state, with the version of the deletion.
    pub object: Arc<Object>,
    /// The object before the write, to detect objects that enter or leave a selection.
    pub previous: Option<Arc<Object>>,
}

/// The cursor is older than the history, or in the future: the reader must list again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct TooOld {
    /// The requested cursor.
    pub asked: u64,
    /// The oldest available cursor.
    pub oldest: u64,
}

/// A ring of changes, ordered by version.
#[derive(Debug)]
pub(super) struct History {
    /// All changes after this version are available.
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

    /// Returns at most `limit` changes after `cursor`, oldest first.
    pub(super) fn since(&self, cursor: u64, limit: usize) -> Result<Vec<Change>, TooOld> {
        if cursor < self.floor {
            return Err(TooOld { asked: cursor, oldest: self.floor });
        }
        let first = self.changes.partition_point(|change| change.version <= cursor);
        Ok(self.changes.iter().skip(first).take(limit).cloned().collect())
    }
}
