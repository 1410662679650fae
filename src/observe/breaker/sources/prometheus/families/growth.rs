//! Derives a state from the growth of counters: the only transitions are closed → open → half-open → open or closed.

use crate::session::event::{
    BreakerState::{self, Closed, HalfOpen, Open},
    SourceClaim,
};

/// How often each state was entered since the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StateEntries {
    pub(super) open: u64,
    pub(super) half_open: u64,
    pub(super) closed: u64,
}

impl StateEntries {
    fn none(self) -> bool {
        self == Self::default()
    }

    /// The possible present states of a breaker that began in `start` and entered states this often.
    fn ends(self, start: BreakerState) -> Vec<BreakerState> {
        let at = |state| i128::from(start == state);
        let (open, half, closed) =
            (i128::from(self.open), i128::from(self.half_open), i128::from(self.closed));
        // Closed is left only for open: as often as it was held, or once less if it is the present state.
        let from_closed = at(Closed) + closed;
        // Half-open is entered only from open.
        match at(Open) + open - half {
            1 if open >= from_closed => vec![Open],
            0 => {
                let mut ends = Vec::new();
                if closed >= 1 && open >= from_closed - 1 {
                    ends.push(Closed);
                }
                if open >= from_closed && (half > 0 || start == HalfOpen) {
                    ends.push(HalfOpen);
                }
                ends
            }
            _ => Vec::new(),
        }
    }

    /// The claim after these entries: the state if only one is possible, "not closed" or "not open" if that is common
    /// to all, else nothing. `before` is the state at the last reading, if known.
    pub(super) fn says(self, before: Option<BreakerState>) -> SourceClaim {
        if self.none() {
            return before.map_or(SourceClaim::Nothing, SourceClaim::State);
        }
        let mut ends = match before {
            Some(start @ (Open | HalfOpen | Closed)) => self.ends(start),
            _ => Vec::new(),
        };
        if ends.is_empty() {
            ends = [Closed, Open, HalfOpen].into_iter().flat_map(|start| self.ends(start)).collect();
        }
        common(&ends)
    }
}

/// The claim common to several possible states.
fn common(ends: &[BreakerState]) -> SourceClaim {
    match ends {
        [] => SourceClaim::Nothing,
        [first, rest @ ..] if rest.iter().all(|end| end == first) => SourceClaim::State(*first),
        many if !many.contains(&Closed) => SourceClaim::Not(Closed),
        many if !many.contains(&Open) => SourceClaim::Not(Open),
        _ => SourceClaim::Nothing,
    }
}

/// Derives the state from counted transitions: the walk ends in the state with one more transition in than out.
pub(super) fn walk(moves: &[(BreakerState, BreakerState, u64)], before: Option<BreakerState>) -> SourceClaim {
    if moves.is_empty() {
        return before.map_or(SourceClaim::Nothing, SourceClaim::State);
    }
    let balance = |state: BreakerState| -> i128 {
        let sum = |counts: &mut dyn Iterator<Item = u64>| counts.map(i128::from).sum::<i128>();
        let into = sum(&mut moves.iter().filter(|(_, to, _)| *to == state).map(|(.., count)| *count));
        into - sum(&mut moves.iter().filter(|(from, ..)| *from == state).map(|(.., count)| *count))
    };
    let states: Vec<BreakerState> = moves.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    match states.iter().find(|state| balance(**state) == 1) {
        Some(end) => SourceClaim::State(*end),
        // A round trip ends where it began, which may be unknown.
        None if states.iter().all(|state| balance(*state) == 0) => match before {
            Some(before) if states.contains(&before) => SourceClaim::State(before),
            _ => SourceClaim::Nothing,
        },
        None => SourceClaim::Nothing,
    }
}

