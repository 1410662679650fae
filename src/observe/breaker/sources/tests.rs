//! JSON pages and event streams as libraries write them, from `tests/expositions`; and malicious pages.

use super::{
    actuator::ActuatorReader,
    health,
    hystrix::HystrixStream,
    page_poller::{Page, PageKind, PollEnd, ReaderOutput, read},
    page_route::PageRoute,
};
use crate::{
    observe::breaker::reading::{Reading, SourceId, SourceMessage},
    provider::http::Access,
    session::{
        clock::Clock,
        event::{BreakerState, EventKind, Level, NamedBreaker, SourceClaim, SourceKind, Timestamp},
        stream::{Stream, stream},
    },
};
use jiff::SignedDuration;
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything on loopback takes, even on a busy machine.
const LONG: Duration = Duration::from_secs(30);

fn word(says: SourceClaim) -> &'static str {
    match says {
        SourceClaim::Nothing => "unread",
        SourceClaim::Not(BreakerState::Closed) => "not_closed",
        SourceClaim::Not(_) => "not_open",
        SourceClaim::State(state) => match state {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
            BreakerState::ForcedOpen => "forced_open",
            BreakerState::Disabled => "disabled",
            BreakerState::MetricsOnly => "metrics_only",
            BreakerState::Mixed => "mixed",
            _ => "no state",
        },
    }
}

/// The differences between what was read and what the table expects.
fn wrong(page: &Value, found: &[NamedBreaker], now: Timestamp, figures: bool) -> Vec<String> {
    let file = page["file"].as_str().unwrap();
    let mut wrong = Vec::new();
    let named = page["breakers"].as_array().cloned().unwrap_or_default();
    for one in &named {
        let names: Vec<&str> = std::iter::once(&one["name"])
            .chain(one["labels"].as_object().into_iter().flat_map(|labels| labels.values()))
            .filter_map(Value::as_str)
            .collect();
        let mine = found.iter().find(|found| names.contains(&found.name.as_str()));
        let said = mine.map_or("unread", |found| word(found.says));
        let must = one["state"].as_str().unwrap();
        let accepted = one["accept"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if !std::iter::once(must).chain(accepted).any(|accepted| accepted == said) {
            wrong.push(format!("{file}: {names:?} is {must}, not {said}"));
        }
        let Some(mine) = mine.filter(|_| figures) else { continue };
        let counts = mine.counts.unwrap_or_default();
        for (figure, must) in one["figures"].as_object().into_iter().flatten() {
            let read = match figure.as_str() {
                "rejected" => mine.rejected.map(|count| count as f64),
                "failure_rate_percent" => counts.failure_percent,
                "trips_at_percent" => counts.trips_at_percent,
                "calls_in_window" => counts.calls.map(|count| count as f64),
                "window_needs_calls" => counts.min_calls.map(|count| count as f64),
                "sleep_ms" => mine.sleep_window_s.map(|seconds| seconds * 1000.0),
                "next_trial_ms" => mine.next_trial.map(|at| at.duration_since(now).as_millis_f64()),
                _ => continue,
            };
            if read != must.as_f64() {
                wrong.push(format!("{file}: {figure} is {must}, not {read:?}"));
            }
        }
        if let Some(since) = one["since_ms"].as_i64() {
            let last = mine.transitions.last().map(|last| last.at.as_millisecond());
            if last != Some(since) {
                wrong.push(format!("{file}: since {since}, not {last:?}"));
            }
        }
    }
    let unnamed = found.iter().filter(|one| one.says != SourceClaim::Nothing && named.is_empty());
    wrong.extend(unnamed.map(|one| format!("{file}: nothing may be said, not {}", one.ground)));
    wrong
}

#[test]
fn pages_of_json_and_streams_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expositions");
    let table: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("table.json")).unwrap()).unwrap();
    let (mut faults, mut pages) = (Vec::new(), 0);
    for case in table["cases"].as_array().unwrap() {
        let (mut reader, mut hystrix) = (ActuatorReader::default(), HystrixStream::default());
        let path = case["paths"][0].as_str().unwrap_or_default();
        for page in case["pages"].as_array().unwrap() {
            let file = page["file"].as_str().unwrap();
            let (json, sse) = (
                std::path::Path::new(file).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("json")),
                std::path::Path::new(file).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("sse")),
            );
            if !json && !sse {
                continue;
            }
            pages += 1;
            let body = std::fs::read(folder.join(file)).unwrap();
            let at = page["received_ms"].as_i64().unwrap_or(1_763_816_700_000);
            let now = Timestamp::from_millisecond(at).unwrap();
            let status = u16::try_from(page["status"].as_u64().unwrap_or(200)).unwrap();
            let source = SourceId::at_users_url(SourceKind::Actuator, path);
            let reading: Reading = if sse {
                body.chunks(100).for_each(|piece| hystrix.feed(piece, now, SignedDuration::ZERO));
                hystrix.reading(source, now)
            } else if path.contains("circuitbreakerevents") {
                assert!(reader.events(&body, true, now, SignedDuration::ZERO), "{file}");
                reader.by_events(source)
            } else if let Some(listed) = reader.read(source.clone(), &body, now) {
                listed.reading
            } else {
                health::read(source, status, &String::from_utf8_lossy(&body), false)
            };
            let figures = !path.contains("health");
            faults.extend(wrong(page, &reading.breakers, now, figures));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(pages >= 30, "{pages}");
}

