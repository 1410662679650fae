//! The time axis that all lanes share.

use crate::session::{clock::shifted, event::Timestamp};

/// Divides time into slots of one second. A slot keeps its number once data is filed under it; `zero` is the slot that
/// begins at T0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SecondSlots {
    /// The start of slot 0: the session's first moment, moved back by less than a second at T0 so that a slot begins
    /// exactly at T0.
    origin: Option<Timestamp>,
    /// The slot that begins at T0; 0 before anything was fired.
    zero: i64,
}

impl SecondSlots {
    /// Starts the axis at the session's first moment.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.origin.get_or_insert(at);
    }

    /// Aligns the axis so that a slot begins exactly at T0.
    pub(super) fn anchor(&mut self, t0: Timestamp) {
        self.begin(t0);
        self.zero = self.slot(t0) + i64::from(self.start_of(self.slot(t0)) != Some(t0));
        self.origin = Some(shifted(t0, -(self.zero.unsigned_abs() as f64)));
    }

    /// Removes T0, because the fire changed nothing: seconds are counted from the beginning again.
    pub(super) fn release(&mut self) {
        self.zero = 0;
    }

    /// Returns the slot that contains a moment; 0 before the axis began.
    pub fn slot(&self, at: Timestamp) -> i64 {
        self.origin.map_or(0, |origin| at.duration_since(origin).as_secs_f64().floor() as i64)
    }

    /// Returns the second that contains a moment, counted from T0 (or from the beginning, before anything was fired).
    pub fn second(&self, at: Timestamp) -> i64 {
        self.slot(at) - self.zero
    }

    pub fn slot_of_second(&self, second: i64) -> i64 {
        second + self.zero
    }

    /// Returns when a slot begins.
    pub fn start_of(&self, slot: i64) -> Option<Timestamp> {
        self.origin.and_then(|origin| origin.checked_add(jiff::SignedDuration::from_secs(slot)).ok())
    }

    /// Returns when a second begins.
    pub fn start_of_second(&self, second: i64) -> Option<Timestamp> {
        self.start_of(self.slot_of_second(second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A damaged recording may have any moment.
    #[test]
    fn an_axis_may_begin_at_the_first_moment_there_is() {
        let mut axis = SecondSlots::default();
        axis.begin(Timestamp::MIN);
        let t0: Timestamp = "2026-11-28T11:33:33.5Z".parse().unwrap();
        axis.anchor(t0);
        assert!(axis.second(t0).abs() <= 1);
    }
}
