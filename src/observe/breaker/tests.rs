//! The court over recorded shapes: what a breaker's life looks like from outside, hang and refusal, with one and without.
//! And the loop against real pages on loopback.

use super::{BreakerSettings, belief::Court, watch};
use crate::session::{
    Event,
    clock::Clock,
    event::{
        Answer, AnswerKind, Belief, BreakerState, Confidence, EndpointId, ErrorKind, RequestId, Says,
        Section, ServiceEndpoints, Source, SourceState, StepRef, Testimony, Timestamp, What, Witness,
    },
    stream::{Stream, stream},
};
use AnswerKind::{Error, Fallback, Real};
use BreakerState::{Closed, HalfOpen, NoneSeen, Open, Unknown};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

const ENDPOINT: EndpointId = EndpointId(0);
/// Seconds before T0 at which watching begins, and at which the story ends.
const FROM: f64 = -20.0;
const TO: f64 = 60.0;

/// What happens in one recorded shape.
struct Shape {
    name: &'static str,
    /// Seconds until the answer and what it is, for a request due at a second.
    serve: fn(f64) -> (f64, AnswerKind),
    /// The breaker's true states, each with the second it begins at.
    truth: &'static [(f64, BreakerState)],
    /// Whether `/health` fails while the breaker is open.
    health: Option<bool>,
    metrics: bool,
    /// Whether the Service in front of the provider is seen to lose its endpoints.
    endpoints_seen: bool,
    /// Percent of the moments that must be judged right.
    right: usize,
}

fn fast(at: f64) -> f64 {
    0.005 + (at.abs() * 7.0 % 1.1) * 0.002
}

/// The stand-in of the sample: five seconds of client timeout, three failures, ten seconds open, ten trials.
fn standin_hang(at: f64) -> (f64, AnswerKind) {
    let open = (6.2..16.5).contains(&at) || (22.2..32.5).contains(&at);
    match at {
        at if !(0.0..35.0).contains(&at) => (fast(at), Real),
        at if open => (fast(at), Fallback),
        0.0 => (11.6, Fallback),
        at if at >= 32.5 => (35.02 - at, Real),
        _ => (5.3, Fallback),
    }
}

const STANDIN: &[(f64, BreakerState)] =
    &[(FROM, Closed), (6.2, Open), (16.5, HalfOpen), (22.2, Open), (32.5, HalfOpen), (35.0, Closed)];

/// The demo's consumer: one second of client timeout, three attempts, three trials; the provider hangs for 25 s.
fn demo_hang(at: f64) -> (f64, AnswerKind) {
    match at {
        at if !(0.0..34.0).contains(&at) => (fast(at), Real),
        0.0 => (2.0, Fallback),
        0.5 => (2.0, Fallback),
        1.0 => (1.0, Fallback),
        1.5 => (1.0, Fallback),
        12.0 | 12.5 | 23.0 | 23.5 => (1.0, Fallback),
        _ => (fast(at), Fallback),
    }
}

const DEMO: &[(f64, BreakerState)] = &[
    (FROM, Closed),
    (2.0, Open),
    (12.0, HalfOpen),
    (13.0, Open),
    (23.0, HalfOpen),
    (24.0, Open),
    (34.0, HalfOpen),
    (35.0, Closed),
];

/// Connections are refused for 35 s: the breaker trips within the first call and its trials take no time.
fn refused(at: f64) -> (f64, AnswerKind) {
    if (0.0..40.0).contains(&at) { (fast(at), Fallback) } else { (fast(at), Real) }
}

const REFUSED: &[(f64, BreakerState)] = &[(FROM, Closed), (0.05, Open), (40.0, Closed)];

fn none_hang(at: f64) -> (f64, AnswerKind) {
    if (0.0..35.0).contains(&at) { (5.4, Error(ErrorKind::Server)) } else { (fast(at), Real) }
}

fn none_refused(at: f64) -> (f64, AnswerKind) {
    if (0.0..35.0).contains(&at) { (fast(at), Error(ErrorKind::Server)) } else { (fast(at), Real) }
}

/// The network swallows calls for six seconds and refuses them after that.
fn none_swallowed_then_refused(at: f64) -> (f64, AnswerKind) {
    match at {
        at if !(0.0..35.0).contains(&at) => (fast(at), Real),
        at if at < 6.0 => (6.0 - at + 0.3, Error(ErrorKind::Server)),
        _ => (fast(at), Error(ErrorKind::Server)),
    }
}

