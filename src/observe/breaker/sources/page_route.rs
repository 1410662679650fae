//! Routes to a page: directly to an address, or to one pod through the API server's proxy.
//!
//! Only `GET` is sent, and a redirect is never followed. The experiment's headers go to the users' own server alone.
//! Requests through the API server carry the cluster's own credentials, which the API server removes before it forwards
//! the request, and nothing of the experiment.

use crate::{
    http_client::{ContentCoding, decompress_prefix},
    provider::http::Access,
    session::event::Timestamp,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use reqwest::Url;
use serde_json::Value;
use std::collections::VecDeque;

/// The maximum number of bytes read of a refusal.
const REFUSAL: usize = 16 * 1024;
/// The maximum number of bytes read of a compressed page.
const PACKED: usize = 4 * 1024 * 1024;
/// The difference in seconds from which on a server's clock counts as wrong; `Date` has whole seconds only.
const SKEW_S: i64 = 2;
/// The User-Agent.
const AGENT: &str = concat!("chaos-tui/", env!("CARGO_PKG_VERSION"), " (breaker source)");

/// A route to the pages of one server.
#[derive(Clone)]
pub(in crate::observe::breaker) enum PageRoute {
    /// Direct.
    Url {
        /// Shared by all pages.
        client: reqwest::Client,
        /// Sent with every request.
        headers: HeaderMap,
        /// Scheme, host and port.
        origin: Url,
    },
    /// Through the API server, to one port of one pod.
    Pod {
        /// The cluster's client.
        client: kube::Client,
        namespace: String,
        pod: String,
        /// A port that the pod declares.
        port: u16,
    },
}

/// Why the page gave no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::observe::breaker) enum PageError {
    /// The cluster denies reading pods one by one.
    Denied(String),
    /// The server does not answer.
    Unreachable(String),
    /// The response was not read to its end: it is too long or too slow.
    Late(String),
}

impl PageRoute {
    /// A direct route to the server of a URL, and the path and query of that URL.
    pub(in crate::observe::breaker) fn direct(text: &str, access: &Access) -> Result<(Self, String), String> {
        let url: Url = text.parse().map_err(|error| format!("its URL cannot be read: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https URLs are supported".to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        let is_near = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        let client = access.clients(!is_near).of(&url, false)?.clone();
        let request = access.request(Method::GET, url, AGENT);
        let (url, mut headers) = (request.url, request.headers);
        // Pages are read chunk by chunk, so they should come uncompressed.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut origin = url;
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        Ok((Self::Url { client, headers, origin }, path))
    }

    /// Requests a path. Returns once the response has begun; its body is read afterwards.
    pub(in crate::observe::breaker) async fn get(
        &self,
        path: &str,
        accept: &'static str,
        now: Timestamp,
    ) -> Result<PageResponse, PageError> {
        match self {
            Self::Url { client, headers, origin } => {
                let mut headers = headers.clone();
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
                let response = client.get(at(origin, path)).headers(headers).send().await;
                let response = response.map_err(|error| PageError::Unreachable(short(error)))?;
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                let answer = PageResponse::new(status, &headers, Body::Straight(response), now);
                let packed = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
                answer.unpacked(&ContentCoding::of(packed)).await.map_err(PageError::Unreachable)
            }
            Self::Pod { client, namespace, pod, port } => {
                let any =
                    Url::parse("http://pod/").map_err(|error| PageError::Unreachable(error.to_string()))?;
                let url = at(&any, path);
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                let target =
                    format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{}{query}", url.path());
                let request = Request::get(target)
                    .header(header::ACCEPT, accept)
                    .header(header::USER_AGENT, AGENT)
                    .body(kube::client::Body::from(Vec::new()))
                    .map_err(|error| PageError::Unreachable(error.to_string()))?;
                let response = client.send(request).await;
                let response =
                    response.map_err(|error| PageError::Unreachable(crate::cluster::answer_text(&error)))?;
                let (parts, body) = response.into_parts();
                let answer = PageResponse::new(
                    parts.status.as_u16(),
                    &parts.headers,
                    Body::Proxied(Box::new(body)),
                    now,
                );
                answer.without_api_refusal().await
            }
        }
    }
}

/// The URL of a path on the same server, even if the path looks like another address.
fn at(origin: &Url, path: &str) -> Url {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let mut url = origin.clone();
    url.set_path(path);
    url.set_query(query);
    url
}

enum Body {
    Straight(reqwest::Response),
    Proxied(Box<kube::client::Body>),
    /// Its content is already in memory.
    Read,
}

/// A response whose body is read chunk by chunk.
pub(in crate::observe::breaker) struct PageResponse {
    pub(in crate::observe::breaker) status: u16,
    pub(in crate::observe::breaker) content_type: String,
    /// How far the server's clock is ahead of ours.
    pub(in crate::observe::breaker) skew: SignedDuration,
    /// Chunks of the body that are already in memory.
    start: VecDeque<Bytes>,
    body: Body,
}

impl PageResponse {
    fn new(status: u16, headers: &HeaderMap, body: Body, now: Timestamp) -> Self {
        let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let skew = text(header::DATE).and_then(|date| skew(date, now)).unwrap_or_default();
        Self { status, content_type, skew, start: VecDeque::new(), body }
    }

    /// The next chunk; `None` at the end.
    pub(in crate::observe::breaker) async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        if let Some(piece) = self.start.pop_front() {
            return Ok(Some(piece));
        }
        self.more().await
    }

    async fn more(&mut self) -> Result<Option<Bytes>, String> {
        match &mut self.body {
            Body::Read => Ok(None),
            Body::Straight(response) => response.chunk().await.map_err(short),
            Body::Proxied(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(crate::cluster::answer_text(&error)),
                    // Trailers are ignored.
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
        }
    }

    /// The beginning of the body, at most `most` bytes.
    pub(in crate::observe::breaker) async fn up_to(&mut self, most: usize) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        while body.len() < most
            && let Some(piece) = self.chunk().await?
        {
            body.extend_from_slice(&piece);
        }
        body.truncate(most);
        Ok(body)
    }

    /// Whether the response is HTML: an error page, a login.
    pub(in crate::observe::breaker) fn is_html(&self) -> bool {
        self.content_type.starts_with("text/html") || self.content_type.starts_with("application/xhtml")
    }

    /// Decompresses the body if the server compressed it unasked. Such a page is not read chunk by chunk.
    async fn unpacked(mut self, packings: &[ContentCoding]) -> Result<Self, String> {
        if packings.is_empty() {
            return Ok(self);
        }
        let body = self.up_to(PACKED).await?;
        let wrong = |error| format!("the page is not compressed as its headers declare: {error}");
        let body = decompress_prefix(&body, packings, PACKED, PACKED).map_err(wrong)?.0;
        self.start.push_back(body.into());
        self.body = Body::Read;
        Ok(self)
    }

    /// Distinguishes a refusal of the API server itself from a response of the pod.
    async fn without_api_refusal(mut self) -> Result<Self, PageError> {
        if self.status < 400 {
            return Ok(self);
        }
        let mut body = Vec::new();
        while body.len() < REFUSAL {
            match self.more().await.map_err(PageError::Unreachable)? {
                Some(piece) => body.extend_from_slice(&piece),
                None => break,
            }
        }
        if let Some(refused) = refusal(self.status, &body) {
            return Err(refused);
        }
        self.start.push_back(body.into());
        Ok(self)
    }
}

/// The error in a response of the API server that cannot reach the pod or denies access; `None` for the pod's own.
fn refusal(status: u16, body: &[u8]) -> Option<PageError> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let of_the_server = value["kind"] == "Status" && value["apiVersion"] == "v1";
    let text = String::from_utf8_lossy(body);
    let plain = text.get(..32).unwrap_or(&text).to_ascii_lowercase();
    if !of_the_server && !plain.starts_with("error trying to reach service") {
        return None;
    }
    let message = value["message"].as_str().unwrap_or(text.trim());
    let message: String = message.chars().filter(|c| !c.is_control()).take(300).collect();
    Some(match status {
        401 | 403 if of_the_server => PageError::Denied(message),
        _ => PageError::Unreachable(message),
    })
}

