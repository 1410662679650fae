//! Kubernetes' way of saying no: the Status object (kubernetes-wire 10).

use super::Resource;
use serde_json::{Map, Value, json};

/// A refusal, ready for the wire.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// The text for people.
    pub message: String,
    /// What it is about, when it is about one object or field.
    pub details: Option<Box<Details>>,
}

/// What a [`Status`] is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// The object's name.
    pub name: String,
    /// Its group; empty (and left out on the wire) for the core group.
    pub group: String,
    /// The plural resource, or the kind where fields are at fault.
    pub kind: String,
    /// The object's uid, told after a deletion.
    pub uid: String,
    /// The findings, one a field.
    pub causes: Vec<Cause>,
}

/// One finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueRequired`, `FieldValueInvalid`, `FieldManagerConflict`, `DisruptionBudget`, …
    pub reason: &'static str,
    /// The text without the field's path.
    pub message: String,
    /// The field's path, `spec.selector`; may be empty.
    pub field: String,
}

impl Cause {
    /// A field that must be there and is not.
    pub fn required(field: impl Into<String>, message: &str) -> Cause {
        let message =
            if message.is_empty() { "Required value".into() } else { format!("Required value: {message}") };
        Cause { reason: "FieldValueRequired", message, field: field.into() }
    }

    /// A field with a value that may not be.
    pub fn invalid(field: impl Into<String>, value: &Value, message: &str) -> Cause {
        Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {message}"),
            field: field.into(),
        }
    }

    /// A field that may not be set or changed.
    pub fn forbidden(field: impl Into<String>, message: &str) -> Cause {
        Cause { reason: "FieldValueForbidden", message: format!("Forbidden: {message}"), field: field.into() }
    }

    /// A field with a word that is none of `supported`.
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
    /// A refusal about nothing in particular.
    pub fn plain(code: u16, reason: &'static str, message: impl Into<String>) -> Status {
        Status { code, reason, message: message.into(), details: None }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::plain(400, "BadRequest", message)
    }

    /// 403: understood and refused.
    pub fn forbidden(resource: Resource, name: &str, why: &str) -> Status {
        let message = format!("{} \"{name}\" is forbidden: {why}", resource.qualified());
        Status::about(403, "Forbidden", resource, name, message)
    }

    /// 404: no such object.
    pub fn not_found(resource: Resource, name: &str) -> Status {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Status::about(404, "NotFound", resource, name, message)
    }

    /// 404: no such path.
    pub fn no_such_path() -> Status {
        Status {
            details: Some(Box::default()),
            ..Status::plain(404, "NotFound", "the server could not find the requested resource")
        }
    }

    /// 405: the path does not take this verb.
    pub fn method_not_allowed() -> Status {
        let message = "the server does not allow this method on the requested resource";
        Status { details: Some(Box::default()), ..Status::plain(405, "MethodNotAllowed", message) }
    }

    /// 409: the name is taken.
    pub fn already_exists(resource: Resource, name: &str) -> Status {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Status::about(409, "AlreadyExists", resource, name, message)
    }

    /// 409: the object is not what the caller takes it for.
    pub fn conflict(resource: Resource, name: &str, why: &str) -> Status {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Status::about(409, "Conflict", resource, name, message)
    }

    /// 409: the caller's copy of the object is stale.
    pub fn stale(resource: Resource, name: &str) -> Status {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Status::conflict(resource, name, why)
    }

    /// 410: that part of the history is gone.
    pub fn expired(message: impl Into<String>) -> Status {
        Status::plain(410, "Expired", message)
    }

    /// 422: fields are at fault.
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

    /// 500: our fault, or what a real server answers with this code.
    pub fn internal(message: impl Into<String>) -> Status {
        Status::plain(500, "InternalError", message)
    }

    /// A refusal about one object.
    pub fn about(code: u16, reason: &'static str, resource: Resource, name: &str, message: String) -> Status {
        let d = resource.descriptor();
        let details =
            Details { name: name.into(), group: d.group.into(), kind: d.plural.into(), ..Details::default() };
        Status { details: Some(Box::new(details)), ..Status::plain(code, reason, message) }
    }

    /// The Status object of the wire.
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
    /// The `details` of the wire: what is empty is left out.
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
