//! Reads one log as it is written, at a limited rate.

use super::Redact;
use crate::session::{
    event::{EventKind, LogSource, PodLine, Timestamp},
    stream::Emitter,
};
use futures_util::{AsyncRead, AsyncReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use std::{future::Future, pin::pin, time::Duration};

/// The number of past lines that are read.
const TAIL: i64 = 200;
/// The maximum number of past bytes read of a container that has ended.
const PAST: i64 = 256 << 10;
/// The number of bytes read at once.
const CHUNK: usize = 16 << 10;
/// The pause after each chunk: a log written faster than one chunk per tick is read late but completely, at the same
/// cost.
const TICK: Duration = Duration::from_millis(100);
/// The maximum number of characters kept of a line.
const LONGEST: usize = 1000;

/// Reads a log to its end and emits its lines; returns whether it could be read.
pub(super) async fn read(api: Api<Pod>, source: LogSource, emitter: Emitter, redact: Redact) -> bool {
    emitter.emit(EventKind::PodLogOpened { source: source.clone() }).await;
    let parameters = LogParams {
        container: Some(source.container.clone()),
        follow: !source.previous,
        previous: source.previous,
        tail_lines: Some(TAIL),
        limit_bytes: source.previous.then_some(PAST),
        timestamps: true,
        ..LogParams::default()
    };
    let failed = match api.log_stream(&source.pod.name, &parameters).await {
        Ok(stream) => {
            let reported = async |lines: Vec<PodLine>| {
                emitter.emit(EventKind::PodLogged { source: source.clone(), lines }).await;
            };
            lines(stream, &redact, reported).await.err().map(|error| error.to_string())
        }
        Err(error) => Some(crate::cluster::answer_text(&error)),
    };
    let well = failed.is_none();
    emitter.emit(EventKind::PodLogClosed { source, failed }).await;
    well
}

/// Splits the log into lines and passes the lines of each chunk to `tell`.
pub(super) async fn lines<Told: Future<Output = ()>>(
    stream: impl AsyncRead,
    redact: &Redact,
    mut tell: impl FnMut(Vec<PodLine>) -> Told,
) -> std::io::Result<()> {
    let mut stream = pin!(stream);
    let mut chunk = vec![0; CHUNK];
    let mut rest = Vec::new();
    loop {
        let length = stream.read(&mut chunk).await?;
        let mut found = Vec::new();
        for byte in chunk.iter().take(length) {
            match byte {
                b'\n' => found.push(line(&std::mem::take(&mut rest), redact)),
                // The buffer of an endless line must stay bounded.
                _ if rest.len() < LONGEST * 4 => rest.push(*byte),
                _ => {}
            }
        }
        if length == 0 && !rest.is_empty() {
            found.push(line(&rest, redact));
        }
        if !found.is_empty() {
            tell(found).await;
        }
        if length == 0 {
            return Ok(());
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Parses a line and the timestamp that the API server puts before it.
fn line(bytes: &[u8], redact: &Redact) -> PodLine {
    let text = String::from_utf8_lossy(bytes);
    let (at, text) = match text.split_once(' ') {
        Some((stamp, rest)) => match stamp.parse::<Timestamp>() {
            Ok(at) => (Some(at), rest),
            Err(_) => (None, text.as_ref()),
        },
        None => (None, text.as_ref()),
    };
    PodLine { at, text: redact(text.chars().take(LONGEST).collect()) }
}
