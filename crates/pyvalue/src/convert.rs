//! Python's `int()` and `float()`.

use crate::{
    decimal,
    value::{Value, integer},
};

/// Python's `int()`; `None` where it raises an exception.
pub fn to_integer(value: &Value) -> Option<Value> {
    match value {
        Value::Int(_) | Value::Big(_) => Some(value.clone()),
        Value::Bool(b) => Some(Value::Int(i64::from(*b))),
        Value::Float(float) if float.is_finite() => Some(integer(&format!("{:.0}", float.trunc()))),
        Value::Text(text) => {
            let text = latin(text);
            let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
            let sign = if text.starts_with('-') { "-" } else { "" };
            separated(digits, |c| c.is_ascii_digit()).map(|digits| integer(&format!("{sign}{digits}")))
        }
        _ => None,
    }
}

/// Python's `float()`; `None` where it raises an exception.
pub fn to_float(value: &Value) -> Option<Value> {
    match value {
        Value::Float(_) => Some(value.clone()),
        Value::Int(int) => Some(Value::Float(*int as f64)),
        Value::Big(digits) => digits.parse().ok().filter(|float: &f64| float.is_finite()).map(Value::Float),
        Value::Bool(b) => Some(Value::Float(f64::from(u8::from(*b)))),
        Value::Text(text) => {
            let plain = separated(&latin(text), |c| c.is_ascii() && !c.is_ascii_whitespace())?;
            plain.parse().ok().map(Value::Float)
        }
        _ => None,
    }
}

/// Trims the text and replaces the decimal digits of all scripts, which Python accepts, by ASCII digits.
fn latin(text: &str) -> String {
    let latin = |c| decimal::digit(c).map_or(c, |digit| char::from(b'0' + digit));
    text.trim().chars().map(latin).collect()
}

/// Removes each `_`, which must be between two digits; `None` when that or another character is not allowed.
fn separated(text: &str, allowed: fn(char) -> bool) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    let well_placed =
        |(index, c): (usize, char)| c != '_' || (index > 0 && digit(index - 1) && digit(index + 1));
    let fits = !text.is_empty()
        && text.char_indices().all(well_placed)
        && text.chars().all(|c| c == '_' || allowed(c));
    fits.then(|| text.chars().filter(|c| *c != '_').collect())
}
