//! Limits of every request to an API server: how long an answer may take, and how much memory it may need.

use futures_util::future::BoxFuture;
use http::{Method, Request, Response, header::UPGRADE};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use kube::client::Body;
use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};
use tower::{BoxError, Layer, Service};

/// Until the answer to a read begins. A busy API server refuses what it has queued for 15 s.
const READ: Duration = Duration::from_secs(15);
/// Until the answer to a change begins: admission webhooks are asked before.
const CHANGE: Duration = Duration::from_secs(20);
/// The longest silence within an answer.
const IDLE: Duration = Duration::from_secs(15);
/// Bytes per second that an answer needs to be longer than [`IDLE`].
const SLOWEST: u64 = 4 << 10;
/// The maximum number of bytes of an answer; a list of some ten thousand pods.
const LARGEST: usize = 64 << 20;
/// The maximum number of bytes of a page of a list; an average object of a full page of 200 may have 80 KiB.
const PAGE: usize = 16 << 20;
/// The maximum number of bytes of one event of a watch; the API server itself accepts no object above 3 MiB.
const LINE: usize = 8 << 20;

/// A limit that an API server exceeded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    /// No answer came.
    #[error("the API server {server} did not answer within {} s", .limit.as_secs())]
    Silent { server: Arc<str>, limit: Duration },
    /// The answer was not complete in time.
    #[error(
        "the answer of the API server {server} was not complete after {after} s: it sent {received} bytes"
    )]
    Slow { server: Arc<str>, after: u64, received: usize },
    /// The answer is too large.
    #[error(
        "the answer of the API server {server} is larger than {} MiB: ask for fewer objects, by a name or a label",
        .limit >> 20
    )]
    TooLarge { server: Arc<str>, limit: usize },
    /// An event of a watch is too large.
    #[error(
        "the API server {server} sent an event of more than {} MiB: is this a Kubernetes API server?",
        .limit >> 20
    )]
    LongLine { server: Arc<str>, limit: usize },
}

impl LimitError {
    /// Whether the server was too slow, so that asking again at once leads to nothing.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Slow { .. })
    }
}

/// Finds an error of this type among the causes of a request's error.
pub(crate) fn cause<E: std::error::Error + 'static>(error: &kube::Error) -> Option<&E> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        cause = match current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(content) => Some(content),
            None => current.source(),
        };
    }
    None
}

/// Adds the limits to the service of a client.
#[derive(Clone)]
pub(crate) struct Bounds(Arc<str>);

impl Bounds {
    /// `server` is named in errors.
    pub(crate) fn new(server: &str) -> Self {
        Self(server.into())
    }
}

impl<S> Layer<S> for Bounds {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Bounded<S> {
        Bounded { inner, server: self.0.clone() }
    }
}

/// A service with the limits.
pub(crate) struct Bounded<S> {
    inner: S,
    server: Arc<str>,
}

/// A body that was read already, or one that is read as it comes.
type BoundedBody<B> = Either<Full<Bytes>, Lines<B>>;

impl<S, B> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<BoundedBody<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let kind = RequestKind::of(&request);
        let limit = if request.method() == Method::GET { READ } else { CHANGE };
        let server = self.server.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let silent = |_| LimitError::Silent { server: server.clone(), limit };
            let response = timeout(limit, answer).await.map_err(silent)?.map_err(Into::into)?;
            let (head, body) = response.into_parts();
            // A refusal is read whole, whatever was asked for.
            let longest = match kind {
                RequestKind::Plain(longest) => Some(longest),
                _ if head.status.is_client_error() || head.status.is_server_error() => Some(LARGEST),
                _ => None,
            };
            let body = if let Some(longest) = longest {
                Either::Left(read(body, longest, &server).await?.into())
            } else {
                let limit = if kind == RequestKind::Watch { LINE } else { usize::MAX };
                Either::Right(Lines { body, limit, length: 0, server })
            };
            Ok(Response::from_parts(head, body))
        })
    }
}

/// How the answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestKind {
    /// Whole, with a maximum number of bytes.
    Plain(usize),
    /// Line by line.
    Watch,
    /// By a caller that has limits of its own: a followed log, a page of a pod, a stream of bytes.
    Stream,
}

impl RequestKind {
    fn of<T>(request: &Request<T>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let asks = |wanted: &str| query.split('&').any(|pair| pair == wanted);
        if request.headers().contains_key(UPGRADE) || asks("follow=true") || is_proxied(request.uri().path())
        {
            Self::Stream
        } else if asks("watch=true") || asks("watch=1") {
            Self::Watch
        } else if query.split('&').any(|pair| pair.starts_with("limit=")) {
            Self::Plain(PAGE)
        } else {
            Self::Plain(LARGEST)
        }
    }
}

/// Whether a path leads through the API server to a pod or a Service: `/api/v1/namespaces/a/pods/b:8080/proxy/metrics`.
fn is_proxied(path: &str) -> bool {
    path.split('/').nth(7) == Some("proxy")
}

async fn read<B>(body: B, longest: usize, server: &Arc<str>) -> Result<Vec<u8>, BoxError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let too_large = || LimitError::TooLarge { server: server.clone(), limit: longest };
    let mut body = pin!(body);
    if body.size_hint().lower() > longest as u64 {
        return Err(too_large().into());
    }
    let begun = Instant::now();
    let mut bytes = Vec::new();
    loop {
        let earned = Duration::from_secs(bytes.len() as u64 / SLOWEST);
        let until = (begun + IDLE + earned).min(Instant::now() + IDLE);
        let slow = |_| LimitError::Slow {
            server: server.clone(),
            after: begun.elapsed().as_secs(),
            received: bytes.len(),
        };
        let Some(frame) = timeout_at(until, body.frame()).await.map_err(slow)? else { return Ok(bytes) };
        // Trailers are ignored.
        let Ok(data) = frame.map_err(Into::into)?.into_data() else { continue };
        if bytes.len() + data.len() > longest {
            return Err(too_large().into());
        }
        bytes.extend_from_slice(&data);
    }
}

/// A body whose lines have a maximum length.
pub(crate) struct Lines<B> {
    body: B,
    limit: usize,
    /// Bytes of the current line.
    length: usize,
    server: Arc<str>,
}

impl<B> HttpBody for Lines<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else { return Poll::Ready(None) };
        let frame = frame.map_err(Into::into)?;
        if let Some(data) = frame.data_ref() {
            self.length = match data.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => data.len() - end - 1,
                None => self.length.saturating_add(data.len()),
            };
            if self.length > self.limit {
                let error = LimitError::LongLine { server: self.server.clone(), limit: self.limit };
                return Poll::Ready(Some(Err(error.into())));
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[path = "bounds_tests.rs"]
mod tests;
