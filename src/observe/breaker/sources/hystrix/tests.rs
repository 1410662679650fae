//! Streams as libraries write them, record by record.

use super::{lines::LINE, *};
use crate::session::event::{
    BreakerState::{Closed, HalfOpen, Open},
    SourceClaim, SourceKind,
};
use serde_json::json;

const T0: i64 = 1_763_816_700_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(T0 + ms).unwrap()
}

fn record(ms: i64, open: bool, running: u64, timed_out: u64) -> Value {
    json!({"type": "HystrixCommand", "name": "provider", "group": "Consumer", "currentTime": T0 + ms,
        "isCircuitBreakerOpen": open, "currentConcurrentExecutionCount": running, "rollingCountTimeout": timed_out,
        "requestCount": 22, "errorCount": 14, "errorPercentage": if open { 0 } else { 64 },
        "propertyValue_circuitBreakerSleepWindowInMilliseconds": 5000,
        "propertyValue_circuitBreakerRequestVolumeThreshold": 20,
        "propertyValue_circuitBreakerErrorThresholdPercentage": 50})
}

fn told(stream: &HystrixStream, ms: i64) -> NamedBreaker {
    let source = SourceId::at_users_url(SourceKind::Hystrix, "/hystrix.stream");
    stream.reading(source, at(ms)).breakers.first().cloned().expect("a breaker is told")
}

fn feed(stream: &mut HystrixStream, value: &Value, ms: i64) {
    stream.feed(format!("ping: \n\ndata: {value}\n\n").as_bytes(), at(ms), SignedDuration::ZERO);
}

#[test]
fn a_cycle_is_followed_and_its_trials_are_marked() {
    let mut stream = HystrixStream::default();
    let steps = [
        (record(0, false, 0, 0), SourceClaim::State(Closed), false),
        (record(500, true, 3, 14), SourceClaim::State(Open), false),
        // Calls from before the trip are no trials.
        (record(4000, true, 1, 14), SourceClaim::State(Open), false),
        (record(5600, true, 1, 14), SourceClaim::State(HalfOpen), true),
        (record(6600, true, 0, 15), SourceClaim::State(Open), false),
        // A trial that fails between two records shows in its count.
        (record(12_000, true, 0, 16), SourceClaim::State(Open), false),
        (record(17_200, true, 1, 16), SourceClaim::State(HalfOpen), true),
        (record(18_000, false, 0, 16), SourceClaim::State(Closed), false),
    ];
    for (value, says, derived) in steps {
        let ms = value["currentTime"].as_i64().unwrap() - T0;
        feed(&mut stream, &value, ms + 20);
        let breaker = told(&stream, ms + 30);
        assert_eq!((breaker.says, breaker.derived), (says, derived), "at {ms}");
        if ms == 4000 {
            assert_eq!(breaker.next_trial, Some(at(5500)));
            let counts = breaker.counts.unwrap();
            assert_eq!((counts.failure_percent, counts.min_calls), (Some(64.0), Some(20)), "as it tripped");
        }
    }
    let moves: Vec<_> = told(&stream, 18_100).transitions.iter().map(|one| (one.at, one.to)).collect();
    let expected = [
        (at(500), Open),
        (at(5600), HalfOpen),
        (at(6600), Open),
        (at(12_000), HalfOpen),
        (at(12_000), Open),
        (at(17_200), HalfOpen),
        (at(18_000), Closed),
    ];
    assert_eq!(moves, expected);
}

#[test]
fn what_is_old_on_arrival_is_history_unless_the_clock_is_only_wrong() {
    let mut stream = HystrixStream::default();
    feed(&mut stream, &record(0, true, 0, 0), 4000);
    let source = SourceId::at_users_url(SourceKind::Hystrix, "/hystrix.stream");
    assert!(stream.reading(source.clone(), at(4000)).breakers.is_empty(), "history is not the present");
    feed(&mut stream, &record(3900, false, 0, 0), 4000);
    assert_eq!(told(&stream, 4000).says, SourceClaim::State(Closed));
    assert!(stream.reading(source, at(7200)).breakers.is_empty(), "nothing is heard of it any more");
    let mut behind = HystrixStream::default();
    let text = format!("data: {}\n\n", record(-60_000, true, 0, 0));
    behind.feed(text.as_bytes(), at(10), SignedDuration::from_secs(-60));
    assert_eq!(told(&behind, 20).says, SourceClaim::State(Open));
}

