//! What should be known of two runs: each finding with its arithmetic and a way out.

use super::Side;
use crate::{
    insight::Standing,
    session::{
        event::{BreakerState, RunStatus},
        state::Quantile,
        wording,
    },
};

/// Ratio of the longest waits from which on retries are suspected.
const LONGER: f64 = 1.3;

/// Something that should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub text: String,
    pub remedy: String,
    pub evidence: String,
    pub(super) about: About,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Fault,
    Retries,
    Trip,
    Liveness,
    File,
}

pub(super) fn of(before: &Side, after: &Side) -> Vec<Finding> {
    let sides = [before, after];
    let mut findings: Vec<Finding> = sides.into_iter().filter_map(without_effect).collect();
    findings.extend(sides.into_iter().filter_map(switched_off));
    findings.extend(retries(before, after).or_else(|| slow_trip(after)));
    findings.extend(sides.into_iter().rev().find_map(liveness));
    findings.extend(sides.into_iter().find_map(blind_file));
    findings
}

fn without_effect(side: &Side) -> Option<Finding> {
    (side.fault_had_effect == Some(false)).then(|| Finding {
        text: format!("{}: the fault was fired, but nothing of what it hit ever went away.", side.name),
        remedy: "Check the selector of the action before you believe any other figure.".to_owned(),
        evidence: "no pod, Service or workload of the target changed after T0".to_owned(),
        about: About::Fault,
    })
}

/// A breaker that is there and does nothing.
fn switched_off(side: &Side) -> Option<Finding> {
    let (state, evidence) = side.figures.switched_off.as_ref()?;
    let does = if *state == BreakerState::Disabled { "is switched off" } else { "only counts" };
    Some(Finding {
        text: format!("{}: the breaker {does}: nothing protects these calls.", side.name),
        remedy: "Switch it on in the service's configuration, and run this once more.".to_owned(),
        evidence: evidence.clone(),
        about: About::Trip,
    })
}

/// Calls are tried again before the breaker opens: the first users wait longest.
fn retries(before: &Side, after: &Side) -> Option<Finding> {
    let (longest_before, longest_after) = (before.figures.users.all.max?, after.figures.users.all.max?);
    // Who still waits there may wait longer than everybody here.
    if before.figures.users.all.is_open(Quantile::Max) {
        return None;
    }
    let (harmed, trip) = (after.figures.harmed_before_trip, after.figures.trip_s?);
    (longest_after > longest_before * LONGER && harmed > 0).then(|| Finding {
        text: format!(
            "Waiting got longer before the breaker helped: the longest wait grew from {} to {}.",
            wording::wait(longest_before),
            wording::wait(longest_after)
        ),
        remedy:
            "Retries that wait for a timeout add up. Try: no retry on a timeout, or a shorter call timeout."
                .to_owned(),
        evidence: format!("seen in {}, T0 to {}", wording::count(harmed, "request"), wording::moment(trip)),
        about: About::Retries,
    })
}

fn slow_trip(after: &Side) -> Option<Finding> {
    let (harmed, trip) = (after.figures.harmed_before_trip, after.figures.trip_s?);
    (harmed > 0).then(|| Finding {
        text: format!(
            "The breaker is not free: {} let down in the {} before it opened.",
            if harmed == 1 { "1 user was".to_owned() } else { format!("{harmed} users were") },
            wording::seconds(trip)
        ),
        remedy: "Try: a shorter call timeout, or fewer failures to trip.".to_owned(),
        evidence: format!("seen in {}, T0 to {}", wording::count(harmed, "request"), wording::moment(trip)),
        about: About::Trip,
    })
}

fn liveness(side: &Side) -> Option<Finding> {
    let figures = &side.figures;
    let (text, evidence) = match (figures.restarts, figures.misses) {
        (0, None) => return None,
        (0, Some((worst, threshold))) => (
            format!(
                "{}: the consumer failed liveness probes while it was healthy. Had it gone on, Kubernetes would have \
                 restarted it.",
                side.name
            ),
            format!("seen {worst} of {threshold} misses in a row"),
        ),
        (restarts, _) => (
            format!(
                "{}: Kubernetes restarted the consumer {}, though the fault was not about it.",
                side.name,
                wording::count(restarts.into(), "time")
            ),
            format!("restart count rose by {restarts} since T0"),
        ),
    };
    let remedy =
        "An open breaker is no illness: let liveness ask a page that does not depend on others.".to_owned();
    Some(Finding { text, remedy, evidence, about: About::Liveness })
}

/// The journal says all is well though users were let down.
fn blind_file(side: &Side) -> Option<Finding> {
    let well = side.figures.journal == Some((RunStatus::Completed, false));
    (well && side.conclusion.standing == Standing::NotResilient).then(|| Finding {
        text: format!("The file cannot fail: `chaos run` on {} ends completed, exit 0.", side.name),
        remedy: "Ask the consumer in the hypothesis, with a tolerance: one on a method probe has no effect."
            .to_owned(),
        evidence: side.conclusion.because().clone(),
        about: About::File,
    })
}
