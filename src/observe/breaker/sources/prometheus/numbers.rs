//! A number that nobody explains: what readings prove of it.
//!
//! Libraries number their states in different orders, so a number alone says nothing, 0 least of all. One that left the
//! value it had while users were well is not closed. Where three values were seen, one of them between the other two, the
//! one between is half-open and the far one open. Back at the first value it is closed again.

use crate::session::event::{
    BreakerState::{Closed, HalfOpen, Open},
    SourceClaim,
};
use std::collections::BTreeMap;

/// Numbers that are remembered.
const REMEMBERED: usize = 256;
/// Values of a state: whoever has more is none.
const VALUES: usize = 6;
/// Readings in which it must have had one value while users were well.
const STEADY: u32 = 2;

/// One number: which series, of which breaker and process.
pub(super) type SeriesKey = (String, String, Option<String>);

#[derive(Default)]
struct Number {
    /// All values it had, in the order in which they were seen.
    values: Vec<f64>,
    /// Readings with its first value while users were well.
    steady: u32,
    /// It has more values than a state has.
    wild: bool,
}

/// What was read of numbers before.
#[derive(Default)]
pub(super) struct Numbers(BTreeMap<SeriesKey, Number>);

impl Numbers {
    /// Takes note of a value and says what the readings so far prove. `well`: users get real answers now.
    pub(super) fn read(&mut self, key: SeriesKey, value: f64, well: bool) -> SourceClaim {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let number = self.0.entry(key).or_default();
        if !number.values.contains(&value) {
            if number.values.len() == 1 && number.steady < STEADY {
                // The value before was not seen with users who were well: nothing is known of it.
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
                // Whole numbers are in any order: only what has a half has its order told.
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
        // Users fail before it trips.
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