/// The same with a fallback from a plain `try`, after one second.
fn caught_swallowed_then_refused(at: f64) -> (f64, AnswerKind) {
    match at {
        at if !(0.0..35.0).contains(&at) => (fast(at), Real),
        at if at < 6.0 => (1.0, Fallback),
        _ => (fast(at), Fallback),
    }
}

const NONE: &[(f64, BreakerState)] = &[(FROM, Closed), (0.0, NoneSeen)];

const SHAPES: [Shape; 12] = [
    Shape {
        name: "stand-in, hang, with health",
        serve: standin_hang,
        truth: STANDIN,
        health: Some(true),
        metrics: false,
        endpoints_seen: false,
        right: 95,
    },
    Shape {
        name: "stand-in, hang, answers only",
        serve: standin_hang,
        truth: STANDIN,
        health: None,
        metrics: false,
        endpoints_seen: false,
        right: 93,
    },
    Shape {
        name: "demo, hang, with health",
        serve: demo_hang,
        truth: DEMO,
        health: Some(true),
        metrics: false,
        endpoints_seen: false,
        right: 95,
    },
    Shape {
        name: "demo, hang, answers only",
        serve: demo_hang,
        truth: DEMO,
        health: None,
        metrics: false,
        endpoints_seen: false,
        right: 92,
    },
    Shape {
        name: "demo, hang, metrics",
        serve: demo_hang,
        truth: DEMO,
        health: Some(true),
        metrics: true,
        endpoints_seen: false,
        right: 97,
    },
    Shape {
        name: "refused, with health",
        serve: refused,
        truth: REFUSED,
        health: Some(true),
        metrics: false,
        endpoints_seen: false,
        right: 97,
    },
    Shape {
        name: "none, hang, health always well",
        serve: none_hang,
        truth: NONE,
        health: Some(false),
        metrics: false,
        endpoints_seen: false,
        right: 97,
    },
    Shape {
        name: "none, hang, answers only",
        serve: none_hang,
        truth: NONE,
        health: None,
        metrics: false,
        endpoints_seen: false,
        right: 97,
    },
    Shape {
        name: "refused, answers only",
        serve: refused,
        truth: REFUSED,
        health: None,
        metrics: false,
        endpoints_seen: false,
        right: 40,
    },
    Shape {
        name: "none, refused, health always well",
        serve: none_refused,
        truth: NONE,
        health: Some(false),
        metrics: false,
        endpoints_seen: false,
        right: 85,
    },
    Shape {
        name: "none, swallowed then refused",
        serve: none_swallowed_then_refused,
        truth: NONE,
        health: Some(false),
        metrics: false,
        endpoints_seen: true,
        right: 80,
    },
    Shape {
        name: "caught, swallowed then refused, answers only",
        serve: caught_swallowed_then_refused,
        truth: NONE,
        health: None,
        metrics: false,
        endpoints_seen: true,
        right: 50,
    },
];

/// What cannot be told apart by answers must not be told apart.
const AMBIGUOUS: [&str; 3] =
    ["refused, answers only", "none, swallowed then refused", "caught, swallowed then refused, answers only"];

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millisecond(1_795_352_700_000 + (seconds * 1000.0).round() as i64).unwrap()
}

impl Shape {
    fn truth_at(&self, second: f64) -> BreakerState {
        self.truth.iter().rev().find(|(from, _)| *from <= second).map_or(Closed, |(_, state)| *state)
    }

    /// Whether the truth changed within the last seconds: reacting takes a moment.
    fn just_changed(&self, second: f64) -> bool {
        self.truth.iter().any(|(from, _)| (*from..*from + 2.0).contains(&second))
    }

    /// The beliefs, four a second.
    fn judged(&self) -> Vec<(f64, Belief)> {
        let mut facts: Vec<(f64, What)> = Vec::new();
        for number in 0..((TO - FROM) * 2.0) as u64 {
            let due = FROM + number as f64 / 2.0;
            let (waited, kind) = (self.serve)(due);
            let request = RequestId(number);
            facts.push((due, What::RequestSent { endpoint: ENDPOINT, request }));
            let waited_ms = waited * 1000.0;
            let answer = Answer {
                endpoint: ENDPOINT,
                request,
                waited_ms,
                kind,
                status: Some(200),
                shape: 0,
                excerpt: None,
            };
            facts.push((due + waited, What::Answered(answer)));
        }
        facts.push((0.0, fired()));
        if self.endpoints_seen {
            facts.extend([(0.1, service(0)), (35.0, service(1))]);
        }
        facts.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut facts = facts.into_iter().peekable();
        let mut court = Court::new(ENDPOINT, None);
        let mut beliefs = Vec::new();
        let quarters = ((TO - FROM) * 4.0) as u32;
        for quarter in 1..quarters {
            let now = FROM + f64::from(quarter) / 4.0;
            while let Some((second, what)) = facts.next_if(|(second, _)| *second <= now) {
                court.follow(&Event { seq: 0, at: at(second), what });
            }
            if quarter % 2 == 0 {
                self.testify(&mut court, now);
            }
            beliefs.push((now, court.judge(at(now)).1));
        }
        beliefs
    }

