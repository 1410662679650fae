//! Periods in which this program did not run, or could not reach the users' service: what happened then is unknown and
//! does not count against anything.

use crate::session::{
    clock::shifted,
    event::{Gap, Timestamp},
};
use std::collections::VecDeque;

/// The maximum number of gaps kept.
const KEPT: usize = 256;
/// Lost requests that are no further apart belong to the same gap.
const SAME_S: f64 = 2.0;

/// The gaps of a session, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps(VecDeque<Gap>);

impl Gaps {
    pub(super) fn note(&mut self, gap: Gap) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(gap);
    }

    /// Adds a gap, or extends the latest one if it has the same cause and ended shortly before.
    pub(super) fn extend(&mut self, gap: Gap) {
        match self.0.back_mut() {
            Some(last) if last.cause == gap.cause && gap.from <= shifted(last.to, SAME_S) => {
                last.to = last.to.max(gap.to);
            }
            // Nothing counts twice.
            Some(last) if last.to > gap.from => {
                let gap = Gap { from: last.to.min(gap.to), ..gap };
                self.note(gap);
            }
            _ => self.note(gap),
        }
    }

    /// Returns the latest gap.
    pub fn last(&self) -> Option<&Gap> {
        self.0.back()
    }

    /// Returns all gaps, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Gap> + ExactSizeIterator {
        self.0.iter()
    }

    /// Returns the seconds between two moments that were not observed.
    pub fn seconds_between(&self, from: Timestamp, to: Timestamp) -> f64 {
        let within = |gap: &Gap| gap.to.min(to).duration_since(gap.from.max(from)).as_secs_f64().max(0.0);
        self.0.iter().rev().take_while(|gap| gap.to > from).map(within).sum()
    }

    /// Same as [`Self::seconds_between`], of the gaps in which nothing at all was observed.
    pub fn total_seconds_between(&self, from: Timestamp, to: Timestamp) -> f64 {
        let total = self.0.iter().filter(|gap| gap.is_total()).copied().collect();
        Self(total).seconds_between(from, to)
    }

    /// Returns whether nothing at all between two moments was observed.
    pub fn covers(&self, from: Timestamp, to: Timestamp) -> bool {
        let mut late = self.0.iter().rev().take_while(|gap| gap.to > from).filter(|gap| gap.is_total());
        late.any(|gap| gap.from <= from && gap.to >= to)
    }

    /// Returns whether something between two moments was not observed.
    pub fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.0.iter().rev().take_while(|gap| gap.to > from).any(|gap| gap.from < to)
    }
}