/// Derives the state from the states whose time grew since the last reading.
pub(super) fn times(grown: &[BreakerState]) -> SourceClaim {
    let has = |state| grown.contains(&state);
    match (has(Closed), has(Open), has(HalfOpen)) {
        (true, false, false) => SourceClaim::State(Closed),
        // From closed the only way leads to open; time in half-open came before closed, and time in open after it.
        (_, true, false) => SourceClaim::State(Open),
        (false, false, true) => SourceClaim::State(HalfOpen),
        (true, false, true) => SourceClaim::State(Closed),
        (false, true, true) => SourceClaim::Not(Closed),
        (true, true, true) | (false, false, false) => SourceClaim::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(open: u64, half_open: u64, closed: u64) -> StateEntries {
        StateEntries { open, half_open, closed }
    }

    #[test]
    fn entries_are_put_in_the_only_order_there_is() {
        for (counts, before, says) in [
            (entered(0, 0, 0), Some(Open), SourceClaim::State(Open)),
            (entered(0, 0, 0), None, SourceClaim::Nothing),
            (entered(1, 0, 0), Some(Closed), SourceClaim::State(Open)),
            (entered(1, 0, 0), None, SourceClaim::State(Open)),
            (entered(0, 1, 0), None, SourceClaim::State(HalfOpen)),
            (entered(0, 0, 1), None, SourceClaim::State(Closed)),
            // A trial that failed at once, or a first opening with a running trial: only the earlier state decides.
            (entered(1, 1, 0), Some(Open), SourceClaim::State(Open)),
            (entered(1, 1, 0), Some(Closed), SourceClaim::State(HalfOpen)),
            (entered(1, 1, 0), None, SourceClaim::Not(Closed)),
            (entered(0, 1, 1), None, SourceClaim::State(Closed)),
            (entered(1, 1, 1), Some(Closed), SourceClaim::State(Closed)),
            (entered(2, 2, 1), Some(Open), SourceClaim::State(Open)),
            (entered(2, 2, 1), Some(Closed), SourceClaim::Not(Open)),
            (entered(3, 0, 0), Some(Closed), SourceClaim::Nothing),
        ] {
            assert_eq!(counts.says(before), says, "{counts:?} after {before:?}");
        }
    }

    #[test]
    fn a_walk_ends_where_one_more_leads_in() {
        let there = (Closed, Open, 1);
        let trial = (Open, HalfOpen, 1);
        let back = (HalfOpen, Open, 1);
        for (moves, before, says) in [
            (&[there][..], None, SourceClaim::State(Open)),
            (&[there, trial], None, SourceClaim::State(HalfOpen)),
            (&[trial, back], Some(Open), SourceClaim::State(Open)),
            (&[trial, back], None, SourceClaim::Nothing),
            (&[trial, back], Some(Closed), SourceClaim::Nothing),
            (&[(HalfOpen, Closed, 1)], Some(HalfOpen), SourceClaim::State(Closed)),
            (&[], Some(Closed), SourceClaim::State(Closed)),
        ] {
            assert_eq!(walk(moves, before), says, "{moves:?} after {before:?}");
        }
    }

    proptest::proptest! {
        /// Whatever a breaker does between two readings, its true state is never excluded.
        #[test]
        fn the_truth_is_never_excluded(start in 0usize..3, choices in proptest::collection::vec(proptest::bool::ANY, 0..9)) {
            let start = [Closed, Open, HalfOpen][start];
            let (mut now, mut counts, mut moves) = (start, StateEntries::default(), Vec::new());
            for fails in choices {
                let next = match (now, fails) {
                    (Closed, _) | (HalfOpen, true) => Open,
                    (Open, _) => HalfOpen,
                    _ => Closed,
                };
                match next {
                    Open => counts.open += 1,
                    HalfOpen => counts.half_open += 1,
                    _ => counts.closed += 1,
                }
                moves.push((now, next, 1));
                now = next;
            }
            for said in [counts.says(Some(start)), counts.says(None), walk(&moves, Some(start)), walk(&moves, None)] {
                match said {
                    SourceClaim::State(state) => proptest::prop_assert_eq!(state, now),
                    SourceClaim::Not(state) => proptest::prop_assert_ne!(state, now),
                    SourceClaim::Nothing => {}
                }
            }
        }
    }
}
