//! Conversion of variables to types: `env_var_type`, `--var NAME:TYPE=VALUE` (experiment-format 4.2).

use pyvalue::{Value, parse_json, python_text, to_float, to_integer};

/// A value that cannot be converted to the type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The type is unknown.
    #[error("variable type can only be: bool, str, int, float, bytes or json, not '{0}'")]
    UnknownType(String),
    /// The text is not a valid value of the type.
    #[error("'{text}' is no {kind}")]
    Unreadable { text: String, kind: &'static str },
}

/// Converts a value as the reference's `env_var_type` does; `None` converts nothing.
pub fn to_type(kind: Option<&str>, value: &Value) -> Result<Value, ConvertError> {
    let unreadable = |kind| ConvertError::Unreadable { text: python_text(value), kind };
    match kind {
        None | Some("str" | "string") => Ok(value.clone()),
        Some("int" | "integer") => to_integer(value).ok_or_else(|| unreadable("integer")),
        Some("float" | "number") => to_float(value).ok_or_else(|| unreadable("number")),
        // Bytes exist in Python only; as a variable they are used as their text.
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

#[cfg(test)]
mod tests {
    use super::to_type;
    use pyvalue::{Value, parse_json};

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
