//! Words about users, as seen by our probe of the consumer's endpoint.

use serde::{Deserialize, Serialize};

/// Which probed endpoint, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EndpointId(pub u16);

/// Which request of an endpoint, from 0, in order of intended start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// What a user got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// The answer of steady state.
    Real,
    /// A success of which nobody can say whether it is the real answer: none was learned by then. Those that come before
    /// the fault turn out to be real once `ShapeLearned` is told.
    Unjudged,
    /// A success that does not look like the real answer.
    Fallback,
    /// No success.
    Error(ErrorKind),
}

/// Why a user got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Nobody listens.
    Refused,
    /// No way to the host.
    Unreachable,
    /// The connection broke before there was an answer.
    Reset,
    /// No answer within the client's deadline.
    Timeout,
    /// The name is unknown.
    Dns,
    /// The proxy did not let us through.
    Proxy,
    /// No common language about encryption.
    Tls,
    /// Something listens there that speaks no TLS.
    NotTls,
    /// The certificate is of nobody who is trusted.
    Untrusted,
    /// The certificate is not valid any more, or not yet.
    Expired,
    /// The certificate is for another name.
    WrongName,
    /// What came is no HTTP.
    Protocol,
    /// More headers than a client takes.
    HeadTooLarge,
    /// The answer broke off in its body.
    CutShort,
    /// The body is not packed as its headers say.
    Undecodable,
    /// More redirects than a client follows.
    Redirects,
    /// A redirect that leads nowhere.
    Astray,
    Client,
    /// 500 to 599.
    Server,
    /// The request could not be sent for a reason of our own, such as too many open files.
    Ours,
    /// Only in recordings of earlier versions: one of those above that had no name yet.
    Other,
}

/// A request that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub endpoint: super::EndpointId,
    pub request: RequestId,
    /// Milliseconds from the *intended* start to the end: no coordinated omission.
    pub waited_ms: f64,
    pub kind: AnswerKind,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Hash of the answer's shape; equal shapes look alike.
    pub shape: u64,
    /// The first characters of the body, cleaned of control characters. Only kept when the shape is new.
    pub excerpt: Option<String>,
    /// Whether it asked to come back later (`Retry-After`), as limits do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retry_after: bool,
}

/// What a metrics page says of how often everybody has called a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTotals {
    pub endpoint: EndpointId,
    /// The series that counts.
    pub series: String,
    /// Whether it counts the endpoint's path alone; else every path of the service.
    pub of_path: bool,
    /// Calls since the service began.
    pub total: u64,
    /// Those of them that ended with a status of 500 or more, where the series tells.
    pub failed: Option<u64>,
}
