//! Keyword arguments as the native functions take them.

use super::failure::Failure;
use crate::experiment::{Map, Value};
use crate::provider::Native;

/// Refuses missing and unknown arguments, as Python does when it binds a call.
pub(super) fn check(native: &Native, arguments: &Map) -> Result<(), Failure> {
    if let Some(unknown) = arguments.keys().find(|name| !native.parameters.iter().any(|p| p.name == **name)) {
        return Err(Failure::type_error(format!(
            "{}() got an unexpected keyword argument '{unknown}'",
            native.func
        )));
    }
    let missing = native.parameters.iter().find(|p| p.required && !arguments.contains_key(p.name));
    match missing {
        Some(parameter) => Err(Failure::type_error(format!(
            "{}() missing 1 required positional argument: '{}'",
            native.func, parameter.name
        ))),
        None => Ok(()),
    }
}

/// The shape of a value, for messages.
pub(super) fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Big(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}
