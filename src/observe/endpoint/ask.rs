//! One request, from its due time to its end.

use super::{errors, response_shape::ResponseShape, settings::ProbeTarget};
use crate::{
    http_client::{ContentCoding, RedirectError, Request, decompress_prefix},
    session::event::ErrorKind,
};
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER, TRANSFER_ENCODING},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// The bytes of a body that are examined.
const LOOKED_AT: usize = 64 * 1024;
/// The bytes of a body that are kept if the tolerance is evaluated on it, or if it is compressed.
const JUDGED: usize = 1024 * 1024;
/// The bytes of a body that are read before the probe hangs up; the user has the answer by then.
const READ: usize = 8 * 1024 * 1024;
/// The bytes of a body kept for display.
const KEPT: usize = 1024;
/// The maximum total size of the headers in bytes, as curl accepts it.
const HEAD: usize = 300 * 1024;
/// The bytes of a redirect's own body that are read so that its connection can be reused.
const DRAINED: u64 = 64 * 1024;

/// The progress of a request.
pub(super) enum RequestStage {
    Done(EndedRequest),
    /// The answer has begun and continues, and its length is unknown.
    Continuing(Box<OpenResponse>),
}

/// A request that ended.
pub(super) struct EndedRequest {
    pub(super) number: u64,
    pub(super) due: Instant,
    pub(super) ended: Instant,
    pub(super) reply: Result<ReceivedAnswer, ErrorKind>,
}

/// An answer, reduced to the data needed.
pub(super) struct ReceivedAnswer {
    pub(super) shape: ResponseShape,
    /// Whether the experiment's tolerance accepts it regardless of its status.
    pub(super) wanted: bool,
    /// Whether it has a Retry-After header.
    pub(super) retry_after: bool,
    /// The length of the body in bytes.
    pub(super) length: usize,
    pub(super) beginning: Vec<u8>,
}

/// A request in flight.
#[derive(Clone, Copy)]
pub(super) struct PendingRequest {
    pub(super) number: u64,
    pub(super) due: Instant,
    /// When the timeout of its user expires.
    pub(super) deadline: Instant,
}

impl PendingRequest {
    fn done(self, reply: Result<ReceivedAnswer, ErrorKind>) -> RequestStage {
        self.done_at(Instant::now(), reply)
    }

    fn done_at(self, ended: Instant, reply: Result<ReceivedAnswer, ErrorKind>) -> RequestStage {
        RequestStage::Done(EndedRequest { number: self.number, due: self.due, ended, reply })
    }
}

/// Sends a request, follows redirects, and reads the answer to its end or until the deadline. A body of unknown length
/// that still continues after `patience` is handed back. Dropping the result closes the connection.
pub(super) async fn ask(target: Arc<ProbeTarget>, asked: PendingRequest, patience: Duration) -> RequestStage {
    match timeout_at(asked.deadline, head(&target)).await {
        Ok(Ok(response)) => {
            let going =
                OpenResponse { asked, began: Instant::now(), body: Body::of(&target, response), target };
            let patience = (!going.body.is_bounded).then(|| going.began + patience);
            going.read(patience.unwrap_or(asked.deadline)).await
        }
        Ok(Err(kind)) => asked.done(Err(kind)),
        Err(_) => asked.done(Err(ErrorKind::Timeout)),
    }
}

/// The head of the final answer, after all redirects.
async fn head(target: &ProbeTarget) -> Result<Response, ErrorKind> {
    let mut walk = target.access.redirects();
    let mut led: Option<Request> = None;
    loop {
        let request = led.as_ref().unwrap_or(&target.first);
        let response = send(target, request).await?;
        match walk.next(request, &response) {
            Ok(None) => return Ok(response),
            Ok(Some(next)) => led = Some(next),
            Err(RedirectError::TooMany) => return Err(ErrorKind::Redirects),
            Err(RedirectError::InvalidTarget(_)) => return Err(ErrorKind::Astray),
        }
        drain(response).await;
    }
}

