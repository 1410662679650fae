use super::*;
use crate::session::{
    EventKind,
    fixtures::{self, Variant},
};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::fs;

/// A recorded session of the scenario, and its events.
fn recorded(variant: Variant) -> (tempfile::TempDir, Timeline, Vec<Event>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.ctui");
    let events = fixtures::events(variant, 70.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(fixtures::record(&path, &events));
    let timeline = Timeline::open(&path).unwrap();
    (folder, timeline, events)
}

/// What was known at a moment, in words: two states are compared by it.
fn state(session: &Session) -> String {
    format!("{session:?}")
}

fn live(events: &[Event], until: Timestamp) -> Session {
    let known: Vec<Event> = events.iter().take_while(|event| event.at <= until).cloned().collect();
    fixtures::session(&known)
}

#[test]
fn at_each_moment_the_session_is_the_live_one_wherever_it_is_reached_from() {
    let (_folder, mut timeline, events) = recorded(Variant::After);
    let mut session = Session::new();
    for seconds in [10.0, -3.0, 61.0, 0.0, -30.0, 10.5, 10.5, 70.0, 1.0] {
        let moment = fixtures::at(seconds);
        timeline.go_to(moment, &mut session).unwrap();
        assert!(state(&session) == state(&live(&events, moment)), "at T+{seconds}");
        assert_eq!(timeline.position().events, session.events);
    }
    assert_eq!(timeline.end().events, events.len() as u64);
    assert_eq!(timeline.t0(), Some(fixtures::at(0.0)));
    assert_eq!((timeline.begin(), timeline.flaws()), (events[0].at, [].as_slice()));
}

#[test]
fn by_event_each_state_is_reached_forwards_and_backwards() {
    let (_folder, mut timeline, events) = recorded(Variant::Before);
    let mut session = Session::new();
    let all = events.len() as u64;
    for number in [0, 1, 2, all, all - 1, 500, 499, 500] {
        timeline.go_to_event(number, &mut session).unwrap();
        let known = usize::try_from(number).unwrap();
        assert!(state(&session) == state(&fixtures::session(&events[..known])), "after {number} events");
    }
}

#[test]
fn steps_the_fire_and_changes_of_the_breaker_are_landmarks_and_requests_are_none() {
    let (_folder, timeline, events) = recorded(Variant::After);
    let landmarks = timeline.landmarks();
    assert!(landmarks.len() > 20 && landmarks.len() * 3 < events.len(), "{}", landmarks.len());
    assert!(landmarks.is_sorted_by_key(|landmark| landmark.events));
    let EventKind::FaultFired { what, .. } =
        &events.iter().find(|event| matches!(event.what, EventKind::FaultFired { .. })).unwrap().what
    else {
        panic!()
    };
    let found = |wanted: &str| landmarks.iter().find(|landmark| landmark.text.contains(wanted));
    let fire = found(what).unwrap();
    assert_eq!((fire.at, fire.kind), (fixtures::at(0.0), LandmarkKind::Step));
    assert!(found("breaker OPEN").is_some(), "{landmarks:#?}");
}

#[tokio::test]
async fn a_torn_or_damaged_recording_is_shown_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.ctui");
    fixtures::record(&path, &fixtures::events(Variant::After, 3.0)).await;
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();

    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let torn = Timeline::open(&path).unwrap();
    assert!(torn.flaws()[0].contains("the last line of the recording is incomplete"), "{:?}", torn.flaws());

    fs::write(&path, format!("{}\n{}\n{{}}\n{}\n", lines[0], lines[1], lines[2])).unwrap();
    let mut damaged = Timeline::open(&path).unwrap();
    assert_eq!(damaged.end().events, 2, "what stands after the damage is as true");
    assert!(damaged.flaws()[0].contains("1 line of the recording (3) is damaged"), "{:?}", damaged.flaws());
    let mut session = Session::new();
    for events in [2, 1, 2] {
        damaged.go_to_event(events, &mut session).unwrap();
        assert_eq!(session.events, events);
    }

    fs::write(&path, format!("{}\n", lines[0])).unwrap();
    assert!(Timeline::open(&path).unwrap_err().to_string().contains("holds no events"));
}

/// While a session runs, its recording grows: what was there at first is shown.
#[tokio::test]
async fn a_recording_that_grows_is_shown_as_far_as_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.ctui");
    fixtures::record(&path, &fixtures::events(Variant::After, 3.0)).await;
    let mut timeline = Timeline::open(&path).unwrap();
    let end = timeline.end();
    fixtures::record(&path, &fixtures::events(Variant::After, 60.0)).await;
    let mut session = Session::new();
    timeline.go_to(end.at + SignedDuration::from_secs(600), &mut session).unwrap();
    assert_eq!(session.events, end.events);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_sequence_of_moves_ends_where_the_last_leads(seconds in prop::collection::vec(-30.0..75.0_f64, 1..6)) {
        let (_folder, mut timeline, events) = recorded(Variant::After);
        let mut session = Session::new();
        for second in &seconds {
            timeline.go_to(fixtures::at(*second), &mut session).unwrap();
        }
        let last = fixtures::at(seconds[seconds.len() - 1]);
        prop_assert!(state(&session) == state(&live(&events, last)));
    }
}
