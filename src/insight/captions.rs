//! One line for the audience on what happened last: what a presenter would say.

use crate::session::{
    event::{Belief, BreakerState, Timestamp},
    state::{CycleEnd, Session},
    wording,
};

/// How long one sentence stands before the next one about the same.
const READING: jiff::SignedDuration = jiff::SignedDuration::from_secs(4);
/// Characters of a line.
const LONGEST: usize = 71;

/// The latest turn of the story up to now, with its moment; `None` before there was any.
pub fn told_so_far(session: &Session, now: Timestamp) -> Option<(Timestamp, String)> {
    let mut turns = Vec::new();
    if let Some(endpoint) = session.users.main() {
        turns.push((
            endpoint.since,
            "We ask the service as its users do, and learn what they get.".to_owned(),
        ));
    }
    if let Some(fault) = &session.fault {
        turns.extend(
            fault.fires.iter().map(|fire| (fire.at, format!("Fired: {}. Now look at the users.", fire.what))),
        );
        turns.extend(fault.healed.map(|at| (at, "What we took away is back. Are its users?".to_owned())));
        if let Some(at) = session.users.main().and_then(|endpoint| endpoint.recovered) {
            turns.push((at, "Users get real answers again.".to_owned()));
        }
    }
    turns.extend(breaker_turns(session));
    turns.extend(restarts(session));
    turns.retain(|(at, _)| *at <= now);
    // Of two in the same moment the later one tells more.
    turns.into_iter().max_by_key(|(at, _)| *at)
}

/// The breaker's turns, in words that need no knowledge of breakers.
fn breaker_turns(session: &Session) -> Vec<(Timestamp, String)> {
    let since = |at| session.since_t0(at).map_or_else(String::new, |s| format!(" at {}", wording::moment(s)));
    let mut turns: Vec<(Timestamp, String)> = Vec::new();
    let mut again = false;
    for cycle in &session.breaker.cycles {
        // An opening that ends a trial is told with it.
        if !again {
            let opened =
                format!("OPEN{}: the breaker cuts calls short, they end at once.", since(cycle.opened));
            turns.push((cycle.opened, opened));
        }
        turns.extend(
            cycle.trial.map(|at| (at, "HALF-OPEN: the breaker lets a few trial calls through.".to_owned())),
        );
        again = matches!(cycle.ended, Some((_, CycleEnd::Failed)));
        turns.extend(cycle.ended.map(|(at, end)| match end {
            CycleEnd::Worked if cycle.trial.is_none() => {
                (at, "CLOSED again: its trial was not seen.".to_owned())
            }
            CycleEnd::Worked => (at, "CLOSED: the trial calls worked, all calls go through.".to_owned()),
            CycleEnd::Failed => {
                let briefly = cycle.trial.is_some_and(|trial| at.duration_since(trial).as_secs_f64() < 1.0);
                let was = if briefly { "HALF-OPEN for a moment: the" } else { "The" };
                (at, format!("{was} trial failed, the breaker is OPEN again."))
            }
        }));
    }
    if let Some(belief) = &session.breaker.belief
        && belief.state == BreakerState::Open
        && let Some(due) = belief.next_trial.and_then(|due| session.since_t0(due))
    {
        // Once what led there has been read.
        let told = belief.since.checked_add(READING).unwrap_or(belief.since);
        turns.push((told, format!("OPEN until {}: then a trial call asks again.", wording::moment(due))));
        // A countdown that is over is no trial: nobody has seen one.
        turns.extend(belief.next_trial.map(|due| (due, "OPEN, and a trial call is due.".to_owned())));
    }
    if let Some(belief) = &session.breaker.belief {
        turns.extend(stands(belief).map(|text| (belief.since, text)));
    }
    let restarted = session.breaker.restarted;
    turns.extend(restarted.map(|at| (at, "A restart reset the breaker: it counts from nothing.".to_owned())));
    turns
}

/// Pods that Kubernetes started again though the fault was not about them.
fn restarts(session: &Session) -> impl Iterator<Item = (Timestamp, String)> {
    session.bystanders().filter_map(|pod| {
        let again = pod.restarts().checked_sub(pod.restarts_at_t0?).filter(|again| *again > 0)?;
        let times = wording::count(u64::from(again), "time");
        let text = format!(
            "Kubernetes restarted the healthy {} {times}.",
            pod.pod.owner.as_deref().unwrap_or("pod")
        );
        Some((pod.ready_since.unwrap_or(pod.status_since), text))
    })
}

