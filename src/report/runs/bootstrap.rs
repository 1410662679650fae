//! Bootstrap intervals of differences.
//!
//! Neighbouring requests are alike: those of one second meet the same breaker and the same pods. So requests are drawn in
//! blocks of consecutive ones (Künsch 1989), not one by one, which would promise more than they show; and from each phase as
//! many as it has, since the fault was on for as long as it was. Where there are several runs on both sides, whole runs are
//! drawn.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// How often both sides are drawn anew.
const DRAWS: usize = 1000;
/// The share of draws within the interval.
const COVERED: f64 = 0.95;
/// The same runs give the same interval.
const SEED: u64 = 20_261_130;
/// Requests of a side beyond which only every n-th one is used.
const MOST: usize = 4000;
/// Blocks of a side below which nothing can be said about noise.
const FEWEST_BLOCKS: usize = 8;
/// Runs on each side from which on whole runs are drawn.
pub(super) const RUNS: usize = 3;

/// The interval in which a difference lies with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Whether it is on one side of zero.
    pub(crate) fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// Widens it at both ends.
    fn widened(self, by: f64) -> Self {
        Self { low: self.low - by, high: self.high + by }
    }
}

/// A statistic of requests; `None` of too few.
pub(super) type Statistic<'a, T> = &'a dyn Fn(&mut [T]) -> Option<f64>;

/// Estimates the difference (second minus first) of a statistic of requests. Each side is given by its phases, with the
/// requests of each in order; `block` is the number of requests in a block. `None` if there are too few.
pub(super) fn of_requests<T: Copy>(
    first: &[Vec<T>],
    second: &[Vec<T>],
    block: usize,
    statistic: Statistic<T>,
) -> Option<Interval> {
    let (first, second) = (Side::of(first, block)?, Side::of(second, block)?);
    let mut random = StdRng::seed_from_u64(SEED);
    let mut drawn = Vec::new();
    interval(|| {
        first.draw(&mut random, &mut drawn);
        let before = statistic(&mut drawn)?;
        second.draw(&mut random, &mut drawn);
        Some(statistic(&mut drawn)? - before)
    })
}

/// The requests of one side from which is drawn.
struct Side<T> {
    phases: Vec<Vec<T>>,
    block: usize,
}

impl<T: Copy> Side<T> {
    /// `None` if there are too few blocks.
    fn of(phases: &[Vec<T>], block: usize) -> Option<Self> {
        let all: usize = phases.iter().map(Vec::len).sum();
        let step = all.div_ceil(MOST).max(1);
        let block = (block / step).max(1);
        let thinned: Vec<Vec<T>> =
            phases.iter().map(|phase| phase.iter().copied().step_by(step).collect()).collect();
        let blocks: usize = thinned.iter().map(|phase| phase.len().div_ceil(block)).sum();
        (blocks >= FEWEST_BLOCKS).then_some(Self { phases: thinned, block })
    }

    /// Draws blocks of each phase with replacement until there are as many requests as before; a block may go around the end of
    /// its phase.
    fn draw(&self, random: &mut StdRng, drawn: &mut Vec<T>) {
        drawn.clear();
        for phase in self.phases.iter().filter(|phase| !phase.is_empty()) {
            let end = drawn.len() + phase.len();
            while drawn.len() < end {
                let start = random.random_range(0..phase.len());
                let room = end - drawn.len();
                drawn.extend(phase.iter().cycle().skip(start).take(self.block.min(room)));
            }
        }
    }
}

/// Estimates the difference (second minus first) of the mean of a figure over runs. `None` with fewer than [`RUNS`] on a side.
pub(super) fn of_runs(first: &[f64], second: &[f64]) -> Option<Interval> {
    if first.len() < RUNS || second.len() < RUNS {
        return None;
    }
    let mut random = StdRng::seed_from_u64(SEED);
    interval(|| {
        let mut mean = |side: &[f64]| {
            let sum: f64 = (0..side.len()).filter_map(|_| side.get(random.random_range(0..side.len()))).sum();
            sum / side.len() as f64
        };
        let before = mean(first);
        Some(mean(second) - before)
    })
}

