//! Tests of the probe against real servers on loopback: one that answers, one that hangs, one that refuses, one that
//! hangs up.

mod ends;
mod manners;
mod trust;
mod ways;

use super::{EndpointSettings, watch};
use crate::{
    observe::absence::AbsenceDetector,
    provider::http::Access,
    session::{
        Event, Session,
        clock::Clock,
        event::{AnswerKind, EndpointId, ErrorKind, EventKind, SourceState},
        stream::{Stream, stream},
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// A probe whose events are awaited one by one, and the session state reduced from them.
struct Probe {
    stream: Stream,
    session: Session,
    stop: CancellationToken,
    fault: CancellationToken,
}

impl Probe {
    fn start(url: String, change: impl FnOnce(&mut EndpointSettings)) -> Self {
        // A second call in this process is refused, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (emitter, stream) = stream(Clock::system());
        let (stop, fault) = (CancellationToken::new(), CancellationToken::new());
        let mut settings = EndpointSettings::new(EndpointId(0), url);
        settings.fault = fault.clone();
        change(&mut settings);
        tokio::spawn(watch(settings, emitter, stop.clone()));
        Self { stream, session: Session::new(), stop, fault }
    }

    /// The first event for which `wanted` returns a value; applies all events up to it.
    async fn until<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.stream.next().await.expect("the probe goes on");
                self.session.apply(&event);
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        };
        timeout(Duration::from_secs(20), search).await.expect("what was wanted comes")
    }

    async fn answer(&mut self) -> crate::session::event::Answer {
        self.until(|event| match &event.what {
            EventKind::Answered(answer) => Some(answer.clone()),
            _ => None,
        })
        .await
    }
}

/// A server that passes each connection to `serve`; returns its URL.
async fn server<F, S>(serve: S) -> String
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/invoke?token=geheim", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    url
}

