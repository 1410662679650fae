//! What users got second by second, for the lane, the heat map and the bad seconds.

use super::Outcome;
use std::collections::VecDeque;

/// Latency bands of the heat map: the upper edge of each in milliseconds, three per decade; the last one has no upper
/// edge.
pub const BANDS: [f64; 16] = [
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
    1_000.0,
    2_000.0,
    5_000.0,
    10_000.0,
    20_000.0,
    f64::INFINITY,
];

/// The maximum number of seconds kept: two hours.
const KEPT: usize = 7200;

/// One second of users' requests, filed under their *intended start*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserSecond {
    pub due: u32,
    /// Requests that were due and not sent, because too many were in flight.
    pub withheld: u32,
    /// Requests without an answer when probing stopped, and those of them that had waited over the limit.
    pub given_up: (u32, u32),
    /// Real answers, and those of them over the limit.
    pub real: (u32, u32),
    /// Fallback answers, and those of them over the limit.
    pub fallback: (u32, u32),
    /// Successes that cannot be classified as real or fallback, and those of them over the limit.
    pub unjudged: (u32, u32),
    pub errors: u32,
    /// Answers that came later than users accept: over the limit, or, where steady state was already slower than that,
    /// over the wait that its baseline sets.
    pub late: u32,
    /// The number of answers by latency band.
    pub bands: [u16; BANDS.len()],
    /// The outcomes in each band, one bit each.
    outcomes: [u8; BANDS.len()],
}

impl UserSecond {
    /// Returns the number of requests without an answer so far, including those withheld.
    pub fn unanswered(&self) -> u32 {
        self.due
            .saturating_sub(self.real.0 + self.fallback.0 + self.unjudged.0 + self.errors + self.given_up.0)
    }

    /// Returns whether a request of this second ended badly: with an error, with a late answer, or not even sent. The
    /// caller, which knows the time, judges requests that are still waiting.
    pub fn is_bad(&self) -> bool {
        self.late > 0 || self.failed()
    }

    /// Same as [`Self::is_bad`], without late answers.
    pub(super) fn failed(&self) -> bool {
        self.errors > 0 || self.withheld > 0 || self.given_up.1 > 0
    }

    /// Returns the outcomes of the answers in a band, in the order of tables.
    pub fn outcomes(&self, band: usize) -> impl Iterator<Item = Outcome> {
        let bits = self.outcomes.get(band).copied().unwrap_or(0);
        Outcome::ALL.into_iter().filter(move |outcome| bits & bit(*outcome) != 0)
    }

    fn answer(&mut self, outcome: Outcome, waited_ms: f64, slow: bool, late: bool) {
        self.late += u32::from(late && outcome != Outcome::Error);
        match outcome {
            Outcome::Real => {
                self.real.0 += 1;
                self.real.1 += u32::from(slow);
            }
            Outcome::Fallback => {
                self.fallback.0 += 1;
                self.fallback.1 += u32::from(slow);
            }
            Outcome::Unjudged => {
                self.unjudged.0 += 1;
                self.unjudged.1 += u32::from(slow);
            }
            Outcome::Error => self.errors += 1,
        }
        let band = BANDS.partition_point(|edge| *edge < waited_ms);
        if let Some(count) = self.bands.get_mut(band) {
            *count = count.saturating_add(1);
        }
        if let Some(seen) = self.outcomes.get_mut(band) {
            *seen |= bit(outcome);
        }
    }

    /// Reclassifies the unjudged answers as real.
    fn learned(&mut self) {
        let (all, slow) = std::mem::take(&mut self.unjudged);
        self.real = (self.real.0 + all, self.real.1 + slow);
        let unjudged = bit(Outcome::Unjudged);
        for seen in self.outcomes.iter_mut().filter(|seen| **seen & unjudged != 0) {
            *seen = *seen & !unjudged | bit(Outcome::Real);
        }
    }
}

fn bit(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Real => 1,
        Outcome::Fallback => 2,
        Outcome::Unjudged => 4,
        Outcome::Error => 8,
    }
}

/// The latest seconds, by slot of the axis.
#[derive(Clone, Debug, Default)]
pub(super) struct UserSeconds {
    cells: VecDeque<UserSecond>,
    /// Slot of the first cell.
    first: i64,
    /// Nothing is known any more of the slots before this one.
    pub(super) dropped_before: Option<i64>,
}

impl UserSeconds {
    /// Returns the second at a slot; `None` outside what is kept.
    pub(super) fn get(&self, slot: i64) -> Option<&UserSecond> {
        usize::try_from(slot - self.first).ok().and_then(|i| self.cells.get(i))
    }

    /// Returns the kept slots and their seconds, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &UserSecond)> {
        (self.first..).zip(&self.cells)
    }

    /// Same as [`Self::iter`], from a slot on.
    pub(super) fn from(&self, slot: i64) -> impl Iterator<Item = (i64, &UserSecond)> {
        let skipped = usize::try_from(slot - self.first).unwrap_or(0).min(self.cells.len());
        (self.first + skipped as i64..).zip(self.cells.range(skipped..))
    }

    pub(super) fn due(&mut self, slot: i64, withheld: bool) {
        if let Some(second) = self.reach(slot) {
            second.due += 1;
            second.withheld += u32::from(withheld);
        }
    }

    pub(super) fn answer(&mut self, slot: i64, outcome: Outcome, waited_ms: f64, slow: bool, late: bool) {
        if let Some(second) = self.reach(slot) {
            second.answer(outcome, waited_ms, slow, late);
        }
    }

    /// Removes a request that was due but not observed.
    pub(super) fn forget(&mut self, slot: i64) {
        if let Some(second) = self.reach(slot) {
            second.due = second.due.saturating_sub(1);
        }
    }

    /// Reclassifies the unjudged answers before a slot as real.
    pub(super) fn learned(&mut self, until: Option<i64>) {
        let before = |slot: i64| until.is_none_or(|until| slot < until);
        let first = self.first;
        (first..)
            .zip(&mut self.cells)
            .filter(|(slot, _)| before(*slot))
            .for_each(|(_, second)| second.learned());
    }

    pub(super) fn give_up(&mut self, slot: i64, slow: bool) {
        if let Some(second) = self.reach(slot) {
            second.given_up.0 += 1;
            second.given_up.1 += u32::from(slow);
        }
    }

    /// Returns the cell of a slot, created if it lies ahead; `None` if it was dropped already.
    fn reach(&mut self, slot: i64) -> Option<&mut UserSecond> {
        if self.cells.is_empty() {
            self.first = slot;
        }
        if slot - self.first - self.cells.len() as i64 >= KEPT as i64 {
            // The gap is longer than all that is kept: no old second remains.
            self.cells.clear();
            self.first = slot;
            self.dropped_before = Some(slot);
        }
        while slot >= self.first + self.cells.len() as i64 {
            if self.cells.len() == KEPT {
                self.cells.pop_front();
                self.first += 1;
                self.dropped_before = Some(self.first);
            }
            self.cells.push_back(UserSecond::default());
        }
        usize::try_from(slot - self.first).ok().and_then(|i| self.cells.get_mut(i))
    }
}
