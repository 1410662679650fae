//! Lines for the log pane.

use crate::session::event::{Level, Timestamp};
use std::collections::VecDeque;

/// The maximum number of lines kept.
const LINES: usize = 2000;
/// The maximum number of characters kept of one line.
const LINE: usize = 1024;

/// The latest lines, oldest first: what was logged, and one line for each important change of the session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    pub lines: VecDeque<LogLine>,
    /// The number of lines dropped from the ring.
    pub forgotten: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: Level,
    /// The source of the line: a module, a library, or `run`, `fault`, `pods`, `breaker`, `you`.
    pub target: String,
    /// The text, one line.
    pub text: String,
}

impl Log {
    /// Adds a message, one entry per line.
    pub(super) fn push(&mut self, at: Timestamp, level: Level, target: &str, message: &str) {
        for line in message.lines() {
            if self.lines.len() == LINES {
                self.lines.pop_front();
                self.forgotten += 1;
            }
            let text = line.chars().take(LINE).collect();
            self.lines.push_back(LogLine { at, level, target: target.to_owned(), text });
        }
    }
}
