//! Answers on the wire.

use crate::store::Status;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde_json::Value;

/// What a handler comes to.
pub(super) type Answer = Result<Response, Status>;

/// 200 with JSON.
pub(super) fn ok(body: &Value) -> Response {
    json(StatusCode::OK, body)
}

/// JSON with another code.
pub(super) fn json(code: StatusCode, body: &Value) -> Response {
    raw(code, "application/json", Bytes::from(body.to_string()))
}

/// Bytes as they are.
pub(super) fn raw(code: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) fn refusal(status: &Status) -> Response {
    let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(code, &status.to_value())
}
