//! Periods in which this program did not run: what happened then is unknown and does not count against anything.

use crate::session::event::{Gap, Timestamp};
use std::collections::VecDeque;

/// The maximum number of gaps kept.
const KEPT: usize = 256;

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

    /// Returns whether nothing between two moments was observed.
    pub fn covers(&self, from: Timestamp, to: Timestamp) -> bool {
        self.0.iter().rev().take_while(|gap| gap.to > from).any(|gap| gap.from <= from && gap.to >= to)
    }

    /// Returns whether something between two moments was not observed.
    pub fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.0.iter().rev().take_while(|gap| gap.to > from).any(|gap| gap.from < to)
    }
}
