//! What people said and marked while it happened.

use super::Axis;
use crate::session::event::Timestamp;
use std::collections::VecDeque;

/// Entries kept of each kind.
const KEPT: usize = 512;

/// Notes, marks and captions, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diary {
    /// The operator's notes.
    pub notes: VecDeque<Entry>,
    /// Moments the operator marked.
    pub marks: VecDeque<Timestamp>,
    /// Captions for the audience; the last one stands on the screen.
    pub captions: VecDeque<Entry>,
}

/// One text with its moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: Timestamp,
    pub text: String,
}

impl Diary {
    pub(super) fn note(&mut self, at: Timestamp, text: &str) {
        keep(&mut self.notes, Entry { at, text: text.to_owned() });
    }

    pub(super) fn mark(&mut self, at: Timestamp) {
        keep(&mut self.marks, at);
    }

    pub(super) fn caption(&mut self, at: Timestamp, text: &str) {
        keep(&mut self.captions, Entry { at, text: text.to_owned() });
    }

    pub fn notes_in<'a>(&'a self, axis: &'a Axis, second: i64) -> impl Iterator<Item = &'a Entry> {
        self.notes.iter().filter(move |entry| axis.second(entry.at) == second)
    }
}

fn keep<T>(ring: &mut VecDeque<T>, item: T) {
    if ring.len() == KEPT {
        ring.pop_front();
    }
    ring.push_back(item);
}
