//! One call of a native function: its arguments, typed as they are used, and its way to the cluster.

use super::{arguments::shape, failure::Failure};
use crate::cluster::Connection;
use crate::experiment::{Map, Value};
use crate::provider::Native;
use kube::{Client, api::ListParams};

/// What a function works with.
pub(super) struct Invocation<'a> {
    pub(super) native: &'static Native,
    pub(super) arguments: &'a Map,
    pub(super) connection: Connection,
    pub(super) client: Client,
    pub(super) progress: &'a (dyn Fn(String) + Send + Sync),
}

impl Invocation<'_> {
    /// An argument that was given and is not null.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.arguments.get(name).filter(|value| !value.is_null())
    }

    /// An optional text; empty text counts as none, as the reference tests for truth.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.unfit(name, "text", other)),
        }
    }

    /// A needed text.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.text(name)?.ok_or_else(|| {
            Failure::type_error(format!("{}() needs text in its argument '{name}'", self.native.func))
        })
    }

    /// The namespace: `ns`, else the literal `default`, never the context's (kubernetes-catalog 0).
    pub(super) fn namespace(&self) -> Result<&str, Failure> {
        Ok(self.text("ns")?.unwrap_or("default"))
    }

    /// A flag, by Python's truth.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.arguments.get(name).map_or(default, Value::truthy)
    }

    /// A whole number.
    pub(super) fn whole(&self, name: &str, default: i64) -> Result<i64, Failure> {
        match self.given(name) {
            None => Ok(default),
            Some(Value::Int(number)) => Ok(*number),
            Some(Value::Float(number)) if number.fract() == 0.0 => Ok(*number as i64),
            Some(other) => Err(self.unfit(name, "a whole number", other)),
        }
    }

    /// A list request with the `label_selector` as given.
    pub(super) fn selected(&self) -> Result<ListParams, Failure> {
        Ok(match self.text("label_selector")? {
            Some(selector) => ListParams::default().labels(selector),
            None => ListParams::default(),
        })
    }

    fn unfit(&self, name: &str, wanted: &str, got: &Value) -> Failure {
        Failure::type_error(format!(
            "{}() wants {wanted} in its argument '{name}', not {}",
            self.native.func,
            shape(got)
        ))
    }
}