    fn testify(&self, court: &mut Court, now: f64) {
        let truth = self.truth_at(now);
        if let Some(fails_when_open) = self.health {
            let status = if fails_when_open && truth == Open { 503 } else { 200 };
            let (says, ground) = super::health::says(status);
            court.hear(at(now), &Testimony { witness: Witness::Health, says, ground });
        }
        if self.metrics {
            let says = Says::State(truth);
            court.hear(at(now), &Testimony { witness: Witness::Metrics, says, ground: "series".to_owned() });
        }
    }
}

fn fired() -> What {
    let step = StepRef { section: Section::Method, index: 0 };
    What::FaultFired { step, what: "kill".to_owned(), targets: vec!["pod/provider".to_owned()] }
}

fn service(ready: u32) -> What {
    let (namespace, name) = ("default".to_owned(), "provider".to_owned());
    What::ServiceSeen(ServiceEndpoints { namespace, name, ready, not_ready: 0, pods: Vec::new() })
}

/// Without a breaker "closed" and "none seen" are both right: a closed one would look the same.
fn right(truth: BreakerState, belief: BreakerState) -> bool {
    truth == belief || (truth == NoneSeen && belief == Closed)
}

#[test]
fn recorded_shapes_are_read_right() {
    for shape in &SHAPES {
        let beliefs: Vec<_> = shape.judged().into_iter().filter(|(second, _)| *second >= -8.0).collect();
        let wrong: Vec<_> =
            beliefs.iter().filter(|(s, belief)| !right(shape.truth_at(*s), belief.state)).collect();
        let percent = 100 - wrong.len() * 100 / beliefs.len();
        println!("{}: {percent}% of {}", shape.name, beliefs.len());
        let list = || {
            wrong
                .iter()
                .map(|(s, b)| format!("{s}: {:?} {:?} {}", b.state, b.confidence, b.because))
                .collect::<Vec<_>>()
        };
        assert!(percent >= shape.right, "{}: only {percent}% right: {:#?}", shape.name, list());
    }
}

#[test]
fn where_answers_cannot_tell_it_says_so_instead_of_guessing() {
    for shape in SHAPES.iter().filter(|shape| AMBIGUOUS.contains(&shape.name)) {
        for (second, belief) in shape.judged() {
            if !right(shape.truth_at(second), belief.state) && !shape.just_changed(second) && second > -10.0 {
                let said = (belief.state, belief.confidence);
                assert_eq!(said, (Unknown, Confidence::CannotTell), "{} at {second}: {belief:?}", shape.name);
            }
        }
    }
}

#[test]
fn sure_is_never_wrong_beyond_the_moment_it_takes_to_react() {
    for shape in &SHAPES {
        for (second, belief) in shape.judged() {
            let settled = !shape.just_changed(second) && belief.confidence == Confidence::Sure;
            let truth = shape.truth_at(second);
            assert!(
                !settled || right(truth, belief.state),
                "{} at {second}: {truth:?} but {belief:?}",
                shape.name
            );
        }
    }
}

/// The first belief in a state, at or after a second.
fn first(beliefs: &[(f64, Belief)], from: f64, state: BreakerState) -> (f64, Belief) {
    beliefs.iter().find(|(second, belief)| *second >= from && belief.state == state).unwrap().clone()
}

#[test]
fn the_trip_is_dated_and_the_next_trial_foretold_once_the_reset_was_seen() {
    let beliefs = SHAPES[0].judged();
    let (seen, open) = first(&beliefs, 0.0, Open);
    assert!(seen <= 7.0, "seen {seen}");
    assert!((6.0..=6.75).contains(&open.since.duration_since(at(0.0)).as_secs_f64()), "{:?}", open.since);
    assert_eq!(open.next_trial, None, "before the first full cycle nobody knows");
    let (_, again) = first(&beliefs, 20.0, Open);
    let trial = again.next_trial.unwrap().duration_since(at(0.0)).as_secs_f64();
    assert!((31.5..33.5).contains(&trial), "{trial}");
}

