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
    /// The connection broke.
    Reset,
    /// No answer within the client's deadline.
    Timeout,
    /// No common language about encryption, or a certificate that is not trusted.
    Tls,
    /// The name is unknown.
    Dns,
    /// 400 to 499.
    Client,
    /// 500 to 599.
    Server,
    /// Anything else, such as a redirect that leads nowhere.
    Other,
}

/// A request that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Which endpoint.
    pub endpoint: super::EndpointId,
    /// Which request.
    pub request: RequestId,
    /// Milliseconds from the *intended* start to the end: no coordinated omission.
    pub waited_ms: f64,
    /// What the user got.
    pub kind: AnswerKind,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Hash of the answer's shape; equal shapes look alike.
    pub shape: u64,
    /// The first characters of the body, cleaned of control characters. Only kept when the shape is new.
    pub excerpt: Option<String>,
}
