//! What users got second by second, for the lane, the heat map and the bad seconds.

use super::Outcome;
use std::collections::VecDeque;

/// Bands of the heat map: the upper edge of each in milliseconds, three a decade; the last one has no upper edge.
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

/// Seconds kept: two hours.
const KEPT: usize = 7200;

/// One second of users, filed under the *intended start* of their requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserSecond {
    pub due: u32,
    /// Requests that were due and not sent, because too many were in flight.
    pub withheld: u32,
    /// Requests without an answer when we hung up, and those of them that had waited over the limit.
    pub given_up: (u32, u32),
    /// Real answers, and those of them over the limit.
    pub real: (u32, u32),
    /// Fallback answers, and those of them over the limit.
    pub fallback: (u32, u32),
    /// Successes of which nobody can say whether they are real, and those of them over the limit.
    pub unjudged: (u32, u32),
    pub errors: u32,
    /// Answers that came later than users are used to: over the limit, or, where steady state was slower than that already,
    /// much later than then.
    pub late: u32,
    /// Answers by band of waiting time.
    pub bands: [u16; BANDS.len()],
    /// Which outcomes there were in each band, a bit each.
    outcomes: [u8; BANDS.len()],
}

impl UserSecond {
    /// Requests without an answer so far, those withheld included.
    pub fn unanswered(&self) -> u32 {
        self.due
            .saturating_sub(self.real.0 + self.fallback.0 + self.unjudged.0 + self.errors + self.given_up.0)
    }

    /// Whether a user who came in this second was let down: error, or a late answer, or not even sent. Requests still
    /// waiting are judged by whoever knows the time.
    pub fn is_bad(&self) -> bool {
        self.late > 0 || self.failed()
    }

    /// The same without answers that were late.
    pub(super) fn failed(&self) -> bool {
        self.errors > 0 || self.withheld > 0 || self.given_up.1 > 0
    }

    /// The outcomes of the answers in a band, in the order of tables.
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

    /// Successes turn out to be real answers.
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
}

impl UserSeconds {
    /// The second at a slot; `None` outside what is kept.
    pub(super) fn get(&self, slot: i64) -> Option<&UserSecond> {
        usize::try_from(slot - self.first).ok().and_then(|i| self.cells.get(i))
    }

    /// Slots kept and their seconds, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &UserSecond)> {
        (self.first..).zip(&self.cells)
    }

    /// The same from a slot on.
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

    /// A request that was due was not observed: it counts as if it had never been.
    pub(super) fn forget(&mut self, slot: i64) {
        if let Some(second) = self.reach(slot) {
            second.due = second.due.saturating_sub(1);
        }
    }

    /// Successes before a slot turn out to be real answers.
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

    /// The cell of a slot, made if it lies ahead; `None` for one that has been forgotten.
    fn reach(&mut self, slot: i64) -> Option<&mut UserSecond> {
        if self.cells.is_empty() {
            self.first = slot;
        }
        if slot - self.first - self.cells.len() as i64 >= KEPT as i64 {
            // A gap longer than all that is kept: nothing of the old is left.
            self.cells.clear();
            self.first = slot;
        }
        while slot >= self.first + self.cells.len() as i64 {
            if self.cells.len() == KEPT {
                self.cells.pop_front();
                self.first += 1;
            }
            self.cells.push_back(UserSecond::default());
        }
        usize::try_from(slot - self.first).ok().and_then(|i| self.cells.get_mut(i))
    }
}
