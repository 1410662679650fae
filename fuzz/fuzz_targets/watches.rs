//! What an API server answers to lists and watches.
//!
//! The first byte says of which kind of object; the rest are answers with a zero byte between them, the first to the
//! list, the others to the watches in turn. An answer that begins with `!` and three digits has that status.

#![no_main]

use bytes::Bytes;
use chaos_tui::{
    cluster::Connection,
    observe::pods::{InPlay, Interest, watch},
    session::{Session, clock::Clock, event::EventKind, stream::stream},
};
use chaos_tui_fuzz::{applied, mutate_json_lines};
use http_body_util::Full;
use jiff::Timestamp;
use kube::client::Body;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const PATHS: [&str; 5] = ["/pods", "/services", "/endpointslices", "/deployments", "/events"];

/// Its time advances by itself whenever all wait.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
});

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let path = PATHS[usize::from(*kind) % PATHS.len()];
    let answers: VecDeque<Vec<u8>> = rest.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    let answers = Arc::new(Mutex::new(answers));
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let mine = request.uri().path().ends_with(path);
        let next = || answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = mine.then(next).flatten();
        async move {
            match answer {
                Some(answer) => Ok::<_, Infallible>(response(&answer)),
                None => std::future::pending().await,
            }
        }
    });
    RUNTIME.block_on(async {
        // One clock for all inputs: each keeps some bytes for good.
        static CLOCK: LazyLock<Clock> = LazyLock::new(|| {
            Clock::starting_at(Timestamp::from_second(1_795_352_700).expect("a valid second"))
        });
        let (emitter, mut stream) = stream(*CLOCK);
        let connection = Connection::over(kube::Client::new(service, "default"), "fuzz");
        let stop = CancellationToken::new();
        let (_interest, interest) = tokio::sync::watch::channel(Interest::default());
        let watching =
            watch(&connection, InPlay::new("default"), emitter, interest, stop.clone()).expect("a client");
        let mut session = Session::new();
        let mut seen = false;
        // The pauses before a watch is tried again are shorter.
        let reading = async {
            while let Some(event) = stream.next().await {
                seen |=
                    !matches!(event.what, EventKind::SourceChanged { .. } | EventKind::PodsCounted { .. });
                session.apply(&event);
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(3), reading).await;
        stop.cancel();
        watching.await.expect("the watch panicked");
        applied(seen);
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json_lines(data, size, max_size, seed)
});

fn response(answer: &[u8]) -> http::Response<Full<Bytes>> {
    let status = answer.strip_prefix(b"!").and_then(|rest| rest.split_at_checked(3));
    let status = status.and_then(|(code, body)| Some((http::StatusCode::from_bytes(code).ok()?, body)));
    let (status, body) = status.unwrap_or((http::StatusCode::OK, answer));
    let mut response = http::Response::new(Full::new(Bytes::copy_from_slice(body)));
    *response.status_mut() = status;
    response
}
