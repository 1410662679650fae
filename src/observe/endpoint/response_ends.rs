//! Whether the answers of an endpoint come to their end: a stream of events does not, and its users do not wait for that.

use super::ask::{EndedRequest, OpenResponse};
use std::{collections::HashSet, time::Duration};

/// How long a body of unknown length may go on before it is asked whether it ends at all.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same where bodies are known not to end.
const GLANCE: Duration = Duration::from_millis(250);
/// Bodies that go on, while none was seen to end, after which none is believed to.
const FEW: usize = 3;

/// What is known of the ends of answers. That one ended shows more than that others have not yet.
#[derive(Default)]
pub(super) struct ResponseEnds {
    ended: bool,
    endless: bool,
    /// Beginnings that are not told, because their ends may be.
    held: Vec<EndedRequest>,
    /// Requests whose beginning was told and that are still read on.
    told: HashSet<u64>,
    /// Answers in a row that ended though none is believed to.
    row: usize,
}

/// What is to be done with an answer that goes on.
pub(super) enum Next {
    ReadOn,
    /// Hang up and tell the beginnings of these.
    Tell(Vec<EndedRequest>),
    /// The same, and tell that answers do not end; those that go on are read on.
    TellEndless(Vec<EndedRequest>),
    /// It is too late for its user.
    TimeOut,
    /// Nothing: it was told before.
    Drop,
}

impl ResponseEnds {
    /// How long a body is waited for at first.
    pub(super) fn patience(&self) -> Duration {
        if self.endless { GLANCE } else { PATIENCE }
    }

    /// An answer goes on.
    pub(super) fn goes_on(&mut self, going: &OpenResponse) -> Next {
        let (number, over) = (going.asked.number, going.is_over());
        self.row = 0;
        if over && self.told.remove(&number) {
            return Next::Drop;
        }
        match (self.endless, self.ended) {
            (true, _) => Next::Tell(vec![going.beginning()]),
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
                Next::TellEndless(std::mem::take(&mut self.held))
            }
        }
    }

    /// A request ended; `success` if with a whole answer that is no error, `steady` if nothing is known to be broken. Says
    /// whether it is still to be told, and whether it shows that answers end after all.
    pub(super) fn ends(&mut self, number: u64, success: bool, steady: bool) -> (bool, bool) {
        self.held.retain(|held| held.number != number);
        let untold = !self.told.remove(&number);
        if !self.endless {
            self.ended |= success;
            return (untold, false);
        }
        self.row = if success && steady { self.row + 1 } else { 0 };
        // One that took long to end was seen whole; some that end at once may be of another making.
        let news = self.row >= FEW || (self.row > 0 && !untold);
        if news {
            *self = Self { ended: true, told: std::mem::take(&mut self.told), ..Self::default() };
        }
        (untold, news)
    }
}
