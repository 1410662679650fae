//! What the comparison of two runs cannot show.

use super::Side;
use crate::session::wording;

/// Relative difference up to which two durations or rates count as the same.
const ALIKE: f64 = 0.2;

pub(super) fn of(before: &Side, after: &Side) -> Vec<String> {
    let (b, a) = (&before.figures, &after.figures);
    let (fewest, requests) = match (b.since.sent, a.since.sent) {
        (before, after) if before == after => (before, wording::count(before, "request")),
        (before, after) => (before.min(after), format!("{before} and {after} requests")),
    };
    let mut caveats = vec![format!(
        "1 run each, {requests}: enough to show, not to promise. Seen by our probe, not by the real crowd"
    )];
    if fewest < 20 {
        caveats.push("Fewer than 20 requests on one side: each is a large share of all.".to_owned());
    }
    if differ(b.fault_s, a.fault_s) {
        caveats.push(format!(
            "The fault lasted {} and {}: compare shares, not counts.",
            wording::seconds(b.fault_s),
            wording::seconds(a.fault_s)
        ));
    }
    if differ(b.rate, a.rate) {
        caveats.push(format!(
            "The load was {} and {} requests a second: compare shares, not counts.",
            b.rate, a.rate
        ));
    }
    for side in [before, after] {
        if side.fault_had_effect.is_none() && side.figures.fault_s > 0.0 {
            caveats.push(format!(
                "{}: the fault's targets were not watched; whether it happened is not known.",
                side.name
            ));
        }
        if side.figures.unseen_s > 0.0 {
            let unseen = wording::seconds(side.figures.unseen_s);
            caveats.push(format!(
                "{}: {unseen} of the fault were not observed: this program did not run.",
                side.name
            ));
        }
        if side.figures.since.withheld > 0 {
            let withheld = wording::count(side.figures.since.withheld, "request");
            caveats.push(format!("{}: {withheld} could not be sent, so many users waited.", side.name));
        }
        if side.figures.since.waiting > 0 {
            let waiting = wording::count(side.figures.since.waiting, "request");
            caveats.push(format!("{}: {waiting} had no answer when the session ended.", side.name));
        }
    }
    caveats.push("Our probe was part of the load: it tripped and tried the breaker as well.".to_owned());
    caveats
}

/// Whether two figures differ by more than what counts as the same.
pub(super) fn differ(one: f64, other: f64) -> bool {
    (one - other).abs() > ALIKE * one.max(other)
}
