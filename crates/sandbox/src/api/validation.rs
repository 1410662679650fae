//! `fieldValidation`: the treatment of unknown fields.

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

/// The strictness of field validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// Unknown fields are dropped silently.
    Ignore,
    /// Unknown fields are dropped with a warning in the response.
    Warn,
    /// Unknown fields are refused.
    Strict,
}

impl Validation {
    /// Reads `fieldValidation`. Error: 422 for an unknown value.
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

    /// Returns the warnings for `object`. Errors: 400 for unknown fields in strict mode, and, unless validation is
    /// ignored, for fields of the wrong type.
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
}

/// Adds warnings to the response headers.
pub(super) fn warn(mut response: Response, warnings: &[String]) -> Response {
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append(WARNING, value);
        }
    }
    response
}