/// Widens the interval of a difference of shares where a side had no case at all, or nothing else: a draw from it never
/// differs. The bound is the "rule of three": with 95 % confidence the true share is within 3/n.
pub(super) fn widened_by_certain_sides(interval: Interval, shares: [(u64, u64); 2]) -> Interval {
    shares.into_iter().fold(interval, |interval, (cases, all)| {
        let certain = all > 0 && (cases == 0 || cases == all);
        if certain { interval.widened((3.0 / all as f64).min(1.0)) } else { interval }
    })
}

fn interval(mut difference: impl FnMut() -> Option<f64>) -> Option<Interval> {
    let mut differences: Vec<f64> = (0..DRAWS).filter_map(|_| difference()).collect();
    // Draws in which a statistic is undefined are few, or nothing is known.
    if differences.len() < DRAWS * 9 / 10 {
        return None;
    }
    differences.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| differences.get((share * (differences.len() - 1) as f64).round() as usize).copied();
    let tail = (1.0 - COVERED) / 2.0;
    Some(Interval { low: at(tail)?, high: at(1.0 - tail)? })
}

/// The share of values that are true.
pub(super) fn share(values: &mut [bool]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().filter(|value| **value).count() as f64 / values.len() as f64)
}

/// The value below which a share of all lies.
pub(super) fn quantile(share: f64) -> impl Fn(&mut [f64]) -> Option<f64> {
    move |values| {
        let place = (share * values.len().checked_sub(1)? as f64).round() as usize;
        Some(*values.select_nth_unstable_by(place, f64::total_cmp).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_difference_is_told_from_noise() {
        let mut random = StdRng::seed_from_u64(1);
        let mut side =
            |mean: f64| vec![(0..400).map(|_| mean + random.random::<f64>() * 10.0).collect::<Vec<f64>>()];
        let (one, same, other) = (side(10.0), side(10.0), side(14.0));
        let median = quantile(0.5);
        let same = of_requests(&one, &same, 20, &median).unwrap();
        assert!(!same.excludes_zero(), "{same:?}");
        let found = of_requests(&one, &other, 20, &median).unwrap();
        assert!(
            found.excludes_zero() && (2.0..6.0).contains(&found.low) && (2.0..6.0).contains(&found.high),
            "{found:?}"
        );
        assert_eq!(of_requests(&one, &other, 20, &median), Some(found), "the same again");
    }

    /// Two halves that are alike within: as many requests one by one would promise a narrow interval.
    #[test]
    fn neighbours_that_are_alike_count_less() {
        let clustered = [(0..400).map(|n| (n / 40) % 2 == 0).collect::<Vec<bool>>()];
        let of = |block| of_requests(&clustered, &clustered, block, &share).unwrap();
        let width = |interval: Interval| interval.high - interval.low;
        assert!(width(of(40)) > 3.0 * width(of(1)), "{:?} and {:?}", of(40), of(1));
    }

    /// The fault was on for as long as it was: how many requests fall into it is no noise.
    #[test]
    fn each_phase_keeps_its_size() {
        let phases = [vec![true; 40], vec![false; 360]];
        let exact = of_requests(&phases, &phases, 4, &share).unwrap();
        assert_eq!(exact, Interval { low: 0.0, high: 0.0 });
        let mixed = [phases.concat()];
        assert!(of_requests(&mixed, &mixed, 4, &share).unwrap().high > 0.02);
    }

    #[test]
    fn too_little_says_nothing() {
        let median = quantile(0.5);
        assert_eq!(of_requests(&[vec![1.0; 70]], &[vec![1.0; 70]], 10, &median), None, "seven blocks a side");
        assert_eq!(of_requests::<f64>(&[], &[], 1, &median), None);
        assert_eq!(of_runs(&[1.0, 2.0], &[1.0, 2.0, 3.0]), None);
        assert!(of_runs(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0]).unwrap().excludes_zero());
    }

    #[test]
    fn long_sides_are_thinned() {
        let side = Side::of(&[vec![0_u8; 9000], vec![0; 3000]], 30).unwrap();
        assert_eq!((side.phases[0].len(), side.phases[1].len(), side.block), (3000, 1000, 10));
    }

    #[test]
    fn no_case_among_few_is_no_proof_of_none() {
        let exact = Interval { low: 0.0, high: 0.0 };
        let wide = widened_by_certain_sides(exact, [(0, 30), (5, 30)]);
        assert_eq!(wide, Interval { low: -0.1, high: 0.1 });
        assert_eq!(widened_by_certain_sides(exact, [(3, 30), (5, 30)]), exact);
    }
}
