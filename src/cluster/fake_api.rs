//! An in-process API server for tests: it records its requests, and a closure returns the answers.

use super::{Connection, bounds::Bounds};
use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use futures_util::StreamExt;
use kube::client::ClientBuilder;
use serde_json::{Value as Json, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A request from a client.
#[derive(Clone, Debug)]
pub(crate) struct RecordedRequest {
    /// `GET`, `DELETE`, ...
    pub(crate) method: String,
    /// Path without its query.
    pub(crate) path: String,
    /// Query, decoded as far as selectors need it.
    pub(crate) query: String,
    /// Body; null without one.
    pub(crate) body: Json,
    /// Headers, as the client sent them.
    pub(crate) headers: Vec<(String, String)>,
}

impl RecordedRequest {
    /// `GET /api/v1/pods?labelSelector=a=b`.
    pub(crate) fn line(&self) -> String {
        if self.query.is_empty() {
            format!("{} {}", self.method, self.path)
        } else {
            format!("{} {}?{}", self.method, self.path, self.query)
        }
    }
}

/// The answer to a request.
pub(crate) enum Reply {
    /// An object, with status 200.
    Object(Json),
    /// A list of objects of this kind.
    List(&'static str, Vec<Json>),
    /// Plain text.
    Text(String),
    /// An answer with the `Date` of a clock that is ahead by so many seconds.
    Dated(i64, Box<Reply>),
    /// A failure: code, reason, message.
    Refused(u16, &'static str, String),
    /// Watch events, each after a pause; then the stream stays open.
    Events(Vec<(Duration, Json)>),
    /// Watch events; then the stream ends.
    EventsThenEnd(Vec<(Duration, Json)>),
}

/// Returns a connection to a server that answers with `reply`, and the record of its requests.
pub(crate) fn answering(
    reply: impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static,
) -> (Connection, Arc<Mutex<Vec<RecordedRequest>>>) {
    let record = Arc::new(Mutex::new(Vec::new()));
    let log = record.clone();
    let router = Router::new().fallback(async move |request: Request| {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let query = head.uri.query().unwrap_or_default();
        let asked = RecordedRequest {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: decode(query.trim_matches('&')),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect(),
        };
        log.lock().unwrap().push(asked.clone());
        response(reply(&asked))
    });
    let client = ClientBuilder::new(router, "default").with_layer(&Bounds::new("https://fake"));
    (Connection::over(client.build(), "fake"), record)
}

fn decode(query: &str) -> String {
    let mut text = query.replace('+', " ");
    for (code, character) in [("%3D", "="), ("%2C", ","), ("%28", "("), ("%29", ")"), ("%21", "!")] {
        text = text.replace(code, character);
    }
    text
}

fn response(reply: Reply) -> Response {
    let json = |code: u16, value: &Json| {
        Response::builder()
            .status(StatusCode::from_u16(code).unwrap())
            .body(Body::from(value.to_string()))
            .unwrap()
    };
    match reply {
        Reply::Object(object) => json(200, &object),
        Reply::List(kind, items) => json(
            200,
            &json!({"kind": format!("{kind}List"), "metadata": {"resourceVersion": "1"}, "items": items}),
        ),
        Reply::Dated(ahead, reply) => {
            let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
            let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap();
            let mut response = response(*reply);
            response.headers_mut().insert("date", date.parse().unwrap());
            response
        }
        Reply::Text(text) => Response::new(Body::from(text)),
        Reply::Refused(code, reason, message) => json(
            code,
            &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
                    "message": message, "code": code}),
        ),
        Reply::Events(events) => {
            Response::new(Body::from_stream(lines(events).chain(futures_util::stream::pending())))
        }
        Reply::EventsThenEnd(events) => Response::new(Body::from_stream(lines(events))),
    }
}

fn lines(
    events: Vec<(Duration, Json)>,
) -> impl futures_util::Stream<Item = Result<String, std::convert::Infallible>> + Send {
    futures_util::stream::iter(events).then(async |(pause, event)| {
        tokio::time::sleep(pause).await;
        Ok(format!("{event}\n"))
    })
}
