//! Statements about the scripted session of [`fixtures`], and about recorded sessions.

use super::*;
use crate::session::{
    Event, EventKind,
    event::{Belief, BreakerState, Confidence, Section, StepRef},
    fixtures::{self, Variant, at},
    recording,
};

#[test]
fn phases_follow_the_story() {
    let cases = [
        (fixtures::ready(), Phase::Ready),
        (fixtures::steady(), Phase::Steady),
        (fixtures::before_failing(), Phase::FaultOn),
        (fixtures::after_closed(), Phase::Recovered),
        (fixtures::finished(Variant::After), Phase::Finished),
    ];
    for ((session, now), wanted) in cases {
        assert_eq!(phase(&session, now), wanted);
    }
}

#[test]
fn bad_seconds_are_those_in_which_somebody_was_let_down() {
    let (session, now) = fixtures::before_failing();
    assert_eq!(bad_seconds(&session, session.users.main().unwrap(), now), 18);
    let (session, now) = fixtures::finished(Variant::Before);
    assert_eq!(bad_seconds(&session, session.users.main().unwrap(), now), 35);
}

#[test]
fn users_we_hung_up_on_stay_bad() {
    let (mut session, now) = fixtures::before_failing();
    let endpoint = session.users.main().unwrap().id;
    session.apply(&Event { seq: 0, at: now, what: EventKind::EndpointLeft { endpoint } });
    assert_eq!(bad_seconds(&session, session.users.main().unwrap(), at(99.0)), 18);
}

#[test]
fn fired_again_the_phase_is_that_of_a_fault() {
    let mut session = fixtures::after_closed().0;
    let step = StepRef { section: Section::Method, index: 0 };
    let what = EventKind::FaultFired { step, what: "again".to_owned(), targets: Vec::new() };
    session.apply(&Event { seq: 0, at: at(46.0), what });
    assert_eq!(phase(&session, at(46.0)), Phase::FaultOn);
}

#[test]
fn a_cycle_that_a_restart_ended_is_told_as_a_restart() {
    let mut session = fixtures::session_at(Variant::Before, 2.0).0;
    let of = |seconds, state| Belief::new(state, Confidence::Sure, at(seconds), "");
    let reset = Belief { restarted: true, ..of(5.0, BreakerState::Closed) };
    for (seconds, belief) in [(3.0, of(3.0, BreakerState::Open)), (5.0, reset)] {
        session.apply(&Event { seq: 0, at: at(seconds), what: EventKind::Believed(belief) });
    }
    let (_, told) = latest_caption(&session, at(6.0)).unwrap();
    assert!(told.contains("A restart reset the breaker"), "{told}");
}

#[tokio::test]
async fn a_recording_gives_the_verdict_of_its_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ctui");
    fixtures::record(&path, &fixtures::events(Variant::After, 3.0)).await;
    let read: Vec<Event> = recording::open(&path).unwrap().1.map(Result::unwrap).collect();
    let (session, now) = fixtures::session_at(Variant::After, 3.0);
    assert_eq!(verdict(&fixtures::session(&read), now), verdict(&session, now));
}

/// The verdict is final once everything of the run is over; a different later verdict is a footnote.
#[test]
fn what_comes_after_the_end_does_not_change_the_verdict() {
    let (mut session, now) = fixtures::finished(Variant::Before);
    let stands = conclusion(&session, now);
    assert!(session.concluded.is_some(), "the story ends its run");
    session.users.endpoints.clear();
    assert_eq!(conclusion(&session, now), stands);
    assert_eq!(late_verdict(&session, now), Some(conclusion_so_far(&session, now)));
}

/// Sessions recorded by earlier versions, each with its verdict.
#[test]
fn older_recordings_are_read_and_come_to_the_same() {
    for (name, standings) in [
        ("before-kill", &[RunVerdict::NotResilient][..]),
        ("before-long", &[RunVerdict::NotResilient]),
        ("after-kill", &[RunVerdict::Protected]),
        ("after-long", &[RunVerdict::Protected]),
        ("after-hang", &[RunVerdict::Protected]),
    ] {
        let (session, now) = fixtures::recorded_whole(name);
        let endpoint = session.users.main().unwrap();
        let (baseline, since) = (endpoint.baseline(now), endpoint.since_t0(now));
        assert!(endpoint.shape.is_some() && session.fault.is_some(), "{name}");
        assert!(baseline.real >= 20 && baseline.error + baseline.unjudged == 0, "{name}: {baseline:?}");
        assert!(since.answered() > 20 && since.unjudged == 0, "{name}: {since:?}");
        assert_eq!(session.gaps.iter().len(), 0);
        let conclusion = conclusion(&session, now);
        assert!(standings.contains(&conclusion.verdict), "{name}: {conclusion:?}");
    }
}
