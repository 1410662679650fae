//! Statistical comparison of two shares of answers: before the fault and during it.
//!
//! Every service of some size has a background of errors, so a share during the fault is meaningful only in comparison
//! with the share before it. The rules:
//!
//! - **Worse** - such a difference occurs by chance in at most one of a hundred runs; in one of twenty if there was
//!   nothing bad before. One of two tests suffices: Fisher's exact test (one-sided) of the two shares, which needs no
//!   minimum number of answers; or the longest streak of bad answers, since an outage is a streak and a background is
//!   not. For the streak, the background is taken as the highest share consistent with the answers before (about 95 %
//!   confidence).
//! - **Same** - not worse, at least twenty answers on both sides, and the share has at most doubled.
//! - **Cannot tell** - neither of the two: too few answers.

use crate::session::wording;

/// Minimum answers on each side for two shares to be called the same.
const ENOUGH: u64 = 20;
/// Significance level of a difference, if there was something bad before.
const BY_CHANCE: f64 = 0.01;
/// Significance level of a difference, if there was nothing bad before.
const BY_CHANCE_FROM_NOTHING: f64 = 0.05;
/// Answers above which a side is scaled down to a smaller sample of the same share, since the sums of logarithms get
/// long.
const MOST: u64 = 20_000;

/// A part of a whole, as counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) of: u64,
}

/// How a share changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShareChange {
    /// There is nothing bad during the fault.
    None,
    /// By more than chance explains.
    Worse,
    Same,
    /// Too few answers to decide.
    CannotTell,
}

impl Share {
    /// Returns the share in percent; 0 % means none at all, and 100 % all.
    pub(super) fn percent(self) -> String {
        wording::share(self.part, self.of)
    }

    /// Returns the highest share consistent with the counts (about 95 % confidence): up to three hits are missed when
    /// none was seen.
    fn at_most(self) -> f64 {
        let part = self.part as f64;
        ((part + 2.0 * part.sqrt() + 3.0) / self.of.max(1) as f64).min(1.0)
    }

    fn value(self) -> f64 {
        self.part as f64 / self.of.max(1) as f64
    }

    fn sampled(self) -> Self {
        match self.of {
            of if of > MOST => {
                Self { part: (self.part as f64 * MOST as f64 / of as f64).round() as u64, of: MOST }
            }
            _ => self,
        }
    }
}

/// Compares the share of bad answers before the fault with the share during it; `row` is the longest streak of bad
/// answers during the fault.
pub(super) fn compare(before: Share, under: Share, row: u32) -> ShareChange {
    if under.part == 0 {
        return ShareChange::None;
    }
    let chance = if before.part == 0 { BY_CHANCE_FROM_NOTHING } else { BY_CHANCE };
    if fisher_p_value(before, under) < chance || streak_p_value(before, under, row) < chance {
        return ShareChange::Worse;
    }
    let few = before.of.min(under.of) < ENOUGH || before.part == 0;
    if few || under.value() > before.value() * 2.0 { ShareChange::CannotTell } else { ShareChange::Same }
}

/// Fisher's exact test: the probability of at least as many bad answers during the fault if both shares were equal.
fn fisher_p_value(before: Share, under: Share) -> f64 {
    let (before, under) = (before.sampled(), under.sampled());
    if before.of == 0 || under.value() <= before.value() {
        return 1.0;
    }
    let bad = before.part + under.part;
    let whole = log_choose(before.of + under.of, bad);
    let term = |part: u64| (log_choose(under.of, part) + log_choose(before.of, bad - part) - whole).exp();
    // As many as in the sample at least, so no more than all of the others are left for the time before.
    let most = bad.min(under.of);
    (under.part..=most).map(term).sum::<f64>().min(1.0)
}

/// Returns an upper bound of the probability of a streak of `row` bad answers during the fault.
fn streak_p_value(before: Share, under: Share, row: u32) -> f64 {
    if before.of == 0 || under.value() <= before.value() {
        return 1.0;
    }
    (before.at_most().powf(row.into()) * under.of as f64).min(1.0)
}

/// Whether `part` or more bad answers out of `of` are plausible at the highest share consistent with the answers
/// before.
pub(super) fn is_usual(before: Share, part: u64, of: u64) -> bool {
    let share = before.at_most();
    let term =
        |k: u64| (log_choose(of, k) + k as f64 * share.ln() + (of - k) as f64 * (1.0 - share).ln()).exp();
    share >= 1.0 || (part..=of).map(term).sum::<f64>() >= BY_CHANCE
}

/// The logarithm of the number of ways to choose `part` of `of`.
fn log_choose(of: u64, part: u64) -> f64 {
    if part > of {
        return f64::NEG_INFINITY;
    }
    log_factorial(of) - log_factorial(part) - log_factorial(of - part)
}

