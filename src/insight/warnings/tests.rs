//! Warnings in recorded sessions, and single cases that those do not contain.

use super::*;
use crate::{
    insight::phase,
    session::{
        Event, EventKind,
        event::{BreakerState, Guards, LastEnd},
        fixtures::{self, RECORDED, Variant, at, recorded_until, recorded_whole},
    },
};

fn said((session, now): &(Session, Timestamp), urgency: Urgency) -> Vec<(String, String)> {
    let of = warnings(session, *now).into_iter().filter(|warning| warning.urgency == urgency);
    of.map(|warning| (warning.text, warning.short)).collect()
}

fn first(told: &(Session, Timestamp)) -> (Urgency, String, String) {
    let first = warnings(&told.0, told.1).into_iter().next().unwrap();
    (first.urgency, first.text, first.short)
}

#[test]
fn the_design_s_lines_come_from_the_recorded_sessions() {
    let owned = |urgency, text: &str, short: &str| (urgency, text.to_owned(), short.to_owned());
    let guarded = |name, seconds, users_s| {
        let mut told = recorded_until(name, seconds);
        told.0.guards.limits = Guards { users_s, ..Guards::OFF };
        told
    };
    assert_eq!(
        first(&guarded("after-hang", 18.6, None)),
        owned(
            Urgency::Warn,
            "An open breaker fails /health: Kubernetes restarts the consumer at T+43 if it stays open",
            "open breaker fails /health: consumer is restarted at T+43"
        )
    );
    assert_eq!(
        first(&guarded("before-long", 21.5, Some(60))),
        owned(
            Urgency::Guard,
            "Aborts by itself in 38 s if this goes on: 60 bad seconds are allowed, 22 are used up",
            "aborts by itself in 38 s: 22 of 60 bad seconds used up"
        )
    );
    assert_eq!(
        first(&guarded("before-kill", 4.0, Some(60))),
        owned(
            Urgency::Watch,
            "Kubernetes calls the consumer healthy (1/1 ready, /health 200), its users get nothing",
            "Kubernetes calls the consumer healthy, its users get nothing"
        )
    );
    assert_eq!(
        said(&guarded("after-hang", 12.8, None), Urgency::Note),
        [(
            "/health went 503 to 200 while no user has a real answer: a health check alone would say \"recovered\"".to_owned(),
            "/health went 503 to 200, but no user has a real answer yet".to_owned()
        )]
    );
    let (urgency, text, _) = first(&guarded("after-kill", 27.0, None));
    assert_eq!((urgency, text.as_str()), (Urgency::Note, "Steady state can be checked again"));
}

#[test]
fn no_short_form_is_cut_and_none_is_longer_than_a_small_screen_has_room_for() {
    for name in RECORDED {
        let (whole, end) = recorded_whole(name);
        for second in -18..(whole.since_t0(end).unwrap() as i64) {
            let (session, now) = recorded_until(name, second as f64 + 0.4);
            for warning in warnings(&session, now) {
                let (text, short) = (&warning.text, &warning.short);
                assert!(
                    short.chars().count() <= SHORT && !short.ends_with('…'),
                    "{name} T{second:+}: {short}"
                );
                assert!(text.chars().count() <= 118, "{name} T{second:+}: {text}");
                assert!(!text.ends_with('.'), "{text}");
            }
            let _ = phase(&session, now);
        }
    }
}

#[test]
fn the_guard_counts_only_while_users_are_let_down() {
    let (mut session, now) = recorded_until("before-kill", 30.0);
    session.guards.limits = Guards { users_s: Some(20), ..Guards::OFF };
    assert!(said(&(session, now), Urgency::Guard).is_empty(), "they are well again");
    let (mut session, now) = recorded_until("before-long", 5.0);
    session.guards.limits = Guards { users_s: Some(60), ..Guards::OFF };
    assert!(said(&(session, now), Urgency::Guard).is_empty(), "a tenth is used up");
}

#[test]
fn guards_that_are_near_say_what_ends_the_run() {
    let near = |name, seconds, limits| {
        let (mut session, now) = recorded_until(name, seconds);
        session.guards.limits = limits;
        said(&(session, now), Urgency::Warn).into_iter().map(|(text, _)| text).collect::<Vec<_>>()
    };
    let users = near("before-long", 24.5, Guards { users_s: Some(30), ..Guards::OFF });
    assert_eq!(
        users[0],
        "Aborts by itself in 5 s if this goes on: 30 bad seconds are allowed, 25 are used up"
    );
    let restarts = near("after-long", 15.0, Guards { restarts: Some(1), ..Guards::OFF });
    assert_eq!(restarts[0], "Aborts by itself when Kubernetes restarts the consumer, due at T+22");
}

#[test]
fn users_who_get_something_are_not_left_with_nothing() {
    // Half-open: the page is well, some users wait, others got a fallback.
    let told = recorded_until("after-hang", 12.8);
    assert!(said(&told, Urgency::Watch).is_empty());
}

#[test]
fn a_restarted_container_is_warned_of_by_what_it_is() {
    let mut session = fixtures::after_open().0;
    let row = session.bystanders().next().unwrap();
    let mut pod = row.pod.clone();
    pod.containers[0].restarts = 2;
    pod.containers[0].last_end = Some(LastEnd { reason: "Error".to_owned(), exit_code: 137 });
    session.apply(&Event { seq: 0, at: at(11.0), what: EventKind::PodSeen(pod) });
    let wanted = "Kubernetes restarted the consumer 2 times since T0, though the fault does not target it";
    assert!(said(&(session, at(11.0)), Urgency::Warn).iter().any(|(text, _)| text == wanted));
}

#[test]
fn a_miss_without_an_open_breaker_is_told_as_a_miss() {
    let (mut session, now) = fixtures::session_at(Variant::After, 12.0);
    session.breaker.belief.as_mut().unwrap().state = BreakerState::Closed;
    let texts = said(&(session, now), Urgency::Warn);
    let wanted = "The consumer missed 1 of 3 liveness checks: Kubernetes restarts the consumer at T+30 if that goes on";
    assert!(texts.iter().any(|(text, _)| text == wanted), "{texts:?}");
}

#[test]
fn a_budget_may_be_any_number() {
    let (session, now) = fixtures::before_failing();
    let mut verdict = crate::insight::verdict(&session, now);
    verdict.bad = Some((u32::MAX, u32::MAX));
    assert!(users::budget(&verdict).is_some());
    verdict.bad = Some((0, u32::MAX));
    assert!(users::budget(&verdict).is_none());
}
