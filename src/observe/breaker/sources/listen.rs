//! Reads one event stream.

use super::{
    super::reading::SourceMessage,
    hystrix::HystrixStream,
    page_poller::{DEADLINE, Page, PollEnd, ReaderOutput, pause},
    page_route::PageError,
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// A stream without any data for this long is dead.
const IDLE: Duration = Duration::from_secs(10);
/// The minimum interval between two readings of a stream, and the maximum interval while the connection lasts.
const TELL: Duration = Duration::from_millis(200);
const STILL: Duration = Duration::from_secs(1);
/// The maximum number of bytes per second read of a stream.
const STREAM_PER_S: usize = 512 * 1024;

/// How a connection to a stream ended.
enum Ended {
    Stopped,
    Gone(String),
    Denied(String),
    /// The connection broke; the flag is whether it was established before.
    Broke(String, bool),
}

/// Holds one connection to a stream, and reconnects with growing pauses when it breaks.
pub(super) async fn read_stream(
    page: Page,
    out: ReaderOutput,
    stop: &CancellationToken,
    first: impl FnOnce() + Send,
) -> PollEnd {
    let mut first = Some(first);
    let (mut lived, mut failures) = (false, 0);
    loop {
        let ended = read_connection(&page, &out, stop, &mut first).await;
        let why = match ended {
            Ended::Stopped => return PollEnd::Stopped,
            Ended::Denied(why) => return PollEnd::Denied(why),
            Ended::Gone(why) if !lived && !page.named => return PollEnd::Gone(why),
            Ended::Gone(why) => format!("it is not there ({why})"),
            Ended::Broke(why, heard) => {
                if heard {
                    (lived, failures) = (true, 0);
                }
                why
            }
        };
        let silent = SourceMessage::Silent { source: page.id.clone(), reason: why };
        if (lived || page.named) && out.sender.send(silent).await.is_err() {
            return PollEnd::Stopped;
        }
        let rest = pause(failures);
        failures += 1;
        if stop.run_until_cancelled(sleep(rest)).await.is_none() {
            return PollEnd::Stopped;
        }
    }
}

async fn read_connection(
    page: &Page,
    out: &ReaderOutput,
    stop: &CancellationToken,
    first: &mut Option<impl FnOnce() + Send>,
) -> Ended {
    let asked = timeout(DEADLINE, page.route.get(&page.path, "text/event-stream", out.now()));
    let Some(asked) = stop.run_until_cancelled(asked).await else { return Ended::Stopped };
    let mut answer = match asked {
        Err(_) => return Ended::Broke(format!("no answer within {} s", DEADLINE.as_secs()), false),
        Ok(Err(PageError::Denied(why))) => return Ended::Denied(why),
        Ok(Err(PageError::Unreachable(why) | PageError::Late(why))) => return Ended::Broke(why, false),
        Ok(Ok(answer)) => answer,
    };
    match answer.status {
        // An API server or a proxy that does not reach the pod would have answered differently.
        503 => {
            let why = "it answers 503: too many clients are connected (Hystrix allows 5 by default)";
            return Ended::Broke(why.to_owned(), false);
        }
        200 if answer.content_type.starts_with("text/event-stream") => {}
        200 => return Ended::Gone("no event stream".to_owned()),
        status => return Ended::Gone(status.to_string()),
    }
    if let Some(first) = first.take() {
        first();
    }
    let mut stream = HystrixStream::default();
    let (mut emitted, mut second, mut read) = (Instant::now(), Instant::now(), 0);
    let (mut last, mut news) = (Instant::now(), true);
    loop {
        let wait = if news { TELL } else { STILL };
        let piece = tokio::select! {
            biased;
            () = stop.cancelled() => return Ended::Stopped,
            () = tokio::time::sleep_until(emitted + wait) => None,
            piece = answer.chunk() => Some(piece),
        };
        match piece {
            None if last.elapsed() >= IDLE => {
                return Ended::Broke(format!("no data for {} s", IDLE.as_secs()), true);
            }
            None => {
                (emitted, news) = (Instant::now(), false);
                let reading = stream.reading(page.id.clone(), out.now());
                if out.sender.send(SourceMessage::Reading(reading)).await.is_err() {
                    return Ended::Stopped;
                }
            }
            Some(Err(why)) => return Ended::Broke(why, true),
            Some(Ok(None)) => return Ended::Broke("it ended".to_owned(), true),
            Some(Ok(Some(piece))) => {
                (last, news) = (Instant::now(), true);
                stream.feed(&piece, out.now(), answer.skew);
                if second.elapsed() >= Duration::from_secs(1) {
                    (second, read) = (Instant::now(), 0);
                }
                read += piece.len();
                if read > STREAM_PER_S {
                    // No real stream of breakers sends more than this, so a faster one is throttled.
                    let left = Duration::from_secs(1).saturating_sub(second.elapsed());
                    if stop.run_until_cancelled(sleep(left)).await.is_none() {
                        return Ended::Stopped;
                    }
                }
            }
        }
    }
}
