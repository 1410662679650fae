//! A value with its latest changes.

use crate::session::event::Timestamp;
use std::collections::VecDeque;

/// The maximum number of changes kept; a breaker that changes once a second fills it in an hour.
const KEPT: usize = 4096;

/// The changes of a value, oldest first. Before the first change the value is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct History<T> {
    changes: VecDeque<(Timestamp, T)>,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { changes: VecDeque::new() }
    }
}

impl<T: Copy + PartialEq> History<T> {
    /// Sets the value from `at` on. Time never runs backwards here: a moment before the latest change counts as the
    /// latest one.
    pub(super) fn set(&mut self, at: Timestamp, value: T) {
        let at = match self.changes.back() {
            Some((_, last)) if *last == value => return,
            Some((latest, _)) => at.max(*latest),
            None => at,
        };
        if self.changes.len() == KEPT {
            self.changes.pop_front();
        }
        self.changes.push_back((at, value));
    }

    /// Returns the current value and since when it holds.
    pub fn last(&self) -> Option<(Timestamp, T)> {
        self.changes.back().copied()
    }

    /// Returns the value at a moment.
    pub fn at(&self, moment: Timestamp) -> Option<T> {
        let after = self.changes.partition_point(|(at, _)| *at <= moment);
        after.checked_sub(1).and_then(|i| self.changes.get(i)).map(|(_, value)| *value)
    }

    /// Returns the values that held at any moment from `from` to before `to`, oldest first.
    pub fn within(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = T> + '_ {
        let first = self.changes.partition_point(|(at, _)| *at <= from).saturating_sub(1);
        self.changes.iter().skip(first).take_while(move |(at, _)| *at < to).map(|(_, value)| *value)
    }

    /// Returns every change, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = (Timestamp, T)> + '_ {
        self.changes.iter().copied()
    }
}
