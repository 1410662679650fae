//! Warnings about users whose state differs from the cluster's, and about probes that cannot tell the users' state.

use super::{Urgency, Warning};
use crate::{
    insight::{
        names,
        verdict::{UserVerdict, UserWord},
    },
    session::{
        clock::shifted,
        event::Timestamp,
        state::{Outcome, PodRow, Session, StepState},
        wording,
    },
};

/// At least four fifths of the allowed bad seconds are used up.
pub(super) fn budget(verdict: &UserVerdict) -> Option<Warning> {
    let (bad, budget) = verdict.bad?;
    (u64::from(bad) * 5 >= u64::from(budget) * 4).then(|| {
        let text = format!("{bad} bad seconds of {budget} allowed: time to abort");
        Warning::new(Urgency::Warn, text.clone(), text)
    })
}

/// Requests that could not be sent.
pub(super) fn unsent_requests(session: &Session, now: Timestamp) -> Option<Warning> {
    let endpoints = session.users.endpoints.iter();
    let withheld: u64 =
        endpoints.map(|endpoint| endpoint.since_t0(now).withheld + endpoint.baseline(now).withheld).sum();
    let requests = wording::count(withheld, "request");
    (withheld > 0).then(|| {
        Warning::new(
            Urgency::Watch,
            format!(
                "{requests} could not be sent, since too many users wait already; their seconds are bad ones"
            ),
            format!("{requests} not sent: too many users wait already"),
        )
    })
}

/// A fire before the look of a real answer is learned leaves the run without a verdict.
pub(super) fn not_learned(session: &Session) -> Option<Warning> {
    let awaited = session.steps.current().filter(|row| matches!(row.state, StepState::Awaited { .. }));
    if session.fault.is_some() || !awaited.is_some_and(|row| row.step.destructive) {
        return None;
    }
    not_ready_to_fire(session).map(|why| {
        let text = format!("{why}: fired now, the run's verdict would be NOT OBSERVABLE");
        let brief =
            if session.users.has_unlearned_endpoint() { "what is real is not learned yet" } else { &why };
        Warning::new(Urgency::Watch, text, format!("{brief}: no verdict if fired now"))
    })
}

/// Returns why a fire now would leave the run without a verdict, in a few words; `None` if it would not, or in a
/// passive session.
pub fn not_ready_to_fire(session: &Session) -> Option<String> {
    if session.users.passive {
        return None;
    }
    if session.users.has_unlearned_endpoint() {
        return Some("what a real answer looks like is not learned yet".to_owned());
    }
    let watched = session.users.endpoints.iter().any(|endpoint| endpoint.watched);
    (!watched).then(|| "users are not watched yet".to_owned())
}

/// Users are let down although Kubernetes reports the pods as healthy.
pub(super) fn healthy_but_failing(
    session: &Session,
    verdict: &UserVerdict,
    now: Timestamp,
) -> Option<Warning> {
    session.fault.as_ref().filter(|fault| fault.is_on())?;
    let got = match verdict.word {
        UserWord::Failing => "errors",
        UserWord::Waiting => "nothing",
        _ => return None,
    };
    let pods: Vec<&PodRow> = session.bystanders().collect();
    let well = |pod: &&PodRow| pod.ready_since.is_some() && pod.misses_now(now).is_none();
    if pods.is_empty() || !pods.iter().all(well) {
        return None;
    }
    // Users who receive some answers do not get "nothing".
    let served = session.users.endpoints.iter().any(|endpoint| {
        let since = endpoint.since_t0(now);
        got == "nothing" && since.real + since.fallback + since.unjudged > 0
    });
    if served {
        return None;
    }
    let ready = match pods.as_slice() {
        [pod] => format!("{}/{} ready", pod.ready().0, pod.ready().1),
        pods => format!("{0} of {0} pods ready", pods.len()),
    };
    let health = match session.breaker.health_failing.last() {
        Some((_, true)) => return None,
        Some((_, false)) => {
            let status = session.breaker.health_status.last().and_then(|(_, status)| status);
            let status = status.map_or_else(|| "well".to_owned(), |status| status.to_string());
            format!(", {} {status}", names::health_page(session))
        }
        None => String::new(),
    };
    let who = pods.first().map_or_else(|| "the consumer".to_owned(), |pod| names::bystander(session, pod));
    let who = if pods.len() == 1 { who } else { "the consumer".to_owned() };
    Some(Warning::new(
        Urgency::Watch,
        format!("Kubernetes calls {who} healthy ({ready}{health}), its users get {got}"),
        format!("Kubernetes calls {who} healthy, its users get {got}"),
    ))
}

/// The health page failed and is well again, but no user has received a real answer since.
pub(super) fn health_recovered_alone(session: &Session) -> Option<Warning> {
    let t0 = session.t0()?;
    let (since, false) = session.breaker.health_failing.last()? else { return None };
    let mut changes = session.breaker.health_failing.changes().rev();
    let failed = changes.find(|(at, failing)| *failing && *at >= t0).map(|(at, _)| at)?;
    // A real answer since the page failed shows that users are served.
    let mut since_then = session.users.main()?.samples().rev().take_while(|dot| dot.ended() >= failed);
    if session.finished() || since_then.any(|dot| dot.outcome == Outcome::Real) {
        return None;
    }
    let page = names::health_page(session);
    let turned = match (
        session.breaker.health_status.at(shifted(since, -BEFORE_S)),
        session.breaker.health_status.at(since),
    ) {
        (Some(Some(from)), Some(Some(to))) => format!("{page} went {from} to {to}"),
        _ => format!("{page} failed and is well again"),
    };
    Some(Warning::new(
        Urgency::Note,
        format!("{turned} while no user has a real answer: a health check alone would say \"recovered\""),
        format!("{turned}, but no user has a real answer yet"),
    ))
}

/// Offset to the moment just before a change.
const BEFORE_S: f64 = 0.001;
