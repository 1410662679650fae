//! How a native function fails, in the words the journal of the reference would hold.

use crate::cluster;
use std::fmt;

/// A failure of an activity. Its text is what follows `chaoslib.exceptions.ActivityFailed: ` in the journal: the
/// qualified Python class, a colon, the message (kubernetes-catalog 0).
#[derive(Debug)]
pub(super) enum Failure {
    /// The state of the system is not as asked, or the call makes no sense.
    Activity(String),
    /// The arguments are not what the function takes: Python's `TypeError`, `ValueError`, `re.error`, ...
    Python {
        /// The qualified class.
        class: &'static str,
        /// The message.
        message: String,
    },
    /// The API server said no, or nothing.
    Api(Box<kube::Error>),
    /// There is no way to the cluster.
    Cluster(Box<cluster::Error>),
}

impl Failure {
    pub(super) fn activity(message: impl Into<String>) -> Self {
        Self::Activity(message.into())
    }

    pub(super) fn type_error(message: impl Into<String>) -> Self {
        Self::Python { class: "TypeError", message: message.into() }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Self {
        Self::Cluster(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Activity(message) => write!(f, "chaoslib.exceptions.ActivityFailed: {message}"),
            Self::Python { class, message } => write!(f, "{class}: {message}"),
            Self::Cluster(error) => write!(f, "chaoslib.exceptions.ActivityFailed: {error}"),
            Self::Api(error) => match error.as_ref() {
                kube::Error::Api(status) => {
                    let body = serde_json::to_string(status).unwrap_or_default();
                    write!(
                        f,
                        "kubernetes.client.exceptions.ApiException: ({})\nReason: {}\nHTTP response body: {body}",
                        status.code,
                        reason(status)
                    )
                }
                other => write!(f, "chaoslib.exceptions.ActivityFailed: the cluster did not answer: {other}"),
            },
        }
    }
}

/// The reason phrase of the HTTP status where the Status names none.
fn reason(status: &kube::core::Status) -> &str {
    if status.reason.is_empty() { "Unknown" } else { &status.reason }
}
