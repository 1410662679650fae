//! One log, read as it is written, never faster than it can be told.

use super::Redact;
use crate::session::{
    event::{EventKind, LogSource, PodLine, Timestamp},
    stream::Emitter,
};
use futures_util::{AsyncRead, AsyncReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use std::{future::Future, pin::pin, time::Duration};

/// Lines of the past that are read.
const TAIL: i64 = 200;
/// Bytes of the past that are read of a container that has ended.
const PAST: i64 = 256 << 10;
/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;
/// The pause after each: what is written faster than a chunk a tick is read late, not dropped, and costs no more.
const TICK: Duration = Duration::from_millis(100);
/// Characters kept of a line.
const LONGEST: usize = 1000;

/// Reads a log to its end and tells it; gives whether it could be read.
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
            let told = async |lines: Vec<PodLine>| {
                emitter.emit(EventKind::PodLogged { source: source.clone(), lines }).await;
            };
            lines(stream, &redact, told).await.err().map(|error| error.to_string())
        }
        Err(error) => Some(crate::cluster::answer(&error)),
    };
    let well = failed.is_none();
    emitter.emit(EventKind::PodLogClosed { source, failed }).await;
    well
}

/// Splits what is read into lines and tells those of each chunk together.
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
                // A line without end must not grow without end.
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

/// A line with the time that the API server writes before it.
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
