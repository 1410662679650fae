//! What two runs cannot tell.

use super::Side;
use crate::session::wording;

/// Share by which two durations or rates may differ and still count as the same.
const ALIKE: f64 = 0.2;

pub(super) fn of(before: &Side, after: &Side) -> Vec<String> {
    let (b, a) = (&before.figures, &after.figures);
    let fewest = b.users.sent.min(a.users.sent);
    let mut caveats = vec![format!(
        "sample size: 1 run each, {} requests. Good enough to show, not to promise.",
        if b.users.sent == a.users.sent {
            fewest.to_string()
        } else {
            format!("{} and {}", b.users.sent, a.users.sent)
        }
    )];
    if fewest < 20 {
        caveats.push("Fewer than 20 requests on one side: percentiles are single users here.".to_owned());
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
                "{}: nobody watched what the fault hit; whether it happened is not known.",
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
        if side.figures.users.withheld > 0 {
            let withheld = wording::count(side.figures.users.withheld, "request");
            caveats.push(format!("{}: {withheld} could not be sent, so many users waited.", side.name));
        }
        if side.figures.users.waiting > 0 {
            let waiting = wording::count(side.figures.users.waiting, "request");
            caveats.push(format!("{}: {waiting} had no answer when the session ended.", side.name));
        }
    }
    caveats.push(
        "As seen by our probe, which also tripped and tried the breaker; not by the real crowd.".to_owned(),
    );
    caveats
}

fn differ(one: f64, other: f64) -> bool {
    (one - other).abs() > ALIKE * one.max(other)
}