/// The logarithm of a factorial by Stirling's series, accurate to at least ten digits.
fn log_factorial(n: u64) -> f64 {
    if n < 2 {
        return 0.0;
    }
    // The series is accurate from about ten on; smaller arguments are raised to ten by the recurrence.
    let x = (n + 1) as f64;
    let (steps, x) =
        if x < 10.0 { ((n + 1..10).map(|k| (k as f64).ln()).sum::<f64>(), 10.0) } else { (0.0, x) };
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(part: u64, of: u64) -> Share {
        Share { part, of }
    }

    #[test]
    fn factorials_are_right() {
        let mut sum = 0.0;
        for n in 1..200_u64 {
            sum += (n as f64).ln();
            assert!((log_factorial(n) - sum).abs() < 1e-8, "{n}: {} {sum}", log_factorial(n));
        }
    }

    #[test]
    fn fishers_test_is_that_of_the_books() {
        // The lady tasting tea: 3 of 4 right against 1 of 4.
        assert!((fisher_p_value(share(1, 4), share(3, 4)) - 17.0 / 70.0).abs() < 1e-9);
        assert!((fisher_p_value(share(0, 3), share(24, 24)) - 1.0 / 2925.0).abs() < 1e-9);
        assert_eq!(fisher_p_value(share(5, 10), share(3, 10)), 1.0, "it is better now");
    }

    #[test]
    fn a_background_is_not_blamed_on_the_fault() {
        use ShareChange::{CannotTell, None, Same, Worse};
        for (name, before, under, row, wanted) in [
            ("no error", (0, 88), (0, 96), 0, None),
            ("no error any more", (9, 88), (0, 96), 0, None),
            ("5% and 5%", (4, 88), (5, 96), 1, Same),
            ("10% and 10%", (9, 88), (10, 96), 2, Same),
            ("4% and 6%", (2, 55), (3, 50), 1, Same),
            ("5% and 8%, a row of two", (4, 88), (8, 96), 2, Same),
            ("fewer than before", (9, 88), (3, 96), 1, Same),
            ("thrice as many of few", (1, 30), (3, 30), 1, CannotTell),
            ("too few before", (1, 5), (1, 40), 1, CannotTell),
            ("one from nothing", (0, 40), (1, 40), 1, CannotTell),
            ("nothing before at all", (0, 0), (24, 24), 24, CannotTell),
            ("all of them", (0, 40), (60, 70), 60, Worse),
            ("all of them, few before", (0, 5), (24, 24), 24, Worse),
            ("one in twenty from nothing", (0, 88), (6, 96), 1, Worse),
            ("a short outage", (0, 88), (4, 96), 4, Worse),
            ("half of them on a background", (4, 88), (48, 96), 4, Worse),
            ("an outage on a background", (4, 88), (12, 96), 8, Worse),
            ("as many as before, in one streak", (10, 100), (10, 100), 10, Same),
            ("twice as many", (5, 100), (10, 100), 1, Same),
            ("more than twice as many", (5, 100), (11, 100), 1, CannotTell),
            ("just enough before and during", (2, 20), (2, 20), 1, Same),
            ("one too few before", (2, 19), (2, 20), 1, CannotTell),
            ("one too few during", (2, 20), (2, 19), 1, CannotTell),
        ] {
            assert_eq!(compare(share(before.0, before.1), share(under.0, under.1), row), wanted, "{name}");
        }
    }

    #[test]
    fn a_few_errors_lately_are_usual_on_a_background_only() {
        assert!(is_usual(share(4, 88), 1, 12) && is_usual(share(4, 88), 2, 12));
        assert!(!is_usual(share(4, 88), 8, 12));
        assert!(!is_usual(share(1, 400), 4, 12));
        // The binomial distribution at the highest share that 9 of 100 may stand for, 18 %: 1.77 % and 0.49 %.
        assert!(is_usual(share(9, 100), 8, 20) && !is_usual(share(9, 100), 9, 20));
        // At 11/88, of 20 answers: 3.1 % and 0.84 %.
        assert!(is_usual(share(4, 88), 6, 20) && !is_usual(share(4, 88), 7, 20));
        assert!(is_usual(share(100, 100), 12, 12), "all of them, as before");
    }

    #[test]
    fn a_share_may_stand_for_a_higher_one() {
        for (part, of, wanted) in
            [(0, 100, 0.03), (9, 100, 0.18), (25, 100, 0.38), (100, 100, 1.0), (0, 2, 1.0)]
        {
            assert!((share(part, of).at_most() - wanted).abs() < 1e-9, "{part} of {of}");
        }
    }

    #[test]
    fn a_long_session_is_compared_by_a_sample_of_the_same_share() {
        assert_eq!(share(50_000, 1_000_000).sampled(), share(1000, 20_000));
        assert_eq!(share(2, 40_000).sampled(), share(1, 20_000));
        for small in [share(0, 0), share(7, 20_000)] {
            assert_eq!(small.sampled(), small);
        }
    }

    #[test]
    fn long_sessions_are_compared_as_well() {
        let before = share(50_000, 1_000_000);
        assert_eq!(compare(before, share(50_100, 1_000_000), 4), ShareChange::Same);
        assert_eq!(compare(before, share(100_000, 1_000_000), 5), ShareChange::Worse);
    }
}
