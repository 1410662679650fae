//! Captions of the scripted session and of recorded sessions.

use super::{LONGEST, latest_caption};
use crate::session::{
    Event, EventKind, Session,
    event::{Belief, BreakerState, Confidence, NamedState},
    fixtures::{self, RECORDED, Variant, at, recorded_until, recorded_whole},
};

#[test]
fn the_story_is_told_turn_by_turn() {
    for (told, wanted) in [
        (fixtures::steady(), "We send the same requests"),
        (
            fixtures::before_failing(),
            "Nobody protects the users: each of them asks the dead provider and gets an error.",
        ),
        (
            fixtures::session_at(Variant::After, 9.0),
            "The breaker opened after 6 users had waited up to 5.6 s: users get",
        ),
        (fixtures::session_at(Variant::After, 12.5), "The breaker stays open until T+16, then"),
        (fixtures::after_half_open(), "lets a few calls through"),
        (
            fixtures::session_at(Variant::After, 24.0),
            "The breaker tried the provider once, it failed, so it opened again: users get",
        ),
        (fixtures::after_closed(), "Users get real answers again"),
        (fixtures::finished(Variant::Before), "Users get real answers again"),
    ] {
        let (_, text) = latest_caption(&told.0, told.1).unwrap();
        assert!(text.contains(wanted), "{text}, not {wanted}");
        assert!(text.chars().count() <= LONGEST && text.ends_with('.'), "{text}");
    }
    let (ready, now) = fixtures::ready();
    assert_eq!(latest_caption(&ready, now), None);
}

#[test]
fn recorded_sessions_are_told_in_sentences_that_fit() {
    let told = |name, seconds| {
        let (session, now) = recorded_until(name, seconds);
        latest_caption(&session, now).unwrap().1
    };
    let again =
        "The breaker tried the provider once, it failed, so it opened again: users get the fallback at once.";
    assert_eq!(told("after-hang", 18.6), again);
    let nobody = "Nobody protects the users: each of them asks the dead provider and gets an error.";
    assert_eq!(told("before-long", 21.6), nobody);
    assert_eq!(
        told("after-kill", 3.5),
        "The breaker opened after 7 users had waited up to 2.0 s: users get the fallback at once."
    );
    assert_eq!(
        told("after-long", 23.5),
        "Kubernetes restarted the consumer, though the fault is not about it."
    );
    for name in RECORDED {
        let (whole, end) = recorded_whole(name);
        for second in -14..whole.since_t0(end).unwrap() as i64 {
            let text = told(name, second as f64 + 0.2);
            assert!(text.chars().count() <= LONGEST && text.ends_with('.'), "{name} T{second:+}: {text}");
        }
    }
}

fn believing(state: BreakerState, more: impl FnOnce(Belief) -> Belief, now: f64) -> String {
    let (mut session, _) = fixtures::session_at(Variant::Before, 1.0);
    let belief = more(Belief::new(state, Confidence::Sure, at(2.0), ""));
    session.apply(&Event { seq: 0, at: at(2.0), what: EventKind::Believed(belief) });
    latest_caption(&session, at(now)).unwrap().1
}

#[test]
fn states_that_protect_nobody_are_findings_and_what_cannot_be_told_is_none() {
    for (state, wanted) in [
        (BreakerState::Disabled, "switched off: nothing protects these calls"),
        (BreakerState::MetricsOnly, "only counts: nothing protects these calls"),
        (BreakerState::ForcedOpen, "held open by hand"),
        (
            BreakerState::NoBreakerSeen,
            "Nobody protects the users: each of them asks the dead provider and waits",
        ),
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
    assert_eq!(text, "Replicas differ: 5wz5k OPEN, l5522 CLOSED.");
}

#[test]
fn a_countdown_that_is_over_is_no_trial() {
    let due = |belief| Belief { next_trial: Some(at(9.0)), ..belief };
    assert!(believing(BreakerState::Open, due, 8.0).contains("stays open until T+9,"));
    assert_eq!(believing(BreakerState::Open, due, 9.5), "The breaker is open, and a trial call is due.");
}

#[test]
fn a_restart_is_told_and_its_end_of_an_opening_is_no_trial() {
    let mut session: Session = fixtures::session_at(Variant::Before, 1.0).0;
    for (seconds, state, restarted) in [(2.0, BreakerState::Open, false), (5.0, BreakerState::Closed, true)] {
        let belief = Belief { restarted, ..Belief::new(state, Confidence::Sure, at(seconds), "") };
        session.apply(&Event { seq: 0, at: at(seconds), what: EventKind::Believed(belief) });
    }
    let told = latest_caption(&session, at(6.0)).unwrap().1;
    assert_eq!(told, "A restart reset the breaker: it counts from nothing.");
    // The breaker did open, and the opening is still measured.
    let measured = session.breaker.measured(session.t0());
    assert_eq!((measured.trip_s, measured.openings, measured.trials), (Some(2.0), 1, 0));
    assert!(!session.breaker.never_opened(at(0.0), at(6.0)));
}