#[test]
fn opossum_is_believed_only_what_it_means() {
    let mut stream = HystrixStream::default();
    let opossum = |ms: i64, up: bool, failures: u64| {
        json!({"type": "HystrixCommand", "name": "provider", "group": "provider", "currentTime": T0 + ms,
            "isCircuitBreakerOpen": up, "rollingCountFailure": failures, "requestCount": 9, "errorPercentage": 57.1,
            "rollingCountFallbackSuccess": 0, "rollingCountFallbackEmit": 4, "currentConcurrentExecutionCount": 0,
            "propertyValue_circuitBreakerSleepWindowInMilliseconds": 3000,
            "propertyValue_circuitBreakerRequestVolumeThreshold": 5,
            "propertyValue_circuitBreakerErrorThresholdPercentage": 50,
            "propertyValue_executionIsolationThreadTimeoutInMilliseconds": 300})
    };
    for (ms, up, failures, says) in [
        (0, true, 4, SourceClaim::Not(Closed)),
        (1000, false, 4, SourceClaim::State(Closed)),
        (2000, true, 8, SourceClaim::State(Open)),
        (5100, true, 8, SourceClaim::State(HalfOpen)),
        (6100, true, 9, SourceClaim::State(Open)),
        (9200, true, 9, SourceClaim::State(HalfOpen)),
        (9300, false, 9, SourceClaim::State(Closed)),
    ] {
        feed(&mut stream, &opossum(ms, up, failures), ms + 10);
        let breaker = told(&stream, ms + 10);
        assert_eq!(breaker.says, says, "at {ms}");
        let counts = breaker.counts.unwrap();
        assert_eq!(
            (counts.min_calls, counts.calls, counts.failed),
            (None, None, None),
            "these are constants"
        );
        assert_eq!(breaker.fallback_ratio, Some(4.0 / 9.0), "those that it counts");
    }
}

#[test]
fn a_stream_that_never_ends_its_line_costs_no_memory() {
    let mut stream = HystrixStream::default();
    for _ in 0..64 {
        stream.feed(&[b'x'; 8192], at(0), SignedDuration::ZERO);
    }
    assert!(stream.lines.line.capacity() <= 4 * LINE && stream.lines.data.is_empty());
    stream.feed(b"\n", at(0), SignedDuration::ZERO);
    for _ in 0..64 {
        stream.feed(&[b"data: ".as_slice(), &[b'y'; 4096], b"\n"].concat(), at(0), SignedDuration::ZERO);
    }
    assert!(stream.lines.data.len() <= LINE + 64);
    stream.feed(b"\n\n", at(0), SignedDuration::ZERO);
    for n in 0..1000 {
        let mut value = record(0, false, 0, 0);
        value["name"] = json!(format!("c{n}"));
        feed(&mut stream, &value, 10);
    }
    assert_eq!(stream.followed.len(), BREAKERS);
}

proptest::proptest! {
    #[test]
    fn no_stream_makes_it_stumble(pieces in proptest::collection::vec(".*", 0..8)) {
        let mut stream = HystrixStream::default();
        for piece in pieces {
            stream.feed(piece.as_bytes(), at(0), SignedDuration::ZERO);
        }
        stream.reading(SourceId::at_users_url(SourceKind::Hystrix, "/x"), at(0));
    }
}

#[test]
fn the_clock_of_the_api_server_does_not_make_a_record_history() {
    for seconds in [90, -90] {
        let mut stream = HystrixStream::default();
        let text = format!("data: {}\n\n", record(0, true, 0, 0));
        stream.feed(text.as_bytes(), at(20), SignedDuration::from_secs(seconds));
        assert_eq!(told(&stream, 30).says, SourceClaim::State(Open), "{seconds}");
    }
}
