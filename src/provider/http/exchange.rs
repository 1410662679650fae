//! Sends a request and follows redirects and retries until there is a final response.

use super::{
    HttpError, answer, client,
    redirect::{self, RedirectChain, RedirectError},
    request::{Request, RequestPlan},
};
use pyvalue::Value;
use reqwest::{Client, Method, Response, header};
use std::{error::Error, time::Duration};

/// Runs the exchange and returns the output of the final response.
pub(super) async fn run(plan: &RequestPlan) -> Result<Value, HttpError> {
    let mut walk = RedirectChain::new(&plan.netrc);
    let mut request = plan.first.clone();
    loop {
        let response = persist(plan, &request).await?;
        request = match walk.next(&request, &response) {
            Ok(None) => return answer::read(response).await,
            Ok(Some(next)) => next,
            Err(RedirectError::InvalidTarget(why)) => return Err(HttpError::Other(why)),
            Err(RedirectError::TooMany) => {
                let words = format!("more than {} redirects from {}", redirect::LIMIT, plan.shown_url);
                return Err(HttpError::Other(words));
            }
        };
    }
}

/// Sends one request, and retries it while it fails and retries are left: after connection errors for every method,
/// after read errors and answers with `Retry-After` for idempotent methods only.
async fn persist(plan: &RequestPlan, request: &Request) -> Result<Response, HttpError> {
    let client = client::build(request.url.scheme() == "https", &plan.verify, plan.limits)
        .map_err(HttpError::Other)?;
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
                return outcome.map_err(|error| HttpError::Connection(cause(&error)));
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

fn fault(error: &reqwest::Error) -> HttpError {
    match () {
        () if error.is_builder() => HttpError::Other(cause(error)),
        () if error.is_timeout() && !error.is_connect() => HttpError::ReadTimeout,
        () => HttpError::Connection(cause(error)),
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
