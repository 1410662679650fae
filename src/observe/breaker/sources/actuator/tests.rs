//! Successive pages as resilience4j writes them.

use super::*;
use crate::session::event::SourceKind;
use serde_json::json;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn source() -> SourceId {
    SourceId::at_users_url(SourceKind::Actuator, "/actuator/circuitbreakers")
}

fn page(state: &str, rate: &str, rejected: u64) -> Vec<u8> {
    json!({"circuitBreakers": {"provider": {"failureRate": rate, "failureRateThreshold": "50.0%", "bufferedCalls": 10,
        "failedCalls": 6, "notPermittedCalls": rejected, "state": state}}})
    .to_string()
    .into_bytes()
}

#[test]
fn rejected_calls_are_added_up_over_states_and_a_transition_between_two_readings_is_noticed() {
    let mut reader = ActuatorReader::default();
    for (state, rejected, all, moves) in [
        ("CLOSED", 0, 0, false),
        ("OPEN", 3, 3, true),
        ("OPEN", 9, 9, false),
        // Half-open and back: the counter restarted.
        ("OPEN", 2, 11, true),
        ("HALF_OPEN", 0, 11, true),
    ] {
        let BreakerPage { reading, moved, .. } =
            reader.read(source(), &page(state, "60.0%", rejected), NOW).unwrap();
        assert_eq!(reading.breakers[0].rejected, Some(all), "{state} {rejected}");
        assert_eq!(!moved.is_empty(), moves, "{state} {rejected}");
    }
}

#[test]
fn a_rate_below_zero_is_no_rate() {
    for (rate, read) in [("60.0%", Some(60.0)), ("-1.0%", None), ("NaN%", None), ("x", None)] {
        let BreakerPage { reading, .. } =
            ActuatorReader::default().read(source(), &page("CLOSED", rate, 0), NOW).unwrap();
        let counts = reading.breakers[0].counts.unwrap();
        assert_eq!((counts.failure_percent, counts.trips_at_percent), (read, Some(50.0)), "{rate}");
    }
}

#[test]
fn events_give_exact_moments_once_and_are_moved_to_our_clock() {
    let event = |kind: &str, time: &str, moved: Value| json!({"circuitBreakerName": "provider", "type": kind, "creationTime": time, "stateTransition": moved});
    let opened =
        event("STATE_TRANSITION", "2025-11-22T14:05:01.202+01:00[Europe/Berlin]", json!("CLOSED_TO_OPEN"));
    let body = json!({"circuitBreakerEvents": [opened]}).to_string();
    let now: Timestamp = "2025-11-22T13:05:02Z".parse().unwrap();
    let mut reader = ActuatorReader::default();
    for _ in 0..3 {
        assert!(reader.events(body.as_bytes(), false, now, SignedDuration::from_secs(1)));
    }
    let BreakerPage { mut reading, .. } = reader.read(source(), &page("OPEN", "60.0%", 0), now).unwrap();
    reader.attach(&mut reading);
    let expected = Transition { at: "2025-11-22T13:05:00.202Z".parse().unwrap(), from: Closed, to: Open };
    assert_eq!(reading.breakers[0].transitions, [expected]);
    assert_eq!(reader.by_events(source()).breakers[0].says, SourceClaim::State(Open));
}

#[test]
fn what_is_no_page_of_breakers_is_none() {
    for body in
        ["", "<html>", "[]", "{}", r#"{"circuitBreakers": 7}"#, r#"{"state": {"open": true}}"#, "null"]
    {
        assert!(ActuatorReader::default().read(source(), body.as_bytes(), NOW).is_none(), "{body}");
    }
}

proptest::proptest! {
    #[test]
    fn no_page_makes_it_stumble(body in ".*") {
        let mut reader = ActuatorReader::default();
        reader.read(source(), body.as_bytes(), NOW);
        reader.events(body.as_bytes(), true, Timestamp::UNIX_EPOCH, SignedDuration::ZERO);
    }
}

#[test]
fn the_clock_of_the_api_server_does_not_move_what_was_seen() {
    let at = |text: &str| -> Timestamp { format!("2025-11-22T13:{text}Z").parse().unwrap() };
    let event = |moment: &str, moved: &str| {
        json!({"circuitBreakerName": "provider", "type": "STATE_TRANSITION",
        "creationTime": format!("2025-11-22T14:{moment}+01:00[Europe/Berlin]"), "stateTransition": moved})
    };
    let before = event("01:00.500", "OPEN_TO_CLOSED");
    let opened = event("05:01.202", "CLOSED_TO_OPEN");
    let body = |events: &[&Value]| json!({"circuitBreakerEvents": events}).to_string().into_bytes();
    for seconds in [90, -90] {
        let skew = SignedDuration::from_secs(seconds);
        let mut reader = ActuatorReader::default();
        reader.read(source(), &page("CLOSED", "0.0%", 0), at("05:00")).unwrap();
        reader.events(&body(&[&before]), false, at("05:00"), skew);
        let BreakerPage { mut reading, moved, .. } =
            reader.read(source(), &page("OPEN", "60.0%", 0), at("05:02")).unwrap();
        assert_eq!(moved, ["provider"]);
        // The second time, `Date` is a moment of another second.
        for jitter in [0, 600] {
            let skew = skew + SignedDuration::from_millis(jitter);
            assert!(reader.events(&body(&[&before, &opened]), false, at("05:02"), skew));
        }
        reader.attach(&mut reading);
        let moments: Vec<Timestamp> = reading.breakers[0].transitions.iter().map(|one| one.at).collect();
        assert_eq!(moments, [at("01:00.5"), at("05:01.202")], "{seconds}");
    }
}
