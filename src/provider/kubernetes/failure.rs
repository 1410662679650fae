//! Failures of native functions, worded as in the reference's journal.

use crate::cluster::{self, Connection};
use serde_json::{Value as Json, json};

/// A failure of an activity.
#[derive(Debug)]
pub(super) enum Failure {
    /// The state of the system is not the expected one, or the call is invalid.
    Activity(String),
    /// The arguments do not fit the function: Python's `TypeError`, `ValueError`, `re.error`, ...
    Python {
        /// The qualified class.
        class: &'static str,
        message: String,
    },
    /// The API server refused the request, or did not answer.
    Api {
        /// The attempted operation, if the function names it: `failed to scale my-app to 0 replicas`.
        what: Option<String>,
        source: Box<kube::Error>,
    },
    Cluster(Box<cluster::Error>),
}

impl Failure {
    pub(super) fn activity(message: impl Into<String>) -> Self {
        Self::Activity(message.into())
    }

    pub(super) fn type_error(message: impl Into<String>) -> Self {
        Self::Python { class: "TypeError", message: message.into() }
    }

    /// Wraps an API error for which the function has its own message.
    pub(super) fn with_operation(what: String) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api { what: Some(what), source: Box::new(source) }
    }

    /// The failure's message, without a Python class.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Activity(message) | Self::Python { message, .. } => message.clone(),
            Self::Cluster(error) => error.to_string(),
            Self::Api { what, source } => match what {
                Some(what) => format!("{what}: {}", cluster::answer_text(source)),
                None => cluster::answer_text(source),
            },
        }
    }

    /// The API server's message, if there is one.
    pub(super) fn server_message(&self) -> Option<String> {
        match self {
            Self::Api { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => Some(status.message.clone()).filter(|said| !said.is_empty()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text that follows `chaoslib.exceptions.ActivityFailed: ` in the journal: the qualified Python class, a
    /// colon, the message (kubernetes-catalog 0). If the cluster refused or did not answer, a hint with the place and
    /// the remedy is appended.
    pub(super) fn text(self, connection: Option<&Connection>) -> String {
        let failed = |message: String| format!("chaoslib.exceptions.ActivityFailed: {message}");
        match self {
            Self::Activity(message) => failed(message),
            Self::Python { class, message } => format!("{class}: {message}"),
            Self::Cluster(error) => failed(error.to_string()),
            Self::Api { what, source } => {
                let place = connection.and_then(|connection| connection.hint(&source));
                let place = place.map(|hint| format!("\n{hint}")).unwrap_or_default();
                match (what, *source) {
                    (Some(what), source) => {
                        failed(format!("{what}: {}{place}", cluster::answer_text(&source)))
                    }
                    (None, kube::Error::Api(status)) => format!("{}{place}", api_exception(&status)),
                    (None, source) => failed(format!("{}{place}", cluster::answer_text(&source))),
                }
            }
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Api { what: None, source: Box::new(error) }
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Self {
        Self::Cluster(Box::new(error))
    }
}

/// The text of an API error that the function does not catch, in the format of the Python client.
fn api_exception(status: &kube::core::Status) -> String {
    let class = match status.code {
        400 => "BadRequestException",
        401 => "UnauthorizedException",
        403 => "ForbiddenException",
        404 => "NotFoundException",
        409 => "ConflictException",
        422 => "UnprocessableEntityException",
        500..600 => "ServiceException",
        _ => "ApiException",
    };
    let body = status_json(status);
    let code = status.code;
    let phrase =
        reqwest::StatusCode::from_u16(code).ok().and_then(|code| code.canonical_reason()).unwrap_or("");
    format!("kubernetes.client.exceptions.{class}: ({code})\nReason: {phrase}\nHTTP response body: {body}")
}

/// The Status object of a failure, as the API server writes it.
pub(super) fn status_json(status: &kube::core::Status) -> Json {
    let mut body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": status.message,
        "reason": status.reason,
    });
    if let Some(details) = &status.details {
        body["details"] = json!(details);
    }
    body["code"] = status.code.into();
    body
}