/// Answers each request of a connection with the result of `body`, until the client hangs up.
async fn answering(mut connection: TcpStream, body: impl Fn() -> (&'static str, String)) {
    let mut buffer = [0; 4096];
    while connection.read(&mut buffer).await.is_ok_and(|read| read > 0) {
        let (status, body) = body();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if connection.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Answers the request of a connection with the bytes that `say` makes of its text, then hangs up.
async fn saying(mut connection: impl AsyncRead + AsyncWrite + Unpin, say: impl Fn(&str) -> Vec<u8>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        match connection.read(&mut buffer).await {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let _ = connection.write_all(&say(&String::from_utf8_lossy(&request))).await;
    let _ = connection.shutdown().await;
}

/// An answer that closes its connection.
fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// The path of a request.
fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

/// The value of a request's header.
fn said<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = request.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The first answer, and the session reduced up to it.
async fn first(
    url: &str,
    change: impl FnOnce(&mut EndpointSettings),
) -> (crate::session::event::Answer, Session) {
    let mut probe = Probe::start(url.to_owned(), |settings| {
        settings.rate = 20.0;
        change(settings);
    });
    let answer = probe.answer().await;
    probe.stop.cancel();
    (answer, probe.session)
}

#[tokio::test]
async fn learns_what_is_real_and_notices_the_fallback_without_being_told() {
    let broken = Arc::new(AtomicBool::new(false));
    let switch = broken.clone();
    let url = server(move |connection| {
        let broken = broken.clone();
        answering(connection, move || {
            if broken.load(Ordering::Relaxed) {
                ("200 OK", "\"sorry,\\u0007 try later\"".to_owned())
            } else {
                ("200 OK", "\"5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c11\"".to_owned())
            }
        })
    })
    .await;
    let mut probe = Probe::start(url, |settings| settings.rate = 200.0);
    let words = probe.until(|event| match &event.what {
        EventKind::ShapeLearned { description, .. } => Some(description.clone()),
        _ => None,
    });
    assert_eq!(words.await, "JSON string, 38 bytes, application/json");
    switch.store(true, Ordering::Relaxed);
    let fallback = loop {
        let answer = probe.answer().await;
        if answer.kind == AnswerKind::Fallback {
            break answer;
        }
    };
    assert_eq!(fallback.excerpt.as_deref(), Some("\"sorry,\\u0007 try later\""));
    let endpoint = probe.session.users.main().unwrap();
    assert!(endpoint.url.ends_with("/invoke?..."), "a query may hold secrets: {}", endpoint.url);
    probe.stop.cancel();
    probe.until(|event| matches!(event.what, EventKind::EndpointLeft { .. }).then_some(())).await;
}

#[tokio::test]
async fn a_hung_request_neither_delays_the_others_nor_waits_longer_than_its_deadline() {
    // Every other connection hangs, beginning with the first: a connection that answers is reused, so no second one
    // would be opened. Each hung request keeps its own connection busy.
    let turn = Arc::new(AtomicBool::new(true));
    let url = server(move |mut connection: TcpStream| {
        let hangs = turn.fetch_xor(true, Ordering::Relaxed);
        async move {
            if hangs {
                // Reads all data and never answers.
                let mut sink = tokio::io::sink();
                let _ = tokio::io::copy(&mut connection, &mut sink).await;
            } else {
                answering(connection, || ("200 OK", "1".to_owned())).await;
            }
        }
    })
    .await;
    let deadline = Duration::from_millis(400);
    let mut probe = Probe::start(url, |settings| {
        settings.rate = 50.0;
        settings.deadline = deadline;
    });
    let (mut real, mut hung) = (0, 0);
    while hung < 1 || real < 20 {
        let answer = probe.answer().await;
        match answer.kind {
            AnswerKind::Real | AnswerKind::Unjudged => real += 1,
            AnswerKind::Error(ErrorKind::Timeout) => {
                hung += 1;
                assert!((400.0..2000.0).contains(&answer.waited_ms), "{}", answer.waited_ms);
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test]
async fn too_many_in_flight_are_withheld_and_counted() {
    let url = server(|mut connection: TcpStream| async move {
        let _ = tokio::io::copy(&mut connection, &mut tokio::io::sink()).await;
    })
    .await;
    let mut probe = Probe::start(url, |settings| {
        settings.rate = 2000.0;
        settings.deadline = Duration::from_secs(10);
    });
    probe.until(|event| matches!(event.what, EventKind::RequestWithheld { .. }).then_some(())).await;
    let endpoint = probe.session.users.main().unwrap();
    assert_eq!(endpoint.in_flight.len(), 800);
    assert_eq!(endpoint.baseline(endpoint.since).withheld, 1);
}

#[tokio::test]
async fn errors_have_their_kind() {
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let reset = server(|connection| async move { drop(connection) }).await;
    let mid_body = server(|mut connection: TcpStream| async move {
        let _ = connection.read(&mut [0; 4096]).await;
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    })
    .await;
    let bad_chunk = server(|connection| {
        saying(connection, |_| "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into())
    });
    let no_http = server(|connection| saying(connection, |_| "SSH-2.0-OpenSSH_9.6\r\n".into()));
    let (bad_chunk, no_http) = (bad_chunk.await, no_http.await);
    let plain = server(|connection| answering(connection, || ("200 OK", "1".to_owned()))).await;
    let server_error = server(|connection| answering(connection, || ("503 No", String::new()))).await;
    let client_error = server(|connection| answering(connection, || ("404 No", String::new()))).await;
    let cases = [
        (refused, ErrorKind::Refused, None),
        (reset, ErrorKind::Reset, None),
        (mid_body, ErrorKind::CutShort, None),
        (bad_chunk, ErrorKind::Protocol, None),
        (no_http, ErrorKind::Protocol, None),
        (plain.replace("http:", "https:"), ErrorKind::NotTls, None),
        ("http://name-that-does-not-exist.invalid/".to_owned(), ErrorKind::Dns, None),
        (server_error, ErrorKind::Server, Some(503)),
        (client_error, ErrorKind::Client, Some(404)),
    ];
    for (url, kind, status) in cases {
        let mut probe = Probe::start(url.clone(), |settings| settings.rate = 20.0);
        let answer = probe.answer().await;
        assert_eq!((answer.kind, answer.status), (AnswerKind::Error(kind), status), "{url}");
    }
}

#[tokio::test]
async fn what_cannot_be_probed_is_said_with_a_way_out() {
    let good = "http://127.0.0.1:1/".to_owned();
    type Change = fn(&mut EndpointSettings);
    let cases: [(String, Change, &str); 5] = [
        ("nonsense".to_owned(), |_| {}, "give a whole one"),
        ("ftp://user:geheim@host/".to_owned(), |_| {}, "neither http nor https"),
        (good.clone(), |settings| settings.rate = 0.0, "use one above 0"),
        (good.clone(), |settings| settings.method = "G T".to_owned(), "no HTTP method"),
        (good, |settings| settings.access = Access::default().with_header("x y", "geheim"), "header"),
    ];
    for (url, change, wanted) in cases {
        let mut probe = Probe::start(url, change);
        let reason = probe
            .until(|event| match &event.what {
                EventKind::SourceChanged { state: SourceState::Absent { reason }, .. } => {
                    Some(reason.clone())
                }
                _ => None,
            })
            .await;
        assert!(reason.contains(wanted), "{reason}");
        assert!(!reason.contains("geheim"), "{reason}");
    }
}

#[tokio::test]
async fn nothing_is_learned_from_a_broken_system() {
    let url = server(|connection| answering(connection, || ("200 OK", "\"sorry\"".to_owned()))).await;
    let mut probe = Probe::start(url, |settings| settings.rate = 200.0);
    probe.fault.cancel();
    for _ in 0..60 {
        assert_eq!(probe.answer().await.kind, AnswerKind::Unjudged);
    }
    assert_eq!(probe.session.users.main().unwrap().shape, None);
}

/// Nothing in this process runs for a second, neither the probe nor the server, so no user waited.
#[tokio::test]
async fn a_gap_of_our_own_makes_nobody_wait_and_sends_no_burst() {
    let url = server(|connection| answering(connection, || ("200 OK", "1".to_owned()))).await;
    let presence = AbsenceDetector::new(Clock::system());
    let known = presence.clone();
    let mut probe = Probe::start(url, move |settings| {
        settings.rate = 50.0;
        settings.presence = known;
    });
    for _ in 0..10 {
        probe.answer().await;
    }
    let before = probe.session.users.main().unwrap().baseline(probe.session.last.unwrap()).sent;
    // The stall: this runtime has one thread.
    std::thread::sleep(Duration::from_millis(1200));
    for _ in 0..10 {
        let answer = probe.answer().await;
        assert!(answer.waited_ms < 600.0, "{answer:?}");
    }
    let now = probe.session.last.unwrap();
    let sent = probe.session.users.main().unwrap().baseline(now).sent - before;
    assert!(presence.count() >= 1 && sent < 40, "{sent} were sent, sixty were due meanwhile");
}
