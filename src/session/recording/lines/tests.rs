use super::*;
use crate::session::{
    event::{
        Answer, AnswerKind, EndpointId, ErrorKind, Event, EventKind, RequestId, SourceClaim, SourceKind,
    },
    fixtures::at,
};
use proptest::prelude::*;

fn lines(events: &[Event]) -> Vec<String> {
    let (mut packer, mut out) = (Packer::default(), Vec::new());
    for event in events {
        packer.add(event, &mut out).unwrap();
    }
    packer.close(&mut out).unwrap();
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

fn events(lines: &[String]) -> Result<Vec<Event>, serde_json::Error> {
    let (mut unpacker, mut events) = (Unpacker::default(), VecDeque::new());
    for line in lines {
        unpacker.read(line.as_bytes(), &mut events)?;
    }
    Ok(events.into())
}

fn numbered(what: Vec<(f64, EventKind)>) -> Vec<Event> {
    (7..).zip(what).map(|(seq, (seconds, what))| Event { seq, at: at(seconds), what }).collect()
}

fn sent(endpoint: u16, request: u64) -> EventKind {
    EventKind::RequestSent { endpoint: EndpointId(endpoint), request: RequestId(request) }
}

fn answered(endpoint: u16, request: u64, kind: AnswerKind) -> EventKind {
    EventKind::Answered(Answer {
        endpoint: EndpointId(endpoint),
        request: RequestId(request),
        waited_ms: 3.155,
        kind,
        status: Some(200),
        shape: u64::MAX,
        excerpt: None,
        retry_after: false,
    })
}

fn report(ground: &str) -> EventKind {
    EventKind::Testified(SourceReport::new(SourceKind::Health, SourceClaim::Nothing, ground))
}

#[test]
fn requests_share_a_line_until_something_else_happens() {
    let told = numbered(vec![
        (0.0, sent(0, 5)),
        (0.003155, answered(0, 5, AnswerKind::Real)),
        (0.02, sent(0, 6)),
        (0.021, sent(3, 0)),
        (0.019, answered(3, 0, AnswerKind::Error(ErrorKind::Timeout))),
        (1.0, EventKind::SafetyBegan),
        (1.1, answered(0, 4, AnswerKind::Real)),
        (1.2, sent(0, 9)),
    ]);
    let written = lines(&told);
    assert_eq!(
        written,
        [
            r#"{"seq":7,"at":"2026-11-22T13:05:00Z","requests":{"endpoints":[[0,5],[3,0]],"kinds":[[0,"real",200,18446744073709551615],[1,{"error":"timeout"},200,18446744073709551615]],"items":[0,[3155,0,3.155,0],16845,[1000,1],[-2000,0,3.155,1]]}}"#,
            r#"{"seq":8,"at":"2026-11-22T13:05:01Z","what":"safety_began"}"#,
            r#"{"seq":9,"at":"2026-11-22T13:05:01.1Z","requests":{"endpoints":[[0,9]],"kinds":[[0,"real",200,18446744073709551615]],"items":[[0,-5,3.155,0],100000]}}"#,
        ]
    );
    assert_eq!(events(&written).unwrap(), told);
}

#[test]
fn a_report_that_is_repeated_names_the_line_of_the_first() {
    let told = numbered(vec![(0.0, report("200")), (1.0, report("503")), (2.0, report("200"))]);
    let written = lines(&told);
    assert_eq!(written[2], r#"{"seq":9,"at":"2026-11-22T13:05:02Z","as":7}"#);
    assert_eq!(events(&written).unwrap(), told);
    // Of more reports than are remembered the first ones are written again.
    let many: Vec<_> = (0..200).map(|n| (f64::from(n), report(&(n % 70).to_string()))).collect();
    let told = numbered(many);
    assert_eq!(events(&lines(&told)).unwrap(), told);
}

#[test]
fn what_cannot_be_packed_is_a_line_of_its_own() {
    let excerpt = |kind| match answered(0, 1, kind) {
        EventKind::Answered(answer) => {
            EventKind::Answered(Answer { excerpt: Some("x".to_owned()), ..answer })
        }
        other => other,
    };
    let mut told = numbered(vec![
        (0.0, sent(0, 1)),
        (0.5, excerpt(AnswerKind::Real)),
        (1.0, sent(0, 2)),
        (2.0, sent(0, 5)),
    ]);
    told[3].at += std::time::Duration::from_nanos(5);
    let written = lines(&told);
    assert_eq!(written.len(), 4);
    assert_eq!(events(&written).unwrap(), told);
}

#[test]
fn a_line_holds_a_bounded_number_of_requests_and_a_longer_one_is_damaged() {
    let told = numbered((0..2000).map(|n| (n as f64 / 100.0, sent(0, n))).collect());
    let written = lines(&told);
    assert_eq!(written.len(), 4);
    assert_eq!(events(&written).unwrap(), told);
    let longer = written[0].replace("\"items\":[0,", &format!("\"items\":[0,{}", "1,".repeat(600)));
    let error = events(&[longer]).unwrap_err().to_string();
    assert!(error.contains("more than 512 requests"), "{error}");
}

#[test]
fn damaged_lines_are_told() {
    let line = |rest: &str| format!(r#"{{"seq":1,"at":"2026-11-22T13:05:00Z"{rest}}}"#);
    for (rest, why) in [
        ("", "neither an event nor requests"),
        (r#","as":5"#, "repeats line 5"),
        (r#","requests":{"endpoints":[],"kinds":[],"items":[5]}"#, "no endpoint, kind or moment"),
        (
            r#","requests":{"endpoints":[[0,1]],"kinds":[],"items":[[5,0,1.0,0]]}"#,
            "no endpoint, kind or moment",
        ),
        (
            r#","requests":{"endpoints":[[0,1]],"kinds":[],"items":[9223372036854775807]}"#,
            "no endpoint, kind or moment",
        ),
        (r#","requests":{"endpoints":[[0,18446744073709551615]],"kinds":[],"items":[0,0]}"#, "no endpoint"),
        (r#","requests":{"endpoints":[[0,1]],"kinds":[],"items":["x"]}"#, "microseconds, or an array"),
    ] {
        let error = events(&[line(rest)]).unwrap_err().to_string();
        assert!(error.contains(why), "{rest}: {error}");
    }
}

/// One event of a session with two endpoints.
fn any_event() -> impl Strategy<Value = EventKind> {
    let kinds = prop_oneof![
        Just(AnswerKind::Real),
        Just(AnswerKind::Fallback),
        Just(AnswerKind::Error(ErrorKind::Reset))
    ];
    prop_oneof![
        4 => (0_u16..2, 0_u64..20).prop_map(|(endpoint, request)| sent(endpoint, request)),
        4 => (0_u16..2, 0_u64..20, kinds).prop_map(|(endpoint, request, kind)| answered(endpoint, request, kind)),
        1 => (0..90_u8).prop_map(|n| report(&n.to_string())),
        1 => Just(EventKind::SafetyBegan),
    ]
}

proptest! {
    #[test]
    fn whatever_happened_is_read_as_it_was(what in prop::collection::vec((0.0..100.0_f64, any_event()), 0..200)) {
        let told = numbered(what);
        prop_assert_eq!(events(&lines(&told)).unwrap(), told);
    }
}
