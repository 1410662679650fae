//! Captions: one sentence about the latest event, worded for an audience.

use super::{
    findings::{UserHarm, harm_before_opening},
    names,
    verdict::recovery_lag,
};
use crate::session::{
    event::{Belief, BreakerState, Timestamp},
    state::{CycleEnd, Endpoint, Outcome, Session},
    wording,
};

/// Time to read one caption before the next one about the same event follows.
const READING: jiff::SignedDuration = jiff::SignedDuration::from_secs(6);
/// Maximum columns of a caption.
const LONGEST: usize = 105;
/// Seconds below which users do not notice that real answers came later than the provider.
const NOTICED_S: f64 = 0.05;

type TimedCaption = (Timestamp, String);

/// Returns the latest caption up to `now`, with its time; `None` before the first event.
pub fn latest_caption(session: &Session, now: Timestamp) -> Option<TimedCaption> {
    let mut turns: Vec<TimedCaption> = Vec::new();
    if let Some(endpoint) = session.users.main() {
        turns.push((
            endpoint.since,
            "We send the same requests as the users do, and watch the answers.".to_owned(),
        ));
    }
    if let Some(fault) = &session.fault {
        let fired = |what: &str| format!("Fired: {what}. Now look at the users.");
        turns.extend(fault.fires.iter().map(|fire| (fire.at, fired(&fire.what))));
        let open = session.breaker.state() == BreakerState::Open;
        let back = if open {
            "The provider is back, and the breaker does not know yet."
        } else {
            "The provider is back, and its users are not served yet."
        };
        turns.extend(fault.healed.map(|at| (at, back.to_owned())));
        turns.extend(session.users.main().and_then(|endpoint| users_back(session, endpoint, now)));
    }
    turns.extend(breaker_turns(session, now));
    turns.extend(restarts(session));
    turns.retain(|(at, _)| *at <= now);
    // At the same time, the later caption of the list is more informative.
    turns.into_iter().max_by_key(|(at, _)| *at)
}

/// The caption for the moment when users were served again.
fn users_back(session: &Session, endpoint: &Endpoint, now: Timestamp) -> Option<TimedCaption> {
    let at = endpoint.recovered?;
    let since = endpoint.since_t0(now);
    let noticed = since.error + since.fallback + since.over_limit > 0;
    let text = match recovery_lag(session, endpoint) {
        _ if !noticed => "What we took away is back, and users did not notice.".to_owned(),
        Some((seconds, false)) if seconds >= NOTICED_S => {
            format!(
                "Users get real answers again, {} after the provider was back.",
                wording::seconds(seconds)
            )
        }
        _ => "Users get real answers again.".to_owned(),
    };
    Some((at, text))
}

