//! What a session like this cannot show.

use crate::{
    insight::{RunVerdict, verdict::conclusion},
    session::{
        event::{Gap, SourceKind, Timestamp},
        state::Session,
        wording,
    },
};

/// Returns what was not observed, one line each, the most general first.
pub fn not_seen(session: &Session, now: Timestamp) -> Vec<String> {
    let mut unseen = vec![real_users(session)];
    if !session.users.endpoints.is_empty() {
        unseen.push("calls between consumer and provider: only what users got of them".to_owned());
    }
    unseen.extend(target(session));
    unseen.extend(breaker(session));
    unseen.extend(
        session.users.endpoints.iter().filter_map(|endpoint| endpoint.shape.as_ref()?.unseen.clone()),
    );
    unseen.extend(gaps(session));
    unseen.extend(the_return(session, now));
    unseen
}

/// The real users, since only our own probe sent requests.
fn real_users(session: &Session) -> String {
    let Some(endpoint) = session.users.main() else {
        return "users: no requests were sent".to_owned();
    };
    let rate = match endpoint.rate {
        1.0 => "1 request a second".to_owned(),
        rate => format!("{rate} requests a second"),
    };
    match session.users.endpoints.len() {
        1 => format!("the real crowd: users are our own probe, {rate}"),
        several => format!("the real crowd: users are our own probes of {several} endpoints, {rate} each"),
    }
}

/// The targets of the fault, if no watch observed them.
fn target(session: &Session) -> Option<String> {
    let unwatched = session.fault.is_some() && session.fault_had_effect().is_none();
    unwatched.then(|| "the targets of the fault: they were not watched".to_owned())
}

/// The breaker, if only answers and a health page give evidence of its state.
fn breaker(session: &Session) -> Option<String> {
    let direct = session.breaker.reports.iter().any(|statement| {
        matches!(
            statement.report.witness,
            SourceKind::Actuator | SourceKind::Hystrix | SourceKind::Metrics | SourceKind::Mesh
        ) && !matches!(statement.report.says, crate::session::event::SourceClaim::Nothing)
    });
    let looked = session.breaker.belief.is_some() && !direct;
    looked.then(|| "the breaker itself: no page reports one, its state is derived from answers".to_owned())
}

/// Observation gaps, one line for each cause.
fn gaps(session: &Session) -> impl Iterator<Item = String> {
    [true, false].into_iter().filter_map(|total| {
        let gaps: Vec<&Gap> = session.gaps.iter().filter(|gap| gap.is_total() == total).collect();
        let seconds: f64 = gaps.iter().map(|gap| gap.seconds()).sum();
        let times = if gaps.len() == 1 { String::new() } else { format!(", in {} gaps", gaps.len()) };
        let cause = wording::gap_cause(gaps.first()?);
        Some(format!("{}{times}: {cause}", wording::seconds(seconds)))
    })
}

/// The recovery, if it was not observed.
fn the_return(session: &Session, now: Timestamp) -> Option<String> {
    let fault = session.fault.as_ref()?;
    let standing = conclusion(session, now).verdict;
    let judged = !matches!(standing, RunVerdict::FaultNeverHappened | RunVerdict::FaultNotConfirmed);
    let unlearned = session.users.main().is_some_and(|endpoint| endpoint.shape.is_none());
    match session.users.main().map(|endpoint| endpoint.recovered) {
        _ if !judged => None,
        // That the targets were not watched is said already; whether they came back is then not known.
        _ if fault.is_on() && session.fault_had_effect().is_none() => None,
        _ if fault.is_on() => {
            Some("the way back: what the fault took away was not back at the end".to_owned())
        }
        Some(None) if unlearned => {
            Some("the recovery: it was not learned what a real answer looks like".to_owned())
        }
        Some(None) => Some("the recovery: no real answer came before the end".to_owned()),
        _ => None,
    }
}

/// Returns what no watch looked at in this session, one line each: users, pods, the breaker.
pub fn not_watched(session: &Session) -> Vec<String> {
    let mut unwatched = Vec::new();
    if !session.users.watching() {
        unwatched.push("users were not watched: no requests were sent".to_owned());
    }
    if session.cluster.in_play.is_empty() && session.cluster.workloads.is_empty() {
        unwatched.push("pods were not watched".to_owned());
    }
    if session.breaker.belief.is_none() {
        unwatched.push("the circuit breaker was not watched".to_owned());
    }
    unwatched
}