async fn send(target: &ProbeTarget, request: &Request) -> Result<Response, ErrorKind> {
    loop {
        let wide = target.wide.load(Ordering::Relaxed);
        // Unusable trust settings are reported before the first request; here only a redirect can need them.
        let client = target.clients.of(&request.url, wide).map_err(|_| ErrorKind::Untrusted)?;
        let (method, url) = (request.method.clone(), request.url.clone());
        match client.request(method, url).headers(request.headers.clone()).send().await {
            Ok(response) if size(response.headers()) > HEAD => return Err(ErrorKind::HeadTooLarge),
            Ok(response) => return Ok(response),
            Err(error) => match errors::of_head(&error) {
                // Common clients accept more headers than this library does by default.
                ErrorKind::HeadTooLarge if !wide => target.wide.store(true, Ordering::Relaxed),
                kind => return Err(kind),
            },
        }
    }
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

async fn drain(mut response: Response) {
    if response.content_length().is_some_and(|length| length <= DRAINED) {
        while let Ok(Some(_)) = response.chunk().await {}
    }
}

/// An answer that has begun.
pub(super) struct OpenResponse {
    pub(super) asked: PendingRequest,
    /// When its head was received.
    pub(super) began: Instant,
    body: Body,
    target: Arc<ProbeTarget>,
}

impl OpenResponse {
    /// Reads on until the deadline.
    pub(super) async fn rest(self) -> RequestStage {
        let deadline = self.asked.deadline;
        self.read(deadline).await
    }

    async fn read(mut self, until: Instant) -> RequestStage {
        match timeout_at(until, self.body.read()).await {
            Ok(Ok(())) => {
                let ended = Instant::now();
                self.asked.done_at(ended, self.body.reply(&self.target))
            }
            Ok(Err(kind)) => self.asked.done(Err(kind)),
            Err(_) if self.body.is_bounded => self.asked.done(Err(ErrorKind::Timeout)),
            Err(_) => RequestStage::Continuing(Box::new(self)),
        }
    }

    /// Whether the timeout of its user has expired.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.asked.deadline
    }

    /// The answer as far as it is known: its head.
    pub(super) fn beginning(&self) -> EndedRequest {
        let Body { status, headers, kept, length, .. } = &self.body;
        let look = ResponseShape::endless(*status, content_type(headers));
        let wanted = *status >= 300
            && self
                .target
                .tolerance
                .as_ref()
                .is_some_and(|tolerance| tolerance.accepts(*status, headers, kept));
        let beginning = kept.iter().take(KEPT).copied().collect();
        let retry_after = headers.contains_key(RETRY_AFTER);
        let reply = ReceivedAnswer { shape: look, wanted, retry_after, length: *length, beginning };
        EndedRequest { number: self.asked.number, due: self.asked.due, ended: self.began, reply: Ok(reply) }
    }

    /// The request as timed out for its user.
    pub(super) fn timed_out(&self) -> EndedRequest {
        let PendingRequest { number, due, deadline } = self.asked;
        EndedRequest { number, due, ended: deadline, reply: Err(ErrorKind::Timeout) }
    }
}

/// The received part of a body.
struct Body {
    response: Response,
    status: u16,
    headers: HeaderMap,
    packings: Vec<ContentCoding>,
    kept: Vec<u8>,
    keep: usize,
    length: usize,
    /// Whether its head gives its length.
    is_bounded: bool,
    /// Whether it lasts as long as the connection does.
    ends_with_connection: bool,
}

impl Body {
    fn of(target: &ProbeTarget, response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let packings = ContentCoding::of(headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()));
        let judged = status >= 300 && target.tolerance.is_some();
        let is_bounded = response.content_length().is_some();
        Self {
            status,
            is_bounded,
            ends_with_connection: !is_bounded && !headers.contains_key(TRANSFER_ENCODING),
            headers,
            keep: if judged || !packings.is_empty() { JUDGED } else { LOOKED_AT },
            packings,
            kept: Vec::new(),
            length: 0,
            response,
        }
    }

    async fn read(&mut self) -> Result<(), ErrorKind> {
        while self.length < READ {
            match self.response.chunk().await {
                Ok(Some(chunk)) => {
                    self.length += chunk.len();
                    let room = self.keep.saturating_sub(self.kept.len()).min(chunk.len());
                    self.kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
                }
                Ok(None) => break,
                Err(error) if self.ends_with_connection && errors::is_end(&error) => break,
                Err(error) => return Err(errors::of_body(&error)),
            }
        }
        Ok(())
    }

    fn reply(self, target: &ProbeTarget) -> Result<ReceivedAnswer, ErrorKind> {
        let Self { status, headers, packings, kept, length, keep, .. } = self;
        let (mut body, length) = match packings.as_slice() {
            [] => (kept, length),
            packings => {
                let (body, unpacked) =
                    decompress_prefix(&kept, packings, keep, READ).map_err(|_| ErrorKind::Undecodable)?;
                // The part that was not kept was not decompressed.
                (body, if length > kept.len() { length.max(unpacked) } else { unpacked })
            }
        };
        let wanted = status >= 300
            && target.tolerance.as_ref().is_some_and(|tolerance| tolerance.accepts(status, &headers, &body));
        body.truncate(LOOKED_AT);
        let look = ResponseShape::of(status, content_type(&headers), &body, length);
        body.truncate(KEPT);
        Ok(ReceivedAnswer {
            shape: look,
            wanted,
            retry_after: headers.contains_key(RETRY_AFTER),
            length,
            beginning: body,
        })
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}