/// How far a server's clock is ahead of ours, if the difference is significant.
fn skew(date: &str, now: Timestamp) -> Option<SignedDuration> {
    let there = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let ahead = there.duration_since(now);
    // The time is cut to whole seconds, which loses half a second on average.
    (ahead.abs() >= SignedDuration::from_secs(SKEW_S)).then(|| ahead + SignedDuration::from_millis(500))
}

fn short(error: reqwest::Error) -> String {
    match error {
        error if error.is_timeout() => "no answer in time".to_owned(),
        error if error.is_connect() => format!("connection failed{}", reason(&error)),
        error => error.without_url().to_string(),
    }
}

/// Why the connection could not be used, if TLS trust is the cause.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return format!(": {tls}");
        }
        cause = match inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(content) => Some(content),
            None => inner.source(),
        };
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leads_to_another_server() {
        let (reach, path) =
            PageRoute::direct("http://127.0.0.1:8080/metrics?scope=base", &Access::default()).unwrap();
        assert_eq!(path, "/metrics?scope=base");
        let PageRoute::Url { origin, .. } = reach else { panic!("a URL") };
        for path in
            ["//evil.example/x", "http://evil.example/x", "/../x", "@evil.example", "/a b?c=d", "\\\\evil"]
        {
            let url = at(&origin, path);
            assert_eq!((url.host_str(), url.port()), (Some("127.0.0.1"), Some(8080)), "{path}");
        }
        for text in ["ftp://127.0.0.1/", "8080/metrics", ""] {
            assert!(PageRoute::direct(text, &Access::default()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_api_servers_refusals_are_told_from_the_pods_answers() {
        let status = |code: u16, message: &str| {
            serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code})
                .to_string()
        };
        let denied = "pods \"a\" is forbidden: User \"u\" cannot get resource \"pods/proxy\"";
        let dial = "error trying to reach service: dial tcp 10.1.0.7:8080: connect: connection refused";
        for (code, body, found) in [
            (403, status(403, denied), Some(PageError::Denied(denied.to_owned()))),
            (503, status(503, dial), Some(PageError::Unreachable(dial.to_owned()))),
            (502, dial.to_owned(), Some(PageError::Unreachable(dial.to_owned()))),
            (
                404,
                status(404, "pods \"a\" not found"),
                Some(PageError::Unreachable("pods \"a\" not found".to_owned())),
            ),
            // Responses of the pod: a health page that fails, a missing page.
            (503, r#"{"status":"DOWN"}"#.to_owned(), None),
            (404, "404 page not found".to_owned(), None),
            (403, String::new(), None),
        ] {
            assert_eq!(refusal(code, body.as_bytes()), found, "{code} {body}");
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_noticed() {
        let now: Timestamp = "2025-11-22T13:05:00Z".parse().unwrap();
        let seconds = |date: &str| skew(date, now).map(|skew| skew.as_secs());
        assert_eq!(seconds("Sat, 22 Nov 2025 13:05:01 GMT"), None);
        assert_eq!(seconds("Sat, 22 Nov 2025 13:06:00 GMT"), Some(60));
        assert_eq!(seconds("Sat, 22 Nov 2025 13:04:00 GMT"), Some(-59));
        assert_eq!(seconds("yesterday"), None);
    }
}
