//! How a native function fails, in the words the journal of the reference would hold.

use crate::cluster::{self, Connection};
use serde_json::{Value as Json, json};

/// A failure of an activity.
#[derive(Debug)]
pub(super) enum Failure {
    /// The state of the system is not as asked, or the call makes no sense.
    Activity(String),
    /// The arguments are not what the function takes: Python's `TypeError`, `ValueError`, `re.error`, ...
    Python {
        /// The qualified class.
        class: &'static str,
        message: String,
    },
    /// The API server said no, or nothing.
    Api {
        /// What was tried, where the function says so: `failed to scale my-app to 0 replicas`.
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

    /// An API error that the function catches and words itself.
    pub(super) fn because(what: String) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api { what: Some(what), source: Box::new(source) }
    }

    /// The failure in words, without a Python class.
    pub(super) fn in_plain_words(&self) -> String {
        match self {
            Self::Activity(message) | Self::Python { message, .. } => message.clone(),
            Self::Cluster(error) => error.to_string(),
            Self::Api { what, source } => match what {
                Some(what) => format!("{what}: {}", cluster::answer(source)),
                None => cluster::answer(source),
            },
        }
    }

    /// What the API server said, where it said something.
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
    /// colon, the message (kubernetes-catalog 0). Where the cluster refused or did not answer, the place and what
    /// to do are added.
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
                    (Some(what), source) => failed(format!("{what}: {}{place}", cluster::answer(&source))),
                    (None, kube::Error::Api(status)) => format!("{}{place}", api_exception(&status)),
                    (None, source) => failed(format!("{}{place}", cluster::answer(&source))),
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

/// An API error nobody caught, in the shape of the Python client's text.
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

/// A failure's Status as the API server writes it.
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
