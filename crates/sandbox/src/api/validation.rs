//! `fieldValidation`: what to do about fields that a kind does not have.

use super::query::Query;
use crate::{
    admission,
    store::{Cause, Resource, Status},
};
use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use serde_json::Value;

const WARNING: HeaderName = HeaderName::from_static("warning");

/// How strictly fields are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// Unknown fields are dropped without a word.
    Ignore,
    /// Unknown fields are dropped, and the answer says so.
    Warn,
    /// Unknown fields are refused.
    Strict,
}

impl Validation {
    /// Error: 422 for an unknown word.
    pub(super) fn of(query: &Query) -> Result<Validation, Status> {
        match query.text("fieldValidation") {
            Some("Ignore") => Ok(Validation::Ignore),
            None | Some("Warn") => Ok(Validation::Warn),
            Some("Strict") => Ok(Validation::Strict),
            Some(other) => {
                let cause =
                    Cause::not_supported("fieldValidation", &other.into(), &["Ignore", "Warn", "Strict"]);
                Err(Status::invalid_kind("meta.k8s.io", "CreateOptions", "", vec![cause]))
            }
        }
    }

    /// The warnings about `object`. Errors: 400 for unknown fields when strict, and for wrong types always.
    pub(super) fn check(self, resource: Resource, object: &Value) -> Result<Vec<String>, Status> {
        if self == Validation::Ignore {
            return Ok(Vec::new());
        }
        let unknown = admission::unknown_fields(resource, object)?;
        let unknown: Vec<String> =
            unknown.into_iter().map(|path| format!("unknown field \"{path}\"")).collect();
        if self == Validation::Strict && !unknown.is_empty() {
            let (kind, version) = (resource.kind(), resource.descriptor().version);
            return Err(Status::bad_request(format!(
                "{kind} in version \"{version}\" cannot be handled as a {kind}: strict decoding error: {}",
                unknown.join(", ")
            )));
        }
        Ok(unknown)
    }

    /// Puts warnings into an answer.
    pub(super) fn warn(self, mut response: Response, warnings: &[String]) -> Response {
        for warning in warnings {
            let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
            if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
                response.headers_mut().append(WARNING, value);
            }
        }
        response
    }
}
