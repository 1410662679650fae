//! Sends a request and follows redirects and retries until there is a final response.

use super::{
    HttpSettings, client,
    redirect::{self, RedirectChain, RedirectError},
    request::{Limits, Request},
};
use reqwest::{Client, Method, Response, header};
use std::{error::Error, time::Duration};

/// How requests are sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct HttpClient {
    pub settings: HttpSettings,
    pub limits: Limits,
    /// The number of retries after a failed attempt.
    pub retries: u32,
}

/// Why there is no response, in the reference's classes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The server could not be reached, or the connection broke.
    #[error("{0}")]
    Connection(String),
    /// The server did not answer in time.
    #[error("it did not answer in time")]
    ReadTimeout,
    /// Any other error: unexpected for a run.
    #[error("{0}")]
    Other(String),
}

impl HttpClient {
    /// Sends a request, with the credentials of the netrc file or of its URL, and returns the final response, whatever its
    /// status.
    pub(crate) async fn send(&self, mut request: Request) -> Result<Response, SendError> {
        if let Some(authorization) = self.settings.authorization(&mut request.url) {
            request.headers.insert(header::AUTHORIZATION, authorization);
        }
        let mut walk = RedirectChain::new(&self.settings);
        let first = request.url.clone();
        loop {
            let response = persist(self, &request).await?;
            request = match walk.next(&request, &response) {
                Ok(None) => return Ok(response),
                Ok(Some(next)) => next,
                Err(RedirectError::InvalidTarget(why)) => return Err(SendError::Other(why)),
                Err(RedirectError::TooMany) => {
                    let words = format!("more than {} redirects from {first}", redirect::LIMIT);
                    return Err(SendError::Other(words));
                }
            };
        }
    }
}

/// Sends one request, and retries it while it fails and retries are left: after connection errors for every method,
/// after read errors and answers with `Retry-After` for idempotent methods only.
async fn persist(plan: &HttpClient, request: &Request) -> Result<Response, SendError> {
    plan.settings.proxies.of(&request.url).map_err(SendError::Other)?;
    let client = client::build(&request.url, &plan.settings, plan.limits).map_err(|why| {
        // A bundle that is there but cannot be used fails as the connection would.
        if plan.settings.verify.is_there() { SendError::Connection(why) } else { SendError::Other(why) }
    })?;
    let idempotent = matches!(
        request.method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    );
    let mut left = plan.retries;
    loop {
        let outcome = send(&client, request).await;
        let pause = match &outcome {
            Err(error) if error.is_builder() => None,
            Err(error) => (error.is_connect() || idempotent).then_some(Duration::ZERO),
            Ok(response) => retry_after(response).filter(|_| idempotent),
        };
        match (pause, left) {
            (Some(pause), 1..) => {
                left -= 1;
                tokio::time::sleep(pause).await;
            }
            // A read timeout after the last retry is reported as a failed connection.
            (Some(_), 0) if plan.retries > 0 => {
                return outcome.map_err(|error| SendError::Connection(cause(&error)));
            }
            _ => return outcome.map_err(|error| fault(&error)),
        }
    }
}

async fn send(client: &Client, request: &Request) -> Result<Response, reqwest::Error> {
    let mut builder =
        client.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    builder.send().await
}

fn fault(error: &reqwest::Error) -> SendError {
    match () {
        () if error.is_builder() => SendError::Other(cause(error)),
        () if error.is_timeout() && !error.is_connect() => SendError::ReadTimeout,
        () => SendError::Connection(cause(error)),
    }
}

/// The innermost cause: the outer errors repeat the URL.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}

/// The `Retry-After` delay of a 413, 429 or 503, given as seconds or as a date.
fn retry_after(response: &Response) -> Option<Duration> {
    matches!(response.status().as_u16(), 413 | 429 | 503).then_some(())?;
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(moment.duration_since(jiff::Timestamp::now())).unwrap_or_default())
}
