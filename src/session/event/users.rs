//! Event types about users, as represented by the probe of the consumer's endpoint.

use serde::{Deserialize, Serialize};

/// The number of a probed endpoint, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EndpointId(pub u16);

/// The number of a request to an endpoint, from 0, in order of intended start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// The kind of answer that a user got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// The answer of steady state.
    Real,
    /// A success that cannot be classified, because no real answer was learned yet. Those before the fault are
    /// reclassified as real once `ShapeLearned` is emitted.
    Unjudged,
    /// A success that does not look like the real answer.
    Fallback,
    /// No success.
    Error(ErrorKind),
}

/// Why a user got no successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The connection was refused.
    Refused,
    /// No pod of the Service is ready, so there is nothing to connect to.
    NoReadyPod,
    /// No route to the host.
    Unreachable,
    /// The connection broke before there was an answer.
    Reset,
    /// No answer within the client's deadline.
    Timeout,
    /// The host name does not resolve.
    Dns,
    /// The proxy did not let the request through.
    Proxy,
    /// The TLS handshake failed for none of the reasons below.
    Tls,
    /// The server does not speak TLS.
    NotTls,
    /// The certificate is not issued by a trusted authority.
    Untrusted,
    /// The certificate has expired or is not valid yet.
    Expired,
    /// The certificate is for another name.
    WrongName,
    /// The response is not HTTP.
    Protocol,
    /// The response has more headers than the client accepts.
    HeadTooLarge,
    /// The response ended within its body.
    CutShort,
    /// The body cannot be decoded as its headers declare.
    Undecodable,
    /// More redirects than the client follows.
    Redirects,
    /// A redirect to an invalid target, or none.
    Astray,
    Client,
    /// 500 to 599.
    Server,
    /// The request could not be sent for a local reason, such as too many open files.
    Ours,
    /// Only in recordings of earlier versions: one of the kinds above that had no name yet.
    Other,
}

/// A request that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub endpoint: super::EndpointId,
    pub request: RequestId,
    /// Milliseconds from the *intended* start to the end, which avoids coordinated omission.
    pub waited_ms: f64,
    pub kind: AnswerKind,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Hash of the answer's shape; answers that look alike have equal hashes.
    pub shape: u64,
    /// The first characters of the body, cleaned of control characters. Only kept when the shape is new.
    pub excerpt: Option<String>,
    /// Whether the response asked to retry later (`Retry-After`), as rate limits do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retry_after: bool,
}

/// The number of calls of all clients of a service, as a metrics page reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTotals {
    pub endpoint: EndpointId,
    /// The series that contains the count.
    pub series: String,
    /// Whether it counts the endpoint's path only; otherwise it counts every path of the service.
    pub of_path: bool,
    /// Calls since the service started.
    pub total: u64,
    /// Those of them that ended with a status of 500 or more, where the series distinguishes them.
    pub failed: Option<u64>,
}