/// What is to be told of a state that belongs to no opening.
fn stands(belief: &Belief) -> Option<String> {
    let text = match belief.state {
        BreakerState::NoBreakerSeen => "Nobody cuts calls short: every call goes out, and fails there.",
        BreakerState::Disabled => "The breaker is switched off: nothing protects these calls.",
        BreakerState::MetricsOnly => "The breaker only counts: nothing protects these calls.",
        BreakerState::ForcedOpen => "The breaker is held open by hand: no call goes through.",
        BreakerState::Mixed => return Some(mixed(belief)),
        BreakerState::FallbackAtOnce => "Users get a fallback at once: by a breaker, or without one.",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Which replica is in which state, as far as a line has room for it.
fn mixed(belief: &Belief) -> String {
    let rows = wording::replicas(&belief.replicas);
    let named = format!("Replicas differ: {rows}.");
    let fits = !rows.is_empty() && named.chars().count() <= LONGEST;
    if fits { named } else { "Replicas differ: their breakers are in different states.".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::told_so_far;
    use crate::session::{
        Event, Session, What,
        event::{Belief, BreakerState, Confidence, NamedState},
        fixtures::{self, Variant, at},
    };

    #[test]
    fn the_story_is_told_turn_by_turn() {
        for (told, wanted) in [
            (fixtures::steady(), "We ask the service"),
            (fixtures::before_failing(), "Nobody cuts calls short"),
            (fixtures::told(Variant::After, 9.0), "OPEN at T+6.2"),
            (fixtures::told(Variant::After, 12.0), "OPEN until T+16.5"),
            (fixtures::after_half_open(), "HALF-OPEN"),
            (fixtures::told(Variant::After, 24.0), "The trial failed, the breaker is OPEN again"),
            (fixtures::after_closed(), "Users get real answers again"),
            (fixtures::finished(Variant::Before), "Users get real answers again"),
        ] {
            let (_, text) = told_so_far(&told.0, told.1).unwrap();
            assert!(text.contains(wanted), "{text}, not {wanted}");
            assert!(text.chars().count() <= 71, "{text}");
        }
        let (ready, now) = fixtures::ready();
        assert_eq!(told_so_far(&ready, now), None);
    }

    fn believing(state: BreakerState, more: impl FnOnce(Belief) -> Belief, now: f64) -> String {
        let (mut session, _) = fixtures::told(Variant::Before, 1.0);
        let belief = more(Belief::new(state, Confidence::Sure, at(2.0), ""));
        session.apply(&Event { seq: 0, at: at(2.0), what: What::Believed(belief) });
        told_so_far(&session, at(now)).unwrap().1
    }

    #[test]
    fn states_that_protect_nobody_are_findings_and_what_cannot_be_told_is_none() {
        for (state, wanted) in [
            (BreakerState::Disabled, "switched off: nothing protects these calls"),
            (BreakerState::MetricsOnly, "only counts: nothing protects these calls"),
            (BreakerState::ForcedOpen, "held open by hand"),
            (BreakerState::NoBreakerSeen, "Nobody cuts calls short"),
            (BreakerState::FallbackAtOnce, "by a breaker, or without one"),
            (BreakerState::Mixed, "their breakers are in different states"),
            (BreakerState::ClosedOrNone, "Fired: "),
            (BreakerState::NotSeenYet, "Fired: "),
            (BreakerState::Unknown, "Fired: "),
        ] {
            let text = believing(state, |belief| belief, 3.0);
            assert!(text.contains(wanted), "{state:?}: {text}");
        }
        let named = |name: &str, state| NamedState { name: name.to_owned(), state };
        let replicas = vec![named("5wz5k", BreakerState::Open), named("l5522", BreakerState::Closed)];
        let text = believing(BreakerState::Mixed, |belief| Belief { replicas, ..belief }, 3.0);
        assert_eq!(text, "Replicas differ: 5wz5k OPEN · l5522 CLOSED.");
    }

    #[test]
    fn a_countdown_that_is_over_is_no_trial() {
        let due = |belief| Belief { next_trial: Some(at(9.0)), ..belief };
        assert!(believing(BreakerState::Open, due, 8.0).contains("OPEN until T+9.0"));
        assert_eq!(believing(BreakerState::Open, due, 9.5), "OPEN, and a trial call is due.");
    }

    #[test]
    fn a_restart_is_told_and_its_end_of_an_opening_is_no_trial() {
        let mut session: Session = fixtures::told(Variant::Before, 1.0).0;
        for (seconds, state, restarted) in
            [(2.0, BreakerState::Open, false), (5.0, BreakerState::Closed, true)]
        {
            let belief = Belief { restarted, ..Belief::new(state, Confidence::Sure, at(seconds), "") };
            session.apply(&Event { seq: 0, at: at(seconds), what: What::Believed(belief) });
        }
        let told = told_so_far(&session, at(6.0)).unwrap().1;
        assert_eq!(told, "A restart reset the breaker: it counts from nothing.");
        // It did open, and that is measured all the same.
        let measured = session.breaker.measured(session.t0());
        assert_eq!((measured.trip_s, measured.openings, measured.trials), (Some(2.0), 1, 0));
        assert!(!session.breaker.never_opened(at(0.0), at(6.0)));
    }
}
