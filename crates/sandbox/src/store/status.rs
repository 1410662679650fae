//! The `Status` object of Kubernetes error responses (kubernetes-wire 10).

use super::Resource;
use serde_json::{Map, Value, json};

/// An error that can be sent as an error response.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// The human-readable message.
    pub message: String,
    /// The object or fields that the error refers to, if any.
    pub details: Option<Box<Details>>,
}

/// The subject of a [`Status`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// The object's name.
    pub name: String,
    /// The object's group; empty (and omitted in the response) for the core group.
    pub group: String,
    /// The plural resource name, or the kind for errors of fields.
    pub kind: String,
    /// The object's UID, set after a deletion.
    pub uid: String,
    /// The individual errors, one per field.
    pub causes: Vec<Cause>,
}

/// One error of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The machine-readable reason: `FieldValueRequired`, `FieldValueInvalid`, `FieldManagerConflict`,
    /// `DisruptionBudget`, …
    pub reason: &'static str,
    /// The message without the field's path.
    pub message: String,
    /// The field's path, such as `spec.selector`; may be empty.
    pub field: String,
}

impl Cause {
    /// Creates the error for a missing required field.
    pub fn required(field: impl Into<String>, message: &str) -> Cause {
        let message =
            if message.is_empty() { "Required value".into() } else { format!("Required value: {message}") };
        Cause { reason: "FieldValueRequired", message, field: field.into() }
    }

    /// Creates the error for a field with an invalid value.
    pub fn invalid(field: impl Into<String>, value: &Value, message: &str) -> Cause {
        Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {message}"),
            field: field.into(),
        }
    }

    /// Creates the error for a field that must not be set or changed.
    pub fn forbidden(field: impl Into<String>, message: &str) -> Cause {
        Cause { reason: "FieldValueForbidden", message: format!("Forbidden: {message}"), field: field.into() }
    }

    /// Creates the error for a field whose value is not in `supported`.
    pub fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Cause {
        let words: Vec<String> = supported.iter().map(|word| format!("\"{word}\"")).collect();
        Cause {
            reason: "FieldValueNotSupported",
            message: format!("Unsupported value: {value}: supported values: {}", words.join(", ")),
            field: field.into(),
        }
    }
}

impl Status {
    /// Creates an error without details.
    pub fn plain(code: u16, reason: &'static str, message: impl Into<String>) -> Status {
        Status { code, reason, message: message.into(), details: None }
    }

    /// 400: the request is invalid.
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::plain(400, "BadRequest", message)
    }

    /// 403: the request is refused.
    pub fn forbidden(resource: Resource, name: &str, why: &str) -> Status {
        let message = format!("{} \"{name}\" is forbidden: {why}", resource.qualified());
        Status::about(403, "Forbidden", resource, name, message)
    }

    /// 404: the object does not exist.
    pub fn not_found(resource: Resource, name: &str) -> Status {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Status::about(404, "NotFound", resource, name, message)
    }

    /// 404: the path does not exist.
    pub fn no_such_path() -> Status {
        Status {
            details: Some(Box::default()),
            ..Status::plain(404, "NotFound", "the server could not find the requested resource")
        }
    }

    /// 405: the path does not support this method.
    pub fn method_not_allowed() -> Status {
        let message = "the server does not allow this method on the requested resource";
        Status { details: Some(Box::default()), ..Status::plain(405, "MethodNotAllowed", message) }
    }

    /// 409: the name is already in use.
    pub fn already_exists(resource: Resource, name: &str) -> Status {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Status::about(409, "AlreadyExists", resource, name, message)
    }

    /// 409: the object is in another state than the caller expects.
    pub fn conflict(resource: Resource, name: &str, why: &str) -> Status {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Status::about(409, "Conflict", resource, name, message)
    }

    /// 409: the caller's copy of the object is outdated.
    pub fn stale(resource: Resource, name: &str) -> Status {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Status::conflict(resource, name, why)
    }

    /// 410: the requested part of the history is no longer available.
    pub fn expired(message: impl Into<String>) -> Status {
        Status::plain(410, "Expired", message)
    }

    /// 422: fields are invalid.
    pub fn invalid(resource: Resource, name: &str, causes: Vec<Cause>) -> Status {
        let d = resource.descriptor();
        Status::invalid_kind(d.group, d.kind, name, causes)
    }

    /// 422 for kinds that are not stored, such as `Scale` of `autoscaling`.
    pub fn invalid_kind(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Status {
        let findings: Vec<String> =
            causes
                .iter()
                .map(|c| {
                    if c.field.is_empty() { c.message.clone() } else { format!("{}: {}", c.field, c.message) }
                })
                .collect();
        let findings = match findings.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        Status {
            details: Some(Box::new(Details {
                name: name.into(),
                group: group.into(),
                kind: kind.into(),
                causes,
                ..Details::default()
            })),
            ..Status::plain(422, "Invalid", format!("{qualified} \"{name}\" is invalid: {findings}"))
        }
    }

    /// 500: an internal error, or an error for which a real server uses this code.
    pub fn internal(message: impl Into<String>) -> Status {
        Status::plain(500, "InternalError", message)
    }

    /// Creates an error about one object.
    pub fn about(code: u16, reason: &'static str, resource: Resource, name: &str, message: String) -> Status {
        let d = resource.descriptor();
        let details =
            Details { name: name.into(), group: d.group.into(), kind: d.plural.into(), ..Details::default() };
        Status { details: Some(Box::new(details)), ..Status::plain(code, reason, message) }
    }

    /// Returns the Status object for the response.
    pub fn to_value(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        });
        if let Some(details) = &self.details {
            status["details"] = details.to_value();
        }
        status["code"] = self.code.into();
        status
    }
}

impl Details {
    /// Returns the `details` object; empty fields are omitted.
    pub fn to_value(&self) -> Value {
        let mut map = Map::default();
        for (key, text) in
            [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)]
        {
            if !text.is_empty() {
                map.insert(key.into(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            map.insert("causes".into(), self.causes.iter().map(Cause::to_value).collect());
        }
        Value::Object(map)
    }
}

impl Cause {
    fn to_value(&self) -> Value {
        let mut map = Map::default();
        for (key, text) in [("reason", self.reason), ("message", &self.message), ("field", &self.field)] {
            if !text.is_empty() {
                map.insert(key.into(), text.into());
            }
        }
        Value::Object(map)
    }
}
