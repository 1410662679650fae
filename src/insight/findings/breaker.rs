//! Findings about the cost of the breaker, and about what it did not do.

use super::{Finding, FindingTopic, Severity, measured::Measured};
use crate::session::{
    event::{BreakerState, Confidence},
    state::Outcome,
    wording,
};

/// Retries are suspected if the longest wait before the opening is at least this many times the median one, and at
/// least this many milliseconds.
const RETRIES: (f64, f64) = (1.8, 3000.0);
/// Maximum columns of the replicas' states.
const REPLICAS: usize = 60;

/// Users wait or fail before the breaker opens.
pub(super) fn price(seen: &Measured) -> Option<Finding> {
    let (harm, trip) = (seen.before_opening, seen.breaking.trip_s?);
    if harm.users() == 0 {
        return None;
    }
    let try_this = match harm.late {
        0 => "Try: fewer failures to trip, or a fallback also for calls that fail while it is closed.",
        _ => "Try: a shorter call timeout, or fewer failures to trip.",
    };
    Some(Finding {
        severity: Severity::Caution,
        text: format!("The breaker is not free: {} before it opened.", harm.words(&seen.of_endpoint())),
        advice: format!("{try_this} Seen in {} of {} requests.", harm.users(), seen.since.sent),
        evidence: vec![
            format!("the breaker opened {} after T0", wording::seconds(trip)),
            format!(
                "of the requests of that time {} failed and {} were answered late; median wait {}, longest {}",
                harm.failed,
                harm.late,
                wording::wait(harm.median_ms),
                wording::wait(harm.longest_ms)
            ),
        ],
        topic: FindingTopic::Opening,
    })
}

/// The waits of retried calls add up.
pub(super) fn retries(seen: &Measured) -> Option<Finding> {
    let harm = seen.before_opening;
    let (longest, typical) = (harm.longest_ms, harm.median_ms);
    (harm.late > 1 && longest >= RETRIES.1 && longest >= typical * RETRIES.0).then(|| Finding {
        severity: Severity::Caution,
        text: format!(
            "Before it opened, the longest wait ({}) was {:.1} times the typical one ({}): calls may be tried again.",
            wording::wait(longest),
            longest / typical.max(1.0),
            wording::wait(typical)
        ),
        advice: "Try: no retry after a timeout, since each one waits as long again.".to_owned(),
        evidence: vec![format!("{} before the breaker opened", harm.words(&seen.of_endpoint()))],
        topic: FindingTopic::Opening,
    })
}

/// Each failed trial makes users wait.
pub(super) fn trials(seen: &Measured) -> Option<Finding> {
    let trials: Vec<_> = seen.failed_trials().collect();
    let harms: Vec<_> = trials.iter().map(|(from, to)| seen.harm(*from, *to)).collect();
    let users: u64 = harms.iter().map(|user_harm| user_harm.users()).sum();
    let longest = harms.iter().map(|harm| harm.longest_ms).fold(0.0, f64::max);
    (users > 0).then(|| Finding {
        severity: Severity::Caution,
        text: format!(
            "A trial that fails costs users too: {} waited up to {} in {}.",
            seen.users(users),
            wording::wait(longest),
            wording::count(trials.len() as u64, "trial")
        ),
        advice: "Try: one trial call at a time, with a short timeout.".to_owned(),
        evidence: trials
            .iter()
            .map(|(from, to)| {
                format!("trial from {} to {}, then open again", seen.moment(*from), seen.moment(*to))
            })
            .collect(),
        topic: FindingTopic::Opening,
    })
}

/// There is a breaker, but it lets every call through.
pub(super) fn switched_off(seen: &Measured) -> Option<Finding> {
    let belief = seen.session.breaker.belief.as_ref().filter(|_| seen.fault.is_some())?;
    let does = match belief.state {
        BreakerState::Disabled => "is switched off",
        BreakerState::MetricsOnly => "only counts",
        _ => return None,
    };
    Some(Finding {
        severity: Severity::Serious,
        text: format!("The breaker {does}: nothing protects these calls."),
        advice: "Try: switch it on in the service's configuration, and run this once more.".to_owned(),
        evidence: vec![belief.because.clone()],
        topic: FindingTopic::NoBreaker,
    })
}

