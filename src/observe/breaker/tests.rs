//! Tests of the loop against real pages on loopback.

use super::{BreakerSettings, watch};
use crate::session::{
    clock::Clock,
    event::{Belief, BreakerState, EndpointId, EventKind, Source, SourceClaim, SourceKind, SourceState},
    stream::{Stream, stream},
};
use BreakerState::Open;
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

/// A consumer's pages: `/health` and `/metrics` follow `open`, any unknown path gives 404.
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
                        Some("/drips") => ("200 OK", "circuit_breaker_open 0\n".to_owned()),
                        Some("/plain") => ("200 OK", "requests_total 7\n".to_owned()),
                        _ => ("404 Not Found", String::new()),
                    };
                    let more = if request.starts_with("GET /drips") { 1000 } else { 0 };
                    let length = body.len() + more;
                    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
                    let _ = connection.write_all((head + &body).as_bytes()).await;
                }
            });
        }
    });
    url
}

async fn until<T>(stream: &mut Stream, wanted: impl Fn(&EventKind) -> Option<T>) -> T {
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

fn believed(what: &EventKind, state: BreakerState) -> Option<Belief> {
    match what {
        EventKind::Believed(belief) if belief.state == state => Some(belief.clone()),
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
    let belief = until(&mut stream, |what| believed(what, Open)).await;
    assert!(belief.because.starts_with("metrics circuit_breaker_open = 1 (open)"), "{}", belief.because);
    open.store(false, Ordering::Relaxed);
    until(&mut stream, |what| match what {
        EventKind::Testified(report) if report.witness == SourceKind::Health => {
            (report.says == SourceClaim::Nothing && report.failing == Some(false)).then_some(())
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
        (Some("http://127.0.0.1:9/".to_owned()), None, Source::Health, "connection failed"),
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
            EventKind::SourceChanged { source, state } if *source == wanted => match state {
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

#[tokio::test]
async fn pages_are_asked_with_the_headers_of_the_endpoint() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = pages(Arc::default()).await;
    let known = crate::provider::http::Access::default().with_header("Authorization", "Bearer t").unwrap();
    for (access, wanted) in [(known, "Live"), (Default::default(), "401")] {
        let (emitter, mut stream) = stream(Clock::system());
        let (_tap, facts) = mpsc::channel(8);
        let stop = CancellationToken::new();
        let metrics = Some(format!("{url}/closed"));
        let settings = BreakerSettings { metrics, access: Ok(access), ..BreakerSettings::new(ENDPOINT) };
        tokio::spawn(watch(settings, emitter, facts, stop.clone()));
        let state = until(&mut stream, |what| match what {
            EventKind::SourceChanged { source: Source::Metrics, state } => Some(format!("{state:?}")),
            _ => None,
        });
        let state = state.await;
        assert!(state.contains(wanted), "{state}");
        stop.cancel();
    }
}

/// A source's line gives the reason of its silence: a page that was read and is gone, and one that is too long for the
/// poll.
#[tokio::test]
async fn silence_is_told_with_its_reason() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = pages(Arc::default()).await;
    let (emitter, mut stream) = stream(Clock::system());
    let (_tap, facts) = mpsc::channel(8);
    let stop = CancellationToken::new();
    let metrics = Some(format!("{url}/drips"));
    let settings = BreakerSettings { metrics, ..BreakerSettings::new(ENDPOINT) };
    tokio::spawn(watch(settings, emitter, facts, stop.clone()));
    let ground = until(&mut stream, |what| match what {
        EventKind::Testified(said) if said.witness == SourceKind::Metrics => {
            Some((said.says, said.ground.clone()))
        }
        _ => None,
    })
    .await;
    assert!(
        ground.0 == SourceClaim::Nothing && ground.1.contains("not read to its end within 2 s"),
        "{ground:?}"
    );
    stop.cancel();
}
