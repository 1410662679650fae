//! What changed between two figures, in words, and whether that is good for users.

use crate::session::{
    state::{LatencySummary, Quantile},
    wording,
};

/// Ratio of two waiting times up to which they count as the same; a single run cannot show a smaller change.
const REAL_CHANGE: f64 = 1.5;
/// Seconds by which two times may differ and still count as the same.
const ALIKE_S: f64 = 0.5;
/// Relative difference up to which two counts count as the same, if neither is zero.
const ALIKE: f64 = 0.2;

/// Whether a change is good for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Better,
    Worse,
    /// No more than chance explains.
    Same,
    /// Neither, or not comparable.
    None,
}

impl Judgement {
    /// Returns the text in the table.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Judgement::Better => "BETTER",
            Judgement::Worse => "WORSE",
            Judgement::Same => "SAME",
            Judgement::None => "",
        }
    }
}

/// What changed, in words, and whether that is good.
pub(super) type Change = (Judgement, String);

pub(super) fn nothing() -> Change {
    (Judgement::None, String::new())
}

/// Compares counts of which fewer is better, each with its number of requests: if those numbers differ, shares are
/// compared.
pub(super) fn fewer((before, of_before): (u64, u64), (after, of_after): (u64, u64)) -> Change {
    let share = |part: u64, of: u64| (part as f64 / of.max(1) as f64).min(1.0);
    let (was, is) = (share(before, of_before), share(after, of_after));
    if before + after == 0 {
        return nothing();
    }
    let alike = before > 0 && after > 0 && (was - is).abs() <= ALIKE * was.max(is);
    let judgement = match () {
        () if alike => Judgement::Same,
        () if is < was => Judgement::Better,
        () => Judgement::Worse,
    };
    if super::caveats::differ(of_before as f64, of_after as f64) {
        let words = format!(
            "{} before, {} now",
            wording::share(before.min(of_before), of_before),
            wording::share(after.min(of_after), of_after)
        );
        return (judgement, words);
    }
    (judgement, difference(before, after))
}

/// Compares seconds of which fewer is better.
pub(super) fn fewer_seconds(before: u32, after: u32) -> Change {
    let (before, after) = (u64::from(before), u64::from(after));
    match () {
        () if before + after == 0 => nothing(),
        () if before.abs_diff(after) <= 1 && before > 0 && after > 0 => {
            (Judgement::Same, difference(before, after))
        }
        () if after < before => (Judgement::Better, difference(before, after)),
        () => (Judgement::Worse, difference(before, after)),
    }
}

fn difference(before: u64, after: u64) -> String {
    match () {
        () if after < before => format!("{} fewer", before - after),
        () if after > before => format!("{} more", after - before),
        () => "as many".to_owned(),
    }
}

/// Compares waiting times; one that may still grow is a lower bound, which shows less of the change.
pub(super) fn waits(quantile: Quantile, before: &LatencySummary, after: &LatencySummary) -> Change {
    let (Some(was), Some(is)) = (before.at(quantile), after.at(quantile)) else { return nothing() };
    let open = (before.is_open(quantile), after.is_open(quantile));
    let ratio = |more: f64, less: f64| {
        let times = more / less.max(0.001);
        if (times - times.round()).abs() < 0.05 { format!("{times:.0}") } else { format!("{times:.1}") }
    };
    match () {
        () if is * REAL_CHANGE < was && !open.1 => {
            (Judgement::Better, format!("{} times shorter", ratio(was, is)))
        }
        () if is > was * REAL_CHANGE && !open.0 => {
            (Judgement::Worse, format!("{} times longer", ratio(is, was)))
        }
        () if open != (false, false) => (Judgement::None, "some still wait".to_owned()),
        () => (Judgement::Same, apart((is - was) / 1000.0)),
    }
}

/// Compares seconds of which fewer is better; `because` explains an increase.
pub(super) fn times(before: Option<f64>, after: Option<f64>, because: Option<String>) -> Change {
    let (Some(was), Some(is)) = (before, after) else { return nothing() };
    match () {
        () if (was - is).abs() < ALIKE_S => (Judgement::Same, apart(is - was)),
        () if is < was => (Judgement::Better, apart(is - was)),
        () => (Judgement::Worse, because.unwrap_or_else(|| apart(is - was))),
    }
}

/// `0.2 s longer`
fn apart(seconds: f64) -> String {
    match wording::seconds(seconds.abs()) {
        none if none == "0.0 s" => "no difference".to_owned(),
        some if seconds < 0.0 => format!("{some} shorter"),
        some => format!("{some} longer"),
    }
}
