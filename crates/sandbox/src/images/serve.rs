//! The HTTP side that all demo services share: five paths, counted and logged.

use super::log;
use super::metrics::{Exposition, RequestCounters};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::{StatusCode, header};
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;

/// How an answer is counted and logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What the user came for.
    Real,
    /// Something to live with instead.
    Fallback,
    /// A failure passed on.
    Error,
    /// Not about the service's work: greeting, health, metrics, a wrong path.
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

/// What makes one demo service differ from another.
pub(super) trait Demo: Send + Sync + 'static {
    /// What `/` answers.
    const GREETING: &'static str;

    /// Does the service's work.
    fn invoke(&self) -> impl Future<Output = Answer> + Send;

    /// What `/health` answers: 200, or 503 when false.
    fn is_healthy(&self) -> bool {
        true
    }

    /// Adds the service's own series to `/metrics`.
    fn expose(&self, _exposition: &mut Exposition) {}
}

/// Serves `demo` on `listener` for as long as the process lives.
pub(super) async fn serve<D: Demo>(listener: TcpListener, demo: D) -> std::io::Result<()> {
    log::line(format_args!("listening on {}", listener.local_addr()?));
    let site = Arc::new(ServiceState { demo, requests: RequestCounters::default() });
    let router = Router::new()
        .route("/", get(greeting::<D>))
        .route("/health", get(health::<D>))
        .route("/live", get(live::<D>))
        .route("/invoke", get(invoke::<D>))
        .route("/metrics", get(metrics::<D>))
        .fallback(not_found::<D>)
        .with_state(site);
    axum::serve(listener, router).await
}

struct ServiceState<D> {
    demo: D,
    requests: RequestCounters,
}

async fn greeting<D: Demo>(State(site): State<Arc<ServiceState<D>>>) -> Response {
    let visit = ActiveRequest::begin(&site.requests, "/");
    visit.end(Answer::text(StatusCode::OK, Outcome::Other, D::GREETING.to_owned()))
}

async fn health<D: Demo>(State(site): State<Arc<ServiceState<D>>>) -> Response {
    let visit = ActiveRequest::begin(&site.requests, "/health");
    let (status, word) = match site.demo.is_healthy() {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the circuit breaker is open\n"),
    };
    visit.end(Answer::text(status, Outcome::Other, word.to_owned()))
}

/// Whether the process itself works, whatever becomes of those it calls: what a liveness probe should ask.
async fn live<D: Demo>(State(site): State<Arc<ServiceState<D>>>) -> Response {
    let visit = ActiveRequest::begin(&site.requests, "/live");
    visit.end(Answer::text(StatusCode::OK, Outcome::Other, "alive\n".to_owned()))
}

async fn invoke<D: Demo>(State(site): State<Arc<ServiceState<D>>>) -> Response {
    let visit = ActiveRequest::begin(&site.requests, "/invoke");
    visit.end(site.demo.invoke().await)
}

async fn metrics<D: Demo>(State(site): State<Arc<ServiceState<D>>>) -> Response {
    let visit = ActiveRequest::begin(&site.requests, "/metrics");
    let mut exposition = Exposition::default();
    site.requests.expose(&mut exposition);
    site.demo.expose(&mut exposition);
    let mut answer = Answer::text(StatusCode::OK, Outcome::Other, exposition.into_text());
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    visit.end(answer)
}

async fn not_found<D: Demo>(State(site): State<Arc<ServiceState<D>>>, request: Request) -> Response {
    let visit = ActiveRequest::begin(&site.requests, "elsewhere");
    let body =
        format!("nothing at {:?}; there are /, /health, /live, /invoke and /metrics\n", request.uri().path());
    visit.end(Answer::text(StatusCode::NOT_FOUND, Outcome::Other, body))
}

/// A request being answered. Dropped before its end, the user left: that is counted and logged too, for it is what
/// a naive consumer's users do.
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