#[test]
fn beliefs_say_why() {
    let cases = [
        (0, -1.0, Closed, Confidence::Sure, 2, "health 200; 20 of the last 20 look like the real answer"),
        (
            0,
            10.0,
            Open,
            Confidence::Sure,
            2,
            "health 503 Unavailable; 7 of the last 7 answers are fallbacks in under 10 ms",
        ),
        (0, 19.0, HalfOpen, Confidence::Likely, 1, "health 200; 5 slow calls after the reset time: a trial"),
        (1, 10.0, Open, Confidence::Likely, 1, "7 of the last 7 answers are fallbacks in under 10 ms"),
        (
            4,
            5.0,
            Open,
            Confidence::Sure,
            3,
            "metrics series; health 503 Unavailable; 6 of the last 6 answers are fallbacks in under 10 ms",
        ),
        (
            5,
            5.0,
            Open,
            Confidence::Sure,
            2,
            "health 503 Unavailable; 10 of 10 fall back at once: open, or failing fast",
        ),
        (
            6,
            19.0,
            NoneSeen,
            Confidence::Sure,
            2,
            "health 200; 38 of 38 calls went through to the dead provider, up to 5.4 s each",
        ),
        (
            6,
            50.0,
            NoneSeen,
            Confidence::Sure,
            1,
            "health 200; 20 of the last 20 look like the real answer; calls go through again",
        ),
        (
            8,
            5.0,
            Unknown,
            Confidence::CannotTell,
            0,
            "10 of 10 fall back at once: open, or failing fast; a hang instead of a refusal would show which",
        ),
    ];
    for (shape, second, state, confidence, agreeing, because) in cases {
        let shape = &SHAPES[shape];
        let (_, belief) = shape.judged().into_iter().find(|(now, _)| *now >= second).unwrap();
        let got = (belief.state, belief.confidence, belief.agreeing, belief.because.as_str());
        assert_eq!(got, (state, confidence, agreeing, because), "{} at {second}", shape.name);
    }
}

#[test]
fn a_health_page_that_fails_while_users_are_well_is_not_listened_to() {
    let shape = Shape {
        name: "health fails always",
        serve: |at| (fast(at), Real),
        truth: &[(FROM, Open)],
        health: Some(true),
        metrics: false,
        endpoints_seen: false,
        right: 0,
    };
    let (_, last) = shape.judged().pop().unwrap();
    assert_eq!(last.state, Closed);
    assert!(last.because.contains("fails though users get real answers"), "{}", last.because);
}

#[test]
fn silence_is_said() {
    let mut court = Court::new(ENDPOINT, None);
    let (_, belief) = court.judge(at(0.0));
    assert_eq!(
        (belief.state, belief.spoke, belief.because.as_str()),
        (Unknown, 0, "no witness has spoken yet")
    );
    let testimony =
        Testimony { witness: Witness::Metrics, says: Says::State(Open), ground: "series".to_owned() };
    court.hear(at(1.0), &testimony);
    assert_eq!(court.judge(at(1.5)).1.state, Open);
    let (_, belief) = court.judge(at(9.0));
    assert_eq!(
        (belief.state, belief.because.as_str()),
        (Unknown, "all witnesses are silent; last known: OPEN")
    );
}

/// A consumer's pages: `/health` and `/metrics` follow `open`, anything else is not there.
async fn pages(open: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let open = open.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = connection.read(&mut buffer).await {
                    let open = open.load(Ordering::Relaxed);
                    let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                    let known = request.to_ascii_lowercase().contains("authorization: bearer t");
                    let (status, body) = match request.split_whitespace().nth(1) {
                        Some("/closed") if known => ("200 OK", "circuit_breaker_open 0\n".to_owned()),
                        Some("/closed") => ("401 Unauthorized", String::new()),
                        Some("/health") if open => ("503 Service Unavailable", String::new()),
                        Some("/health") => ("200 OK", String::new()),
                        Some("/metrics") => ("200 OK", format!("circuit_breaker_open {}\n", u8::from(open))),
                        Some("/plain") => ("200 OK", "requests_total 7\n".to_owned()),
                        _ => ("404 Not Found", String::new()),
                    };
                    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
                    let _ = connection.write_all((head + &body).as_bytes()).await;
                }
            });
        }
    });
    url
}

