//! The operator's notes and marks, and the captions.

use super::SecondSlots;
use crate::session::event::Timestamp;
use std::collections::VecDeque;

/// The maximum number of entries of each kind.
const KEPT: usize = 512;

/// Notes, marks and captions, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// The operator's notes.
    pub notes: VecDeque<TimedText>,
    /// Moments the operator marked.
    pub marks: VecDeque<Timestamp>,
    /// Captions for the audience; the screen shows the last one.
    pub captions: VecDeque<TimedText>,
}

/// One text with its moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedText {
    pub at: Timestamp,
    pub text: String,
}

impl Annotations {
    pub(super) fn note(&mut self, at: Timestamp, text: &str) {
        push(&mut self.notes, TimedText { at, text: text.to_owned() });
    }

    pub(super) fn mark(&mut self, at: Timestamp) {
        push(&mut self.marks, at);
    }

    pub(super) fn caption(&mut self, at: Timestamp, text: &str) {
        push(&mut self.captions, TimedText { at, text: text.to_owned() });
    }

    pub fn notes_in<'a>(&'a self, axis: &'a SecondSlots, second: i64) -> impl Iterator<Item = &'a TimedText> {
        self.notes.iter().filter(move |entry| axis.second(entry.at) == second)
    }
}

fn push<T>(ring: &mut VecDeque<T>, item: T) {
    if ring.len() == KEPT {
        ring.pop_front();
    }
    ring.push_back(item);
}
