//! The functions of a path; a function that does not apply to its node returns nothing.

use super::path::Function;
use crate::value::Value;

pub(super) fn call(function: Function, node: &Value, arguments: &[Value]) -> Option<Value> {
    let numbers: Option<Vec<i64>> = arguments.iter().map(whole).collect();
    match (function, node, numbers?.as_slice()) {
        (Function::Length, Value::List(list), []) => Some(count(list.len())),
        (Function::Length, Value::Text(text), []) => Some(count(text.chars().count())),
        (Function::Keys, Value::Map(map), []) => Some(list(map.keys().map(|key| key.as_str().into()))),
        (Function::Keys, Value::List(items), []) => Some(list((0..items.len()).map(count))),
        (Function::Values, Value::Map(map), []) => Some(list(map.values().cloned())),
        (Function::Values, Value::List(_), []) => Some(node.clone()),
        (Function::Entries, Value::Map(map), []) => {
            Some(list(map.iter().map(|(key, value)| vec![key.as_str().into(), value.clone()].into())))
        }
        (Function::Entries, Value::List(items), []) => {
            Some(list(items.iter().enumerate().map(|(i, item)| vec![count(i), item.clone()].into())))
        }
        (Function::CharAt, Value::Text(text), [index]) => {
            let length = i64::try_from(text.chars().count()).ok()?;
            let index = if *index < 0 { index.checked_add(length)? } else { *index };
            let c = text.chars().nth(usize::try_from(index).ok()?)?;
            Some(Value::Text(c.to_string()))
        }
        (Function::Substring, Value::Text(text), [from]) => Some(substring(text, *from, i64::MAX)),
        (Function::Substring, Value::Text(text), [from, to]) => Some(substring(text, *from, *to)),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        Value::Bool(b) => Some(i64::from(*b)),
        _ => None,
    }
}

fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn list(items: impl Iterator<Item = Value>) -> Value {
    items.collect::<Vec<_>>().into()
}

/// Returns the characters `from..to`; negative indices count from the end, too large ones are clamped.
fn substring(text: &str, from: i64, to: i64) -> Value {
    let length = text.chars().count();
    let end = |index: i64| {
        let counted =
            if index < 0 { index.saturating_add(i64::try_from(length).unwrap_or(i64::MAX)) } else { index };
        usize::try_from(counted.max(0)).unwrap_or(length).min(length)
    };
    let (from, to) = (end(from), end(to));
    text.chars().skip(from).take(to.saturating_sub(from)).collect::<String>().into()
}