// -- malicious pages -------------------------------------------------------------------------------------------------

/// A server whose every response `answer` writes, given the head of the request.
async fn server<Answering: Future<Output = ()> + Send + 'static>(
    answer: impl Fn(String, TcpStream) -> Answering + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let answer = Arc::new(answer);
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = stream.read(&mut head).await.unwrap_or(0);
                answer(String::from_utf8_lossy(&head[..length]).into_owned(), stream).await;
            });
        }
    });
    url
}

fn head(content_type: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {content_type}\r\n\r\n")
}

struct Rig {
    out: ReaderOutput,
    hears: mpsc::Receiver<SourceMessage>,
    stop: CancellationToken,
    stream: Stream,
}

impl Rig {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (emitter, stream) = stream(Clock::system());
        let (heard, hears) = mpsc::channel(16);
        let out = ReaderOutput::new(emitter, heard);
        Self { out, hears, stop: CancellationToken::new(), stream }
    }

    fn page(&self, url: &str, path: &str, kind: PageKind) -> Page {
        let (reach, _) = PageRoute::direct(url, &Access::default()).unwrap();
        let id = SourceId::at_users_url(SourceKind::Metrics, path);
        let period = Duration::from_millis(50);
        Page {
            route: reach,
            id,
            path: path.to_owned(),
            kind,
            period,
            rules: Vec::new(),
            tells: None,
            named: true,
        }
    }

    fn begin(&self, url: &str, path: &str, kind: PageKind) -> tokio::task::JoinHandle<PollEnd> {
        tokio::spawn(read(self.page(url, path, kind), self.out.clone(), self.stop.clone(), || {}))
    }

    async fn hear(&mut self) -> SourceMessage {
        timeout(LONG, self.hears.recv()).await.expect("something is heard").unwrap()
    }
}