/// The breaker cuts calls short, but users still get errors.
pub(super) fn without_fallback(seen: &Measured) -> Option<Finding> {
    let endpoint = seen.endpoint.filter(|_| seen.since.fallback == 0 && seen.during.error > 0)?;
    let t0 = seen.session.t0()?;
    let open = |dot: &&crate::session::state::Sample| {
        let end = dot.ended();
        dot.start >= t0
            && seen
                .cycles()
                .any(|cycle| cycle.opened <= dot.start && cycle.trial.is_none_or(|trial| end < trial))
    };
    let dots: Vec<_> = endpoint.samples().filter(open).collect();
    let failed = dots.iter().filter(|dot| dot.outcome == Outcome::Error).count() as u64;
    (failed > 0).then(|| Finding {
        severity: Severity::Serious,
        text: format!(
            "The breaker cuts calls short and has no fallback: {} got an error while it was open.",
            seen.users(failed)
        ),
        advice: "Try: an answer of your own for calls that the breaker rejects.".to_owned(),
        evidence: vec![format!("{failed} of {} answers to requests of that time were errors", dots.len())],
        topic: FindingTopic::Users,
    })
}

/// An operator holds the breaker open.
pub(super) fn forced(seen: &Measured) -> Option<Finding> {
    let belief = seen.session.breaker.belief.as_ref().filter(|_| seen.fault.is_some())?;
    (belief.state == BreakerState::ForcedOpen).then(|| Finding {
        severity: Severity::Caution,
        text: "The breaker is held open by hand: no trial comes by itself.".to_owned(),
        advice: "Try: release it, and run this once more.".to_owned(),
        evidence: vec![belief.because.clone()],
        topic: FindingTopic::NoBreaker,
    })
}

/// Each replica has its own breaker, and their states differed.
pub(super) fn mixed(seen: &Measured) -> Option<Finding> {
    let t0 = seen.session.t0()?;
    let states = seen.session.breaker.states.within(t0, seen.now);
    let is_mixed = |(state, confidence): &(BreakerState, Confidence)| {
        *state == BreakerState::Mixed && *confidence != Confidence::CannotTell
    };
    states.into_iter().any(|state| is_mixed(&state)).then(|| {
        let rows = seen.session.breaker.belief.iter().flat_map(|belief| &belief.replicas);
        let rows: Vec<String> =
            rows.map(|replica| format!("{} {}", replica.name, wording::breaker(replica.state))).collect();
        let rows = rows.join(", ");
        let now = Some(rows).filter(|rows| !rows.is_empty() && rows.chars().count() <= REPLICAS);
        Finding {
            severity: Severity::Caution,
            text: "Breakers were in different states: each counts its own failures, and each lets its own users down \
                   before it opens."
                .to_owned(),
            advice: "Try: fewer failures to trip, since each one sees only its share of the calls.".to_owned(),
            evidence: now.map(|rows| format!("at the end: {rows}")).into_iter().collect(),
            topic: FindingTopic::Opening,
        }
    })
}

/// The provider was back before the first trial, so the effect of a failed trial was not observed.
pub(super) fn no_failed_trial(seen: &Measured) -> Option<Finding> {
    let (shortest, longest) = seen.breaking.reset_s?;
    (seen.breaking.trials > 0 && seen.breaking.failed_trials == 0).then(|| Finding {
        severity: Severity::Neutral,
        text: "No trial failed: the provider was back before the breaker asked.".to_owned(),
        advice: format!("Try: a fault that outlasts the open time of {}.", wording::seconds(longest)),
        evidence: vec![format!(
            "{} seen, {} to {} after the breaker had opened",
            wording::count(seen.breaking.trials.into(), "trial"),
            wording::seconds(shortest),
            wording::seconds(longest)
        )],
        topic: FindingTopic::NotExercised,
    })
}
