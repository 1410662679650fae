//! HTTP responses.

use crate::store::Status;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde_json::Value;

/// The result of a handler.
pub(super) type HandlerResult = Result<Response, Status>;

/// Returns a 200 response with a JSON body.
pub(super) fn ok(body: &Value) -> Response {
    json(StatusCode::OK, body)
}

/// Returns a JSON response with the given status code.
pub(super) fn json(code: StatusCode, body: &Value) -> Response {
    raw(code, "application/json", Bytes::from(body.to_string()))
}

/// Returns a response with the given bytes and content type.
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
