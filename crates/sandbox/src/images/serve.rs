//! The HTTP server shared by all demo services: five paths, counted and logged.

use super::{
    log,
    metrics::{Exposition, RequestCounters},
};
use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::{StatusCode, header};
use std::{future::Future, sync::Arc, time::Instant};
use tokio::net::TcpListener;

/// The outcome of a request, for metrics and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A real response.
    Real,
    /// A fallback response.
    Fallback,
    /// An error response.
    Error,
    /// A response unrelated to the service's work: greeting, health, metrics, unknown path.
    Other,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fallback => "fallback",
            Self::Error => "error",
            Self::Other => "other",
        }
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub outcome: Outcome,
    pub content_type: &'static str,
    pub body: String,
}

impl Answer {
    pub(super) fn json(outcome: Outcome, body: String) -> Self {
        Self { status: StatusCode::OK, outcome, content_type: "application/json", body }
    }

    pub(super) fn text(status: StatusCode, outcome: Outcome, body: String) -> Self {
        Self { status, outcome, content_type: "text/plain; charset=utf-8", body }
    }
}

/// The parts that differ between the demo services.
pub(super) trait Demo: Send + Sync + 'static {
    /// The response body of `/`.
    const GREETING: &'static str;

    /// Handles `/invoke`.
    fn invoke(&self) -> impl Future<Output = Answer> + Send;

    /// Returns the health for `/health`: 200, or 503 when false.
    fn is_healthy(&self) -> bool {
        true
    }

    /// Adds the service's own metrics to `/metrics`.
    fn expose(&self, _exposition: &mut Exposition) {}
}

/// Serves `demo` on `listener` until the process ends.
pub(super) async fn serve<D: Demo>(listener: TcpListener, demo: D) -> std::io::Result<()> {
    log::line(format_args!("listening on {}", listener.local_addr()?));
    let state = Arc::new(ServiceState { demo, requests: RequestCounters::default() });
    let router = Router::new()
        .route("/", get(greeting::<D>))
        .route("/health", get(health::<D>))
        .route("/live", get(live::<D>))
        .route("/invoke", get(invoke::<D>))
        .route("/metrics", get(metrics::<D>))
        .fallback(not_found::<D>)
        .with_state(state);
    axum::serve(listener, router).await
}

struct ServiceState<D> {
    demo: D,
    requests: RequestCounters,
}

async fn greeting<D: Demo>(State(state): State<Arc<ServiceState<D>>>) -> Response {
    let active = ActiveRequest::begin(&state.requests, "/");
    active.end(Answer::text(StatusCode::OK, Outcome::Other, D::GREETING.to_owned()))
}

async fn health<D: Demo>(State(state): State<Arc<ServiceState<D>>>) -> Response {
    let active = ActiveRequest::begin(&state.requests, "/health");
    let (status, word) = if state.demo.is_healthy() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the circuit breaker is open\n")
    };
    active.end(Answer::text(status, Outcome::Other, word.to_owned()))
}

/// Handles `/live`: reports that the process itself works, independently of the services it calls. Meant for liveness
/// probes.
async fn live<D: Demo>(State(state): State<Arc<ServiceState<D>>>) -> Response {
    let active = ActiveRequest::begin(&state.requests, "/live");
    active.end(Answer::text(StatusCode::OK, Outcome::Other, "alive\n".to_owned()))
}

async fn invoke<D: Demo>(State(state): State<Arc<ServiceState<D>>>) -> Response {
    let active = ActiveRequest::begin(&state.requests, "/invoke");
    active.end(state.demo.invoke().await)
}

async fn metrics<D: Demo>(State(state): State<Arc<ServiceState<D>>>) -> Response {
    let active = ActiveRequest::begin(&state.requests, "/metrics");
    let mut exposition = Exposition::default();
    state.requests.expose(&mut exposition);
    state.demo.expose(&mut exposition);
    let mut answer = Answer::text(StatusCode::OK, Outcome::Other, exposition.into_text());
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    active.end(answer)
}

async fn not_found<D: Demo>(State(state): State<Arc<ServiceState<D>>>, request: Request) -> Response {
    let active = ActiveRequest::begin(&state.requests, "elsewhere");
    let body = format!(
        "no page at {:?}; available: /, /health, /live, /invoke and /metrics\n",
        request.uri().path()
    );
    active.end(Answer::text(StatusCode::NOT_FOUND, Outcome::Other, body))
}

/// A request in progress. Dropping it before its end means that the client disconnected; this is also counted and
/// logged, because users of the naive consumer often disconnect.
struct ActiveRequest<'a> {
    requests: &'a RequestCounters,
    path: &'static str,
    since: Instant,
    open: bool,
}

impl<'a> ActiveRequest<'a> {
    fn begin(requests: &'a RequestCounters, path: &'static str) -> Self {
        requests.started();
        Self { requests, path, since: Instant::now(), open: true }
    }

    fn end(mut self, answer: Answer) -> Response {
        self.open = false;
        self.close(answer.status.as_str(), answer.outcome.word());
        (answer.status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
    }

    fn close(&self, status: &str, outcome: &'static str) {
        let took = self.since.elapsed();
        self.requests.finished(self.path, outcome, took);
        log::line(format_args!("{} {status} {outcome} {:.1} ms", self.path, took.as_secs_f64() * 1000.0));
    }
}

impl Drop for ActiveRequest<'_> {
    fn drop(&mut self) {
        if self.open {
            self.close("---", "left");
        }
    }
}
