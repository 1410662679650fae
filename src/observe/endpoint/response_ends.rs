//! Detects whether an endpoint's answers end: a stream of events does not, and its users do not wait for its end.

use super::ask::{EndedRequest, OpenResponse};
use std::{collections::HashSet, time::Duration};

/// How long a body of unknown length may continue before it counts as possibly endless.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same once bodies are known not to end.
const GLANCE: Duration = Duration::from_millis(250);
/// The number of unfinished bodies, while none was seen to end, after which bodies count as endless.
const FEW: usize = 3;

/// What is known about the ends of answers. One answer that ended weighs more than others that have not ended yet.
#[derive(Default)]
pub(super) struct ResponseEnds {
    ended: bool,
    endless: bool,
    /// Beginnings that are not reported yet, because their ends may still come.
    held: Vec<EndedRequest>,
    /// Requests whose beginning was reported and that are still read.
    told: HashSet<u64>,
    /// The answers in a row that ended although answers count as endless.
    row: usize,
}

/// The next step for an answer that continues.
pub(super) enum Next {
    ReadOn,
    /// Hang up and report the beginnings of these.
    Report(Vec<EndedRequest>),
    /// The same, and report that answers do not end; answers already in progress are read on.
    ReportEndless(Vec<EndedRequest>),
    /// The timeout of its user has expired.
    TimeOut,
    /// Nothing, because it was reported before.
    Drop,
}

impl ResponseEnds {
    /// How long to wait for the end of a body at first.
    pub(super) fn patience(&self) -> Duration {
        if self.endless { GLANCE } else { PATIENCE }
    }

    /// Handles an answer that continues.
    pub(super) fn continues(&mut self, going: &OpenResponse) -> Next {
        let (number, over) = (going.asked.number, going.is_over());
        self.row = 0;
        if over && self.told.remove(&number) {
            return Next::Drop;
        }
        match (self.endless, self.ended) {
            (true, _) => Next::Report(vec![going.beginning()]),
            (false, true) if over => Next::TimeOut,
            (false, true) => Next::ReadOn,
            (false, false) => {
                if !self.held.iter().any(|held| held.number == number) {
                    self.held.push(going.beginning());
                }
                if self.held.len() < FEW && !over {
                    return Next::ReadOn;
                }
                self.endless = true;
                self.told = self.held.iter().map(|held| held.number).collect();
                if over {
                    self.told.remove(&number);
                }
                Next::ReportEndless(std::mem::take(&mut self.held))
            }
        }
    }

    /// Handles the end of a request; `success`: a complete answer that is no error, `steady`: no fault is known.
    /// Returns whether it is still to be reported, and whether it shows that answers end after all.
    pub(super) fn ends(&mut self, number: u64, success: bool, steady: bool) -> (bool, bool) {
        self.held.retain(|held| held.number != number);
        let untold = !self.told.remove(&number);
        if !self.endless {
            self.ended |= success;
            return (untold, false);
        }
        self.row = if success && steady { self.row + 1 } else { 0 };
        // An answer that took long to end was seen whole; several that end at once may be of a different kind.
        let news = self.row >= FEW || (self.row > 0 && !untold);
        if news {
            *self = Self { ended: true, told: std::mem::take(&mut self.told), ..Self::default() };
        }
        (untold, news)
    }
}
