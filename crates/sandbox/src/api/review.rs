//! Self subject access reviews.

use super::{
    answer::{self, HandlerResult},
    body::Received,
};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Reports that the action is allowed: the holder of the token may do everything.
pub(super) fn access_review(body: &Received) -> HandlerResult {
    // kubectl sends protobuf, which is not parsed; the result is the same for every request.
    let asked = if body.is_protobuf() { Value::Null } else { body.value()? };
    let review = json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": if asked["spec"].is_object() { asked["spec"].clone() } else { json!({}) },
        "status": {"allowed": true, "reason": "the holder of the sandbox's token may do everything"},
    });
    Ok(answer::json(StatusCode::CREATED, &review))
}
