//! One call of a native function: its arguments, with typed access, and its client.

use super::failure::Failure;
use crate::provider::Native;
use kube::{Client, api::ListParams};
use pyvalue::{Map, Value};
use serde_json::Value as Json;

/// The inputs of a function.
pub(super) struct Invocation<'a> {
    pub(super) native: &'static Native,
    pub(super) arguments: &'a Map,
    pub(super) client: Client,
    pub(super) progress: &'a (dyn Fn(String) + Send + Sync),
}

impl Invocation<'_> {
    /// An argument that is given and not null.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.arguments.get(name).filter(|value| !value.is_null())
    }

    /// An optional text argument; an empty text counts as absent, as the reference tests for truthiness.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.unfit(name, "text", other)),
        }
    }

    pub(super) fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.text(name)?.ok_or_else(|| {
            Failure::type_error(format!("{}() needs text in its argument '{name}'", self.native.func))
        })
    }

    /// The namespace: `ns`, else the literal `default`, never the context's (kubernetes-catalog 0).
    pub(super) fn namespace(&self) -> Result<&str, Failure> {
        Ok(self.text("ns")?.unwrap_or("default"))
    }

    /// A flag, evaluated by Python's truthiness.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.arguments.get(name).map_or(default, Value::truthy)
    }

    pub(super) fn whole(&self, name: &str, default: i64) -> Result<i64, Failure> {
        match self.given(name) {
            None => Ok(default),
            Some(Value::Int(number)) => Ok(*number),
            Some(Value::Float(number)) if number.fract() == 0.0 => Ok(*number as i64),
            Some(other) => Err(self.unfit(name, "a whole number", other)),
        }
    }

    /// A required mapping or list, as JSON.
    pub(super) fn document(&self, name: &str) -> Result<Json, Failure> {
        match self.arguments.get(name) {
            Some(value @ (Value::Map(_) | Value::List(_))) => serde_json::to_value(value)
                .map_err(|error| Failure::type_error(format!("'{name}' cannot be sent: {error}"))),
            other => Err(self.unfit(name, "a mapping", other.unwrap_or(&Value::Null))),
        }
    }

    /// List parameters with the `label_selector` as given; without one, all objects in the namespace are selected.
    pub(super) fn labelled(&self) -> Result<ListParams, Failure> {
        Ok(match self.text("label_selector")? {
            Some(selector) => ListParams::default().labels(selector),
            None => ListParams::default(),
        })
    }

    /// List parameters by object name, for functions that use `label_selector` only if there is no `name`.
    pub(super) fn named_or_labelled(&self) -> Result<ListParams, Failure> {
        match self.text("name")? {
            Some(name) => Ok(by_name(ListParams::default(), name)),
            None => self.labelled(),
        }
    }

    /// The `label_selector` with `{name}` replaced, or `default` if none is given. Any other brace is Python's
    /// `KeyError` (kubernetes-catalog 0, "fmt").
    pub(super) fn formatted(&self, default: Option<&str>, name: &str) -> Result<ListParams, Failure> {
        let template = if self.arguments.contains_key("label_selector") {
            self.text("label_selector")?
        } else {
            default
        };
        let Some(template) = template else {
            return Ok(ListParams::default());
        };
        let selector = template.replace("{name}", name);
        if selector.contains(['{', '}']) && !name.contains(['{', '}']) {
            Err(Failure::Python {
                class: "KeyError",
                message: format!("only {{name}} can be used in label_selector '{template}'"),
            })
        } else {
            Ok(ListParams::default().labels(&selector))
        }
    }

    /// True if there is no failure. Otherwise the failure if the flag `raise` is set (the default, also for functions
    /// without the flag), else false.
    pub(super) fn verdict(&self, raise: &str, failure: Option<String>) -> Result<Value, Failure> {
        match failure {
            None => Ok(true.into()),
            Some(message) if self.flag(raise, true) => Err(Failure::activity(message)),
            Some(_) => Ok(false.into()),
        }
    }

    /// The error for an argument of the wrong type.
    pub(super) fn unfit(&self, name: &str, wanted: &str, got: &Value) -> Failure {
        let func = self.native.func;
        Failure::type_error(format!("{func}() wants {wanted} in its argument '{name}', not {}", shape(got)))
    }
}

/// Restricts a list request to the object of this name.
pub(super) fn by_name(params: ListParams, name: &str) -> ListParams {
    params.fields(&format!("metadata.name={name}"))
}

/// The type of a value, for messages.
fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Big(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Text(_) => "text",
        Value::Time(_) => "a date",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}