/// Returns the most frequent outcome of the requests in a time span.
fn answers_became(session: &Session, since: Timestamp, until: Timestamp) -> Option<Outcome> {
    let mut counts = [0_usize; Outcome::ALL.len()];
    for dot in session.users.main()?.samples_between(since, until) {
        let place = Outcome::ALL.iter().position(|outcome| *outcome == dot.outcome);
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let most = Outcome::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    most.max_by_key(|(_, count)| *count).map(|(outcome, _)| outcome)
}

/// Captions for the breaker's transitions, worded for readers who do not know circuit breakers.
fn breaker_turns(session: &Session, now: Timestamp) -> Vec<TimedCaption> {
    let get = |since: Timestamp| match answers_became(session, since, now) {
        Some(Outcome::Fallback) => "users get the fallback at once",
        Some(Outcome::Error) => "users get an error at once",
        _ => "calls end at once",
    };
    let mut turns: Vec<TimedCaption> = Vec::new();
    let (mut again, mut failed) = (false, 0);
    for cycle in &session.breaker.cycles {
        // An opening after a failed trial has the caption of that trial.
        if !again {
            turns.push((cycle.opened, opened(session, cycle.opened, get(cycle.opened))));
        }
        let trial = "The breaker lets a few calls through, to see whether the provider is back.";
        turns.extend(cycle.trial.map(|at| (at, trial.to_owned())));
        again = matches!(cycle.ended, Some((_, CycleEnd::Failed)));
        turns.extend(cycle.ended.map(|(at, end)| match end {
            CycleEnd::Worked if cycle.trial.is_none() => {
                (at, "The breaker is closed again; its trial was not seen.".to_owned())
            }
            CycleEnd::Worked => {
                (at, "The trial worked, so the breaker closed: calls go to the provider again.".to_owned())
            }
            CycleEnd::Failed => {
                failed += 1;
                let once = match failed {
                    1 => "once, it failed, so it opened again".to_owned(),
                    times => format!("{times} times, it failed each time and opened again"),
                };
                (at, format!("The breaker tried the provider {once}: {}.", get(at)))
            }
        }));
    }
    if let Some(belief) = &session.breaker.belief {
        turns.extend(waits(session, belief));
        turns.extend(stands(session, belief, now).map(|text| (belief.since, text)));
    }
    let restarted = session.breaker.restarted;
    turns.extend(restarted.map(|at| (at, "A restart reset the breaker: it counts from nothing.".to_owned())));
    turns
}

/// The caption of an opening; for the first one since T0 with its cost to users.
fn opened(session: &Session, at: Timestamp, get: &str) -> String {
    let trip = session.breaker.measured(session.t0()).trip_s;
    let first = session.since_t0(at).zip(trip).is_some_and(|(since, trip)| (since - trip).abs() < 0.001);
    let harm = session.users.main().filter(|_| first);
    let harm = harm.map(|endpoint| harm_before_opening(session, endpoint)).unwrap_or_default();
    match harm {
        UserHarm { failed: 0, late: 0, .. } => format!("The breaker opened, it cuts calls short: {get}."),
        UserHarm { failed: 0, late, longest_ms, .. } => {
            let users = wording::count(late, "user");
            format!("The breaker opened after {users} had waited up to {}: {get}.", wording::wait(longest_ms))
        }
        harm => {
            let users = wording::count(harm.users(), "user");
            format!("The breaker opened after {users} had waited or failed: {get}.")
        }
    }
}

/// The caption on how long the breaker stays open, shown once the caption of the opening has been read.
fn waits(session: &Session, belief: &Belief) -> Vec<TimedCaption> {
    let due = belief.next_trial.filter(|_| belief.state == BreakerState::Open);
    let Some((due, since)) = due.and_then(|due| Some((due, session.since_t0(due)?))) else {
        return Vec::new();
    };
    let read_at = belief.since.checked_add(READING).unwrap_or(belief.since);
    let until = format!(
        "The breaker stays open until {}, then it tries the provider again.",
        wording::whole_second_moment(since)
    );
    // An expired countdown does not prove a trial.
    vec![(read_at, until), (due, "The breaker is open, and a trial call is due.".to_owned())]
}

/// Captions for pods that Kubernetes restarted although the fault does not target them.
fn restarts(session: &Session) -> impl Iterator<Item = TimedCaption> {
    session.bystanders().filter_map(|pod| {
        let at = pod.restarted.filter(|_| pod.restarts_since_t0() > 0)?;
        let times = match pod.restarts_since_t0() {
            1 => String::new(),
            times => format!(" for the {times}. time"),
        };
        let who = names::bystander(session, pod);
        Some((at, format!("Kubernetes restarted {who}{times}, though the fault is not about it.")))
    })
}

/// The caption of a breaker state that belongs to no opening, if it needs one.
fn stands(session: &Session, belief: &Belief, now: Timestamp) -> Option<String> {
    let text = match belief.state {
        BreakerState::NoBreakerSeen => return Some(nobody_protects(session, belief, now)),
        BreakerState::Disabled => "The breaker is switched off: nothing protects these calls.",
        BreakerState::MetricsOnly => "The breaker only counts: nothing protects these calls.",
        BreakerState::ForcedOpen => "The breaker is held open by hand: no call goes through.",
        BreakerState::Mixed => return Some(mixed(belief)),
        BreakerState::FallbackAtOnce => "Users get a fallback at once: by a breaker, or without one.",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The caption for calls that no breaker cuts short.
fn nobody_protects(session: &Session, belief: &Belief, now: Timestamp) -> String {
    let dead = if session.fault_had_effect() == Some(true) { "dead provider" } else { "provider" };
    match answers_became(session, belief.since, now) {
        Some(Outcome::Error) => {
            format!("Nobody protects the users: each of them asks the {dead} and gets an error.")
        }
        _ => format!("Nobody protects the users: each of them asks the {dead} and waits."),
    }
}

/// The caption with the state of each replica, if a line has room for it.
fn mixed(belief: &Belief) -> String {
    let rows: Vec<String> = belief
        .replicas
        .iter()
        .map(|replica| format!("{} {}", replica.name, wording::breaker(replica.state)))
        .collect();
    let named = format!("Replicas differ: {}.", rows.join(", "));
    let fits = !rows.is_empty() && named.chars().count() <= LONGEST;
    if fits { named } else { "Replicas differ: their breakers are in different states.".to_owned() }
}

#[cfg(test)]
#[path = "captions_tests.rs"]
mod tests;