async fn until<T>(stream: &mut Stream, wanted: impl Fn(&What) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = stream.next().await.expect("the watch goes on");
            if let Some(found) = wanted(&event.what) {
                return found;
            }
        }
    };
    timeout(Duration::from_secs(20), search).await.expect("what was wanted comes")
}

fn believed(what: &What, state: BreakerState) -> Option<Belief> {
    match what {
        What::Believed(belief) if belief.state == state => Some(belief.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn pages_are_asked_and_believed() {
    // A second call in this process is refused, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let open = Arc::new(AtomicBool::new(true));
    let url = pages(open.clone()).await;
    let (emitter, mut stream) = stream(Clock::system());
    let (_tap, facts) = mpsc::channel(8);
    let stop = CancellationToken::new();
    let settings = BreakerSettings {
        health: Some(format!("{url}/health")),
        metrics: Some(format!("{url}/metrics")),
        period: Duration::from_millis(20),
        ..BreakerSettings::new(ENDPOINT)
    };
    let task = tokio::spawn(watch(settings, emitter, facts, stop.clone()));
    let belief = until(&mut stream, |what| believed(what, Open).filter(|belief| belief.agreeing == 2)).await;
    assert_eq!(belief.because, "metrics circuit_breaker_open = 1; health 503 Unavailable");
    open.store(false, Ordering::Relaxed);
    until(&mut stream, |what| match what {
        What::Testified(testimony) if testimony.witness == Witness::Health => {
            (testimony.says == Says::Not(Open)).then_some(())
        }
        _ => None,
    })
    .await;
    stop.cancel();
    timeout(Duration::from_secs(5), task).await.expect("it ends with its stop").unwrap();
}

#[tokio::test]
async fn absent_and_mute_pages_are_told_with_the_reason() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = pages(Arc::default()).await;
    let cases = [
        (Some(format!("{url}/gone")), None, Source::Health, "is not there (404)"),
        (Some("nonsense".to_owned()), None, Source::Health, "its URL cannot be read"),
        (Some("http://127.0.0.1:9/".to_owned()), None, Source::Health, "nobody listens there"),
        (None, Some(format!("{url}/plain")), Source::Metrics, "no breaker's series on the page"),
    ];
    for (health, metrics, wanted, text) in cases {
        let (emitter, mut stream) = stream(Clock::system());
        let (_tap, facts) = mpsc::channel(8);
        let period = Duration::from_millis(20);
        let settings = BreakerSettings { health, metrics, period, ..BreakerSettings::new(ENDPOINT) };
        let stop = CancellationToken::new();
        tokio::spawn(watch(settings, emitter, facts, stop.clone()));
        let reason = until(&mut stream, |what| match what {
            What::SourceChanged { source, state } if *source == wanted => match state {
                SourceState::Live => None,
                SourceState::Reconnecting { reason } | SourceState::Absent { reason } => Some(reason.clone()),
            },
            _ => None,
        })
        .await;
        assert!(reason.contains(text), "{reason}");
        stop.cancel();
    }
}

/// What a metrics page is believed to mean at two looks half a second apart.
fn two_looks(counted: [u32; 2], states: [&str; 2]) -> Vec<BreakerState> {
    let at = |ms: i64| Timestamp::from_millisecond(1_763_816_700_000 + ms).unwrap();
    let mut court = Court::new(ENDPOINT, None);
    let mut believed = Vec::new();
    for (i, (count, state)) in counted.into_iter().zip(states).enumerate() {
        let page = format!(
            "circuit_breaker_state{{name=\"p\",state=\"{state}\"}} 1\n\
             circuit_breaker_transitions_total{{name=\"p\",to=\"half_open\"}} {count}\n"
        );
        let reading = super::metrics::read(&page).unwrap();
        let testimony = Testimony { witness: Witness::Metrics, says: reading.says, ground: reading.ground };
        let now = at(i as i64 * 500);
        believed.extend(court.count(now, &testimony, reading.turns));
        court.hear(now, &testimony);
        believed.push(court.judge(now).1);
    }
    let moments: Vec<i64> =
        believed.iter().map(|belief| belief.since.as_millisecond() - at(0).as_millisecond()).collect();
    assert!(moments.is_sorted(), "{moments:?}");
    believed.iter().map(|belief| belief.state).collect()
}

#[test]
fn a_trial_between_two_looks_is_told_by_its_counter_alone() {
    assert_eq!(two_looks([0, 1], ["open", "open"]), [Open, HalfOpen, Open]);
    assert_eq!(two_looks([0, 1], ["open", "closed"]), [Open, HalfOpen, Closed]);
    // Nothing was counted, or a new process counts from nothing, or it is still seen.
    assert_eq!(two_looks([1, 1], ["open", "open"]), [Open, Open]);
    assert_eq!(two_looks([3, 0], ["open", "open"]), [Open, Open]);
    assert_eq!(two_looks([0, 1], ["open", "half_open"]), [Open, HalfOpen]);
    assert_eq!(two_looks([0, 1], ["closed", "closed"]), [Closed, Closed]);
}

/// A bystander's pod as the watch tells of it.
fn bystander(restarts: u32, ready: bool) -> What {
    let name = "consumer-1".to_owned();
    What::PodSeen(crate::session::event::Pod {
        key: crate::session::event::PodKey { namespace: "default".to_owned(), uid: "u".to_owned(), name },
        owner: Some("consumer".to_owned()),
        phase: crate::session::event::PodPhase::Running,
        status: "Running".to_owned(),
        containers: vec![crate::session::event::Container {
            name: "app".to_owned(),
            image: "consumer:1".to_owned(),
            ready,
            restarts,
            waiting: None,
            last_end: None,
        }],
        node: None,
        ip: None,
        created: None,
        deleting: None,
        liveness: None,
        in_play: true,
    })
}

#[test]
fn while_its_pod_is_started_again_nothing_is_believed_of_its_breaker() {
    let at = |ms: i64| Timestamp::from_millisecond(1_763_816_700_000 + ms).unwrap();
    let says = |says| Testimony { witness: Witness::Metrics, says, ground: "a page".to_owned() };
    let mut court = Court::new(ENDPOINT, None);
    let mut seq = 0;
    let mut follow = |court: &mut Court, ms, what| {
        seq += 1;
        court.follow(&Event { seq, at: at(ms), what });
    };
    follow(&mut court, 0, bystander(0, true));
    court.hear(at(0), &says(Says::State(Open)));
    assert_eq!(court.judge(at(100)).1.state, Open);
    follow(&mut court, 200, bystander(1, false));
    let belief = court.judge(at(300)).1;
    assert_eq!(belief.state, Unknown, "{}", belief.because);
    assert!(belief.because.contains("started again"), "{}", belief.because);
    // A page that speaks is believed at once: only a new process can have answered.
    court.hear(at(400), &says(Says::State(Closed)));
    assert_eq!(court.judge(at(500)).1.state, Closed);
    follow(&mut court, 4_000, bystander(1, true));
    assert!(!court.judge(at(4_100)).1.because.contains("started again"));
}

#[tokio::test]
async fn pages_are_asked_with_the_headers_of_the_endpoint() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = pages(Arc::default()).await;
    let known = crate::provider::http::Access::default().with_header("Authorization", "Bearer t").unwrap();
    for (access, wanted) in [(known, Says::Not(Open)), (Default::default(), Says::Nothing)] {
        let (emitter, mut stream) = stream(Clock::system());
        let (_tap, facts) = mpsc::channel(8);
        let stop = CancellationToken::new();
        let metrics = Some(format!("{url}/closed"));
        let settings = BreakerSettings { metrics, access: Ok(access), ..BreakerSettings::new(ENDPOINT) };
        tokio::spawn(watch(settings, emitter, facts, stop.clone()));
        let says = until(&mut stream, |what| match what {
            What::Testified(testimony) if testimony.witness == Witness::Metrics => Some(testimony.says),
            _ => None,
        });
        assert_eq!(says.await, wanted);
        stop.cancel();
    }
}

/// What goes on for seconds and is known not to end is no call that hangs: nothing follows about a breaker.
#[test]
fn answers_that_do_not_end_say_nothing_about_a_breaker() {
    let start: Timestamp = "2026-11-22T13:05:00Z".parse().unwrap();
    let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
    for endless in [true, false] {
        let mut court = super::belief::Court::new(ENDPOINT, None);
        let mut follow = |seconds: f64, what: What| court.follow(&Event { seq: 0, at: at(seconds), what });
        for number in 0..60_u64 {
            let seconds = number as f64 / 2.0;
            follow(seconds, What::RequestSent { endpoint: ENDPOINT, request: RequestId(number) });
            if number == 6 && endless {
                follow(seconds, What::AnswersEnd { endpoint: ENDPOINT, end: false });
            }
        }
        let belief = court.judge(at(30.0)).1;
        let wanted = if endless { BreakerState::Unknown } else { BreakerState::NoneSeen };
        assert_eq!(belief.state, wanted, "{}", belief.because);
    }
}
