//! Derives the meaning of a state number without an explanation from its readings.
//!
//! Libraries number their states in different orders, so a number alone proves nothing, 0 least of all. A number that
//! left the value it had while users were well is not closed. If three values were seen and the middle one is a
//! fraction, that one is half-open and the far one is open. Back at the first value the breaker is closed again.

use crate::session::event::{
    BreakerState::{Closed, HalfOpen, Open},
    SourceClaim,
};
use std::collections::BTreeMap;

/// The maximum number of series remembered.
const REMEMBERED: usize = 256;
/// The maximum number of values of a state: a series with more is none.
const VALUES: usize = 6;
/// The number of readings with the same value while users were well that proves that value to be closed.
const STEADY: u32 = 2;

/// Identifies one number: the series, the breaker and the process.
pub(super) type SeriesKey = (String, String, Option<String>);

#[derive(Default)]
struct Number {
    /// All values so far, in the order in which they were seen.
    values: Vec<f64>,
    /// The readings with its first value while users were well.
    steady: u32,
    /// Whether it has more values than a state can have.
    wild: bool,
}

/// The earlier readings of numbers.
#[derive(Default)]
pub(super) struct Numbers(BTreeMap<SeriesKey, Number>);

impl Numbers {
    /// Stores a value and returns the claim that the readings so far prove. `well`: users get real answers now.
    pub(super) fn read(&mut self, key: SeriesKey, value: f64, well: bool) -> SourceClaim {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let number = self.0.entry(key).or_default();
        if !number.values.contains(&value) {
            if number.values.len() == 1 && number.steady < STEADY {
                // The earlier value was not seen while users were well, so its meaning is unknown.
                number.values.clear();
                number.steady = 0;
            }
            number.wild |= !value.is_finite() || number.values.len() == VALUES;
            if !number.wild {
                number.values.push(value);
            }
        }
        let [first, others @ ..] = number.values.as_slice() else { return SourceClaim::Nothing };
        if number.wild {
            return SourceClaim::Nothing;
        }
        if others.is_empty() {
            number.steady = number.steady.saturating_add(u32::from(well));
            return SourceClaim::Nothing;
        }
        if value == *first {
            return SourceClaim::State(Closed);
        }
        match others {
            [one, other] => {
                let (near, far) =
                    if (one - first).abs() < (other - first).abs() { (one, other) } else { (other, one) };
                let between = (*first < *near && near < far) || (*far < *near && near < first);
                // Whole numbers may be in any order: only a fraction proves the order.
                let halves = between && near.fract() != 0.0;
                match halves {
                    true if value == *near => SourceClaim::State(HalfOpen),
                    true => SourceClaim::State(Open),
                    false => SourceClaim::Not(Closed),
                }
            }
            _ => SourceClaim::Not(Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(readings: &[(f64, bool)]) -> Vec<SourceClaim> {
        let mut numbers = Numbers::default();
        let key = || ("breaker_state".to_owned(), "provider".to_owned(), None);
        readings.iter().map(|(value, well)| numbers.read(key(), *value, *well)).collect()
    }

    #[test]
    fn a_half_proves_the_order_of_three() {
        // Users fail before the breaker trips.
        let said = story(&[
            (0.0, true),
            (0.0, true),
            (0.0, false),
            (1.0, false),
            (0.5, false),
            (1.0, false),
            (0.0, true),
        ]);
        let not_closed = SourceClaim::Not(Closed);
        let expected = [
            SourceClaim::Nothing,
            SourceClaim::Nothing,
            SourceClaim::Nothing,
            not_closed,
            SourceClaim::State(HalfOpen),
            SourceClaim::State(Open),
            SourceClaim::State(Closed),
        ];
        assert_eq!(said, expected);
        // 1 is closed and 0 open.
        let said = story(&[(1.0, true), (1.0, true), (0.0, false), (0.5, false)]);
        assert_eq!(said[3], SourceClaim::State(HalfOpen));
    }

    #[test]
    fn whole_numbers_have_no_order() {
        let said = story(&[(0.0, true), (0.0, true), (2.0, false), (1.0, false), (2.0, false)]);
        assert_eq!(said[2..], [SourceClaim::Not(Closed); 3]);
    }

    #[test]
    fn what_was_never_seen_with_well_users_proves_nothing() {
        for readings in [
            &[(0.0, false), (0.0, false), (1.0, false)][..],
            &[(0.0, true), (1.0, false), (1.0, false)],
            &[(0.5, true), (0.5, true), (0.5, false)],
            &[(f64::NAN, true), (0.0, true), (1.0, true)],
        ] {
            assert!(story(readings).iter().all(|says| *says == SourceClaim::Nothing), "{readings:?}");
        }
        let wild: Vec<(f64, bool)> = (0..20).map(|n| (f64::from(n / 2), true)).collect();
        assert_eq!(story(&wild).last(), Some(&SourceClaim::Nothing), "a number with many values is no state");
    }
}
