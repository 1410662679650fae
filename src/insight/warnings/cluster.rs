//! Warnings about what Kubernetes does, or is about to do, besides the fault.

use super::{Urgency, Warning};
use crate::{
    insight::{names, restart},
    session::{
        event::{BreakerState, SourceState, Timestamp},
        state::{PodRow, Session},
        wording,
    },
};

/// Seconds after the fire after which a fault without effect is reported.
const NO_EFFECT_S: f64 = 15.0;
/// Seconds without an answer after which a polled source counts as stale.
const STALE_S: f64 = 3.0;

/// Kubernetes is about to restart a container that the fault does not target.
pub(super) fn restart_ahead(session: &Session, now: Timestamp) -> Option<Warning> {
    // After the session has finished the operator cannot prevent it.
    let pods = session.bystanders().filter(|_| !session.finished());
    let dues = pods.filter_map(|pod| Some((restart::restart_due_of_pod(session, pod, now)?, pod)));
    let (due, pod) = dues.min_by_key(|(due, _)| due.at)?;
    let when = match session.since_t0(due.at) {
        Some(since) => format!("at {}", wording::whole_second_moment(since)),
        None => format!("in {:.0} s", due.at.duration_since(now).as_secs_f64()),
    };
    let who = names::bystander(session, pod);
    let whom = who.trim_start_matches("the ");
    let liveness = pod.pod.liveness.as_ref();
    let path = liveness.and_then(|liveness| liveness.path.as_deref()).unwrap_or("its liveness probe");
    let (misses, threshold) = (due.misses, due.threshold);
    if session.breaker.state() == BreakerState::Open {
        return Some(Warning::new(
            Urgency::Warn,
            format!("An open breaker fails {path}: Kubernetes restarts {who} {when} if it stays open"),
            format!("open breaker fails {path}: {whom} is restarted {when}"),
        ));
    }
    let missed = match misses {
        0 => format!("{path} fails"),
        misses => format!("{who} missed {misses} of {threshold} liveness checks"),
    };
    Some(Warning::new(
        Urgency::Warn,
        format!("{}: Kubernetes restarts {who} {when} if that goes on", capital(&missed)),
        format!("{}: restarted {when} if that goes on", missed.trim_start_matches("the ")),
    ))
}

/// Kubernetes restarted a container that the fault does not target.
pub(super) fn restarted(session: &Session, pod: &PodRow) -> Option<Warning> {
    let again = pod.restarts_since_t0();
    let times = wording::count(again.into(), "time");
    let who = names::bystander(session, pod);
    (again > 0).then(|| {
        Warning::new(
            Urgency::Warn,
            format!("Kubernetes restarted {who} {times} since T0, though the fault does not target it"),
            format!("Kubernetes restarted {who} {times} since T0"),
        )
    })
}

/// A step was fired, but no effect was observed.
pub(super) fn without_effect(session: &Session, now: Timestamp) -> Option<Warning> {
    let fault = session.fault.as_ref()?;
    let since = now.duration_since(fault.t0()).as_secs_f64();
    (since > NO_EFFECT_S && session.fault_had_effect() == Some(false)).then(|| {
        Warning::new(
            Urgency::Watch,
            "It was fired, but nothing of what it hit went away: the fault may never have happened",
            "fired, but nothing that it hit went away: was there a fault?",
        )
    })
}

/// Sources of observations that gave no data for a while, because they are silent or refuse.
pub(super) fn silent_sources(session: &Session, now: Timestamp) -> impl Iterator<Item = Warning> {
    session.cluster.sources.iter().filter_map(move |row| {
        let SourceState::Reconnecting { reason } = &row.state else { return None };
        let silent = now.duration_since(row.since).as_secs_f64();
        let text = format!(
            "{} gave no data for {}: {reason}",
            wording::source(row.source),
            wording::seconds(silent)
        );
        (silent > STALE_S).then(|| Warning::new(Urgency::Watch, capital(&text), text))
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first =
        letters.next().filter(|_| !text.starts_with('/')).map(|first| first.to_uppercase().to_string());
    match first {
        Some(first) => first + letters.as_str(),
        None => text.to_owned(),
    }
}
