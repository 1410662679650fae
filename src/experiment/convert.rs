//! Types that a variable can be given: `env_var_type`, `--var NAME:TYPE=VALUE` (experiment-format 4.2).

use super::{Value, decimal, document::parse_json, value::integer};

/// A value that does not become the type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// There is no such type.
    #[error("variable type can only be: bool, str, int, float, bytes or json, not '{0}'")]
    UnknownType(String),
    /// The text does not read as that type.
    #[error("'{text}' is no {kind}")]
    Unreadable {
        /// The text.
        text: String,
        /// The type.
        kind: &'static str,
    },
}

/// Converts a value as the reference's `env_var_type` does; `None` converts nothing.
pub fn to_type(kind: Option<&str>, value: &Value) -> Result<Value, ConvertError> {
    let unreadable = |kind| ConvertError::Unreadable { text: super::python_text(value), kind };
    match kind {
        None | Some("str" | "string") => Ok(value.clone()),
        Some("int" | "integer") => to_integer(value).ok_or_else(|| unreadable("integer")),
        Some("float" | "number") => to_float(value).ok_or_else(|| unreadable("number")),
        // Bytes exist in Python only; as a variable they read as their text.
        Some("bytes") => value.as_str().map(Value::from).ok_or_else(|| unreadable("text")),
        Some("bool") => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::Text(text) => {
                Ok(Value::Bool(!matches!(text.to_lowercase().as_str(), "false" | "0" | "no")))
            }
            _ => Err(unreadable("boolean or text")),
        },
        Some("json") => match value {
            Value::Text(text) if !text.is_empty() => parse_json(text).map_err(|_| unreadable("JSON")),
            _ => Ok(value.clone()),
        },
        Some(other) => Err(ConvertError::UnknownType(other.to_owned())),
    }
}

/// Python's `int()`.
fn to_integer(value: &Value) -> Option<Value> {
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

/// Python's `float()`.
fn to_float(value: &Value) -> Option<Value> {
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

/// The text without white space around it, its digits those of ASCII: Python reads those of every script.
fn latin(text: &str) -> String {
    let latin = |c| decimal::digit(c).map_or(c, |digit| char::from(b'0' + digit));
    text.trim().chars().map(latin).collect()
}

/// The text without its `_`, each of which must stand between two digits.
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

#[cfg(test)]
mod tests {
    use super::to_type;
    use crate::experiment::{Value, parse_json};

    #[test]
    fn texts_become_what_python_makes_of_them() {
        let table = [
            ("int", " 1_000 ", Some("1000")),
            ("integer", "-7", Some("-7")),
            ("int", "1.5", None),
            ("int", "", None),
            ("int", "_1", None),
            ("float", " 1e3 ", Some("1000.0")),
            ("number", "inf", Some("Infinity")),
            ("float", "-1_0.5", Some("-10.5")),
            ("float", "x", None),
            ("bool", "No", Some("false")),
            ("bool", "off", Some("true")),
            ("bool", "", Some("true")),
            ("json", "", Some("\"\"")),
            ("json", "{\"a\": [1]}", Some("{\"a\": [1]}")),
            ("json", "{", None),
            ("str", "5", Some("\"5\"")),
            ("int", "\u{663}", Some("3")),
            ("float", "\u{663}.\u{665}", Some("3.5")),
            ("strange", "5", None),
            ("", "5", None),
        ];
        for (kind, text, expected) in table {
            let converted = to_type(Some(kind), &Value::from(text)).ok();
            assert_eq!(converted, expected.map(|json| parse_json(json).unwrap()), "{kind} {text:?}");
        }
    }

    #[test]
    fn defaults_that_are_no_text_are_kept_or_converted() {
        assert_eq!(to_type(Some("str"), &Value::Int(5)), Ok(Value::Int(5)));
        assert_eq!(to_type(Some("bool"), &Value::Bool(false)), Ok(Value::Bool(false)));
        assert_eq!(to_type(Some("int"), &Value::Float(2.9)), Ok(Value::Int(2)));
        assert!(to_type(Some("int"), &Value::Null).is_err());
        assert!(to_type(Some("bool"), &Value::Int(1)).is_err());
    }
}
