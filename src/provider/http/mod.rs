//! `http`: one request with its redirects and retries (experiment-format 5.3).
//!
//! Any status is a success. The request and the output follow Python's `requests`, on which experiments rely.

mod access;
mod answer;
mod request;

use super::{Call, Outcome};
use crate::{
    experiment::Environment,
    http_client::{BodyError, SendError},
};
pub(crate) use access::Clients;
pub use access::{Access, Page};
use pyvalue::Value;
use reqwest::header::HeaderMap;

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
        let response = plan.client.send(plan.first.clone()).await.map_err(HttpError::from);
        let output = match response {
            Ok(response) => answer::read(response).await,
            Err(error) => Err(error),
        };
        output.map_or_else(|error| error.into_outcome(&plan.shown_url), Outcome::Done)
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

impl From<SendError> for HttpError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connection(cause) => Self::Connection(cause),
            SendError::ReadTimeout => Self::ReadTimeout,
            SendError::Other(why) => Self::Other(why),
        }
    }
}

impl From<BodyError> for HttpError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(_) => Self::TooLarge,
            // The reference reports a timeout in the middle of a body as a connection error.
            BodyError::Silence => Self::Connection("read timed out".to_owned()),
            BodyError::Broken(why) => Self::Other(why),
        }
    }
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
