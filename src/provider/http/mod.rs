//! `http`: one request with its redirects and retries (experiment-format 5.3).
//!
//! Any status is a success. The request and the output follow Python's `requests`, on which experiments rely.

mod access;
mod answer;
mod client;
mod credentials;
mod encode;
mod exchange;
mod redirect;
mod request;
mod trust;
mod unpack;

use super::{Call, Outcome};
use crate::experiment::Environment;
pub(crate) use access::Clients;
pub use access::{Access, Page};
use pyvalue::Value;
pub(crate) use redirect::RedirectError;
pub(crate) use request::Request;
use reqwest::header::HeaderMap;
pub use trust::Verify;
pub(crate) use unpack::{ContentCoding, decompress_prefix};

/// Sends the activity's request.
pub(super) async fn call(call: &Call<'_>, environment: &Environment) -> Outcome {
    let plan = match request::RequestPlan::new(call, environment) {
        Ok(plan) => plan,
        Err(message) => {
            (call.report_refusal)(message.clone());
            return Outcome::UnexpectedError { message };
        }
    };
    (call.report_command)(format!("Requesting: {} {}", plan.first.method, plan.first.url));
    let exchange = async {
        match exchange::run(&plan).await {
            Ok(output) => Outcome::Done(output),
            Err(error) => error.into_outcome(&plan.shown_url),
        }
    };
    call.unless_cancelled(exchange).await
}

/// The output of an http activity for this response; `None` if the activity would fail with an unexpected error.
pub(crate) fn output(status: u16, headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    answer::output(status, headers, body).ok()
}

/// Why there is no output, in the reference's classes.
#[derive(Debug)]
enum HttpError {
    /// The server could not be reached, or the connection broke.
    Connection(String),
    /// The server did not answer in time.
    ReadTimeout,
    /// The body is larger than the limit.
    TooLarge,
    /// Any other error: unexpected for the run.
    Other(String),
}

impl HttpError {
    fn into_outcome(self, url: &str) -> Outcome {
        match self {
            HttpError::Connection(cause) => Outcome::failed(format!("failed to connect to {url}: {cause}")),
            HttpError::ReadTimeout => Outcome::failed("activity took too long to complete"),
            HttpError::TooLarge => Outcome::failed(format!(
                "the answer of {url} is larger than {} MiB; ask for less of it",
                answer::LIMIT >> 20
            )),
            HttpError::Other(message) => Outcome::UnexpectedError { message },
        }
    }
}

#[cfg(test)]
mod tests;