#[tokio::test]
async fn a_page_without_an_end_and_one_that_drips_are_silence() {
    let endless = server(async |_, mut stream| {
        let _ = stream.write_all(head("text/plain").as_bytes()).await;
        let line = b"circuit_breaker_state{name=\"p\",state=\"open\"} 1\n".repeat(1000);
        while stream.write_all(&line).await.is_ok() {}
    })
    .await;
    let drip = server(async |_, mut stream| {
        let _ = stream.write_all(head("text/plain").as_bytes()).await;
        while stream.write_all(b"c").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    for url in [endless, drip] {
        let mut rig = Rig::new();
        let task = rig.begin(&url, "/metrics", PageKind::Metrics);
        let SourceMessage::Silent { reason, .. } = rig.hear().await else {
            panic!("nothing was read to its end")
        };
        assert!(reason.contains("not read to its end"), "{reason}");
        let told = timeout(LONG, rig.stream.next()).await.unwrap().map(|event| event.what);
        let Some(EventKind::Logged { level: Level::Warning, message, .. }) = told else { panic!("{told:?}") };
        assert!(
            message.starts_with("/metrics gives no breaker state") && message.contains(&reason),
            "{message}"
        );
        rig.stop.cancel();
        assert_eq!(timeout(LONG, task).await.unwrap().unwrap(), PollEnd::Stopped);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_no_other_server_is_asked() {
    let other = server(async |_, _| panic!("nobody asked for this one")).await;
    let url = server(move |_, mut stream| {
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {other}/metrics\r\ncontent-length: 0\r\n\r\n");
        async move {
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await;
    for kind in [PageKind::Metrics, PageKind::Health, PageKind::Breakers, PageKind::Any] {
        let mut rig = Rig::new();
        let _task = rig.begin(&url, "/metrics", kind);
        let SourceMessage::Silent { reason, .. } = rig.hear().await else { panic!("a redirect is no page") };
        assert!(reason.contains("302"), "{kind:?}: {reason}");
        rig.stop.cancel();
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_forgotten_unless_it_was_named() {
    let url = server(async |_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    })
    .await;
    let rig = Rig::new();
    for kind in [PageKind::Metrics, PageKind::Health, PageKind::Breakers, PageKind::Stream, PageKind::Mesh] {
        let page = Page { named: false, ..rig.page(&url, "/x", kind) };
        let end = timeout(LONG, read(page, rig.out.clone(), rig.stop.clone(), || {})).await.unwrap();
        assert_eq!(end, PollEnd::Gone("404".to_owned()), "{kind:?}");
    }
    assert_eq!(rig.out.load.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_breakers_of_an_actuator_come_with_the_moments_of_their_events() {
    let url = server(async |head, mut stream| {
        let body = if head.starts_with("GET /actuator/circuitbreakerevents/provider/STATE_TRANSITION ") {
            r#"{"circuitBreakerEvents":[{"circuitBreakerName":"provider","type":"STATE_TRANSITION",
               "creationTime":"2025-11-22T14:05:01.202+01:00[Europe/Berlin]","stateTransition":"CLOSED_TO_OPEN"}]}"#
        } else {
            r#"{"circuitBreakers":{"provider":{"state":"OPEN","failureRate":"-1.0%","notPermittedCalls":3}}}"#
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    let mut rig = Rig::new();
    let _task = rig.begin(&url, "/actuator/circuitbreakers", PageKind::Breakers);
    let SourceMessage::Reading(reading) = rig.hear().await else { panic!("it is read") };
    let [breaker] = reading.breakers.as_slice() else { panic!("{:?}", reading.breakers) };
    assert_eq!((breaker.says, breaker.rejected), (SourceClaim::State(BreakerState::Open), Some(3)));
    assert_eq!(breaker.transitions[0].at, "2025-11-22T13:05:01.202Z".parse::<Timestamp>().unwrap());
    rig.stop.cancel();
}

fn json(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn opened(name: &str, more: &str) -> String {
    format!(
        r#"{{"circuitBreakerEvents":[{{"circuitBreakerName":"{name}","type":"STATE_TRANSITION",
           "creationTime":"2025-11-22T14:05:01.202+01:00[Europe/Berlin]","stateTransition":"CLOSED_TO_OPEN"}}{more}]}}"#
    )
}

#[tokio::test]
async fn a_page_of_events_tells_states_wherever_it_is() {
    let url = server(async |head, mut stream| {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = match path.as_str() {
            "/actuator/circuitbreakerevents" | "/internal/what-happened" => {
                json("200 OK", &opened("provider", ""))
            }
            _ => json("404 Not Found", "{}"),
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    for (path, kind) in
        [("/actuator/circuitbreakerevents", PageKind::Breakers), ("/internal/what-happened", PageKind::Any)]
    {
        let mut rig = Rig::new();
        let _task = rig.begin(&url, path, kind);
        let SourceMessage::Reading(reading) = rig.hear().await else { panic!("it is read") };
        let [breaker] = reading.breakers.as_slice() else { panic!("{:?}", reading.breakers) };
        assert_eq!(
            (breaker.says, breaker.name.as_str()),
            (SourceClaim::State(BreakerState::Open), "provider")
        );
        assert_eq!(breaker.transitions.len(), 1, "the exact moment");
        assert_eq!(reading.source.kind, SourceKind::Actuator);
        rig.stop.cancel();
    }
}

#[tokio::test]
async fn where_a_page_lists_names_alone_their_events_tell_until_the_process_is_another() {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let url = server(move |head, mut stream| {
        let asked = asked.clone();
        async move {
            let answer = match head.split(' ').nth(1).unwrap_or_default() {
                "/actuator/circuitbreakers" => json("200 OK", r#"{"circuitBreakers":["pro vider"]}"#),
                "/actuator/circuitbreakerevents/pro%20vider" => {
                    let more = r#",{"circuitBreakerName":"pro vider","type":"NOT_PERMITTED","creationTime":"2025-11-22T14:05:02+01:00"}"#;
                    match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                        0..3 => json("200 OK", &opened("pro vider", more)),
                        // The ring is shorter, so the process was restarted.
                        _ => json(
                            "200 OK",
                            r#"{"circuitBreakerEvents":[{"circuitBreakerName":"pro vider","type":"SUCCESS","creationTime":"2025-11-22T14:06:02+01:00"}]}"#,
                        ),
                    }
                }
                _ => json("404 Not Found", "{}"),
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await;
    let mut rig = Rig::new();
    let _task = rig.begin(&url, "/actuator/circuitbreakers", PageKind::Breakers);
    let mut said = Vec::new();
    while said.last() != Some(&SourceClaim::Nothing) {
        let SourceMessage::Reading(reading) = rig.hear().await else { panic!("it is read") };
        said.push(reading.breakers[0].says);
    }
    assert_eq!(
        said,
        [
            SourceClaim::State(BreakerState::Open),
            SourceClaim::State(BreakerState::Open),
            SourceClaim::State(BreakerState::Open),
            SourceClaim::Nothing
        ]
    );
    rig.stop.cancel();
}

#[tokio::test]
async fn one_connection_to_a_stream_is_held_and_one_listener_too_many_is_told() {
    let connections = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = connections.clone();
    let url = server(move |_, mut stream| {
        let number = counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            if number == 0 {
                let _ = stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await;
                return;
            }
            let _ = stream.write_all(head("text/event-stream;charset=UTF-8").as_bytes()).await;
            loop {
                let now = Timestamp::now().as_millisecond();
                let record = format!(
                    "data: {{\"type\":\"HystrixCommand\",\"name\":\"p\",\"group\":\"g\",\"currentTime\":{now},\
                     \"isCircuitBreakerOpen\":true}}\n\n"
                );
                if stream.write_all(record.as_bytes()).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    })
    .await;
    let mut rig = Rig::new();
    let _task = rig.begin(&url, "/hystrix.stream", PageKind::Stream);
    let SourceMessage::Silent { reason, .. } = rig.hear().await else { panic!("the first is refused") };
    assert!(reason.contains("503") && reason.contains("too many"), "{reason}");
    let mut heard = 0;
    while heard < 4 {
        if let SourceMessage::Reading(reading) = rig.hear().await
            && let [breaker] = reading.breakers.as_slice()
        {
            assert_eq!(breaker.says, SourceClaim::State(BreakerState::Open));
            heard += 1;
        }
    }
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 2, "one was refused, one is held");
    rig.stop.cancel();
}
