//! Arguments as a query or a form, byte for byte as Python's `requests` writes them.

use crate::experiment::{Value, python_text};
use std::fmt::Write;

/// `a=1&b=x+y`: nulls dropped, lists repeated, a nested mapping contributes its keys.
///
/// Takes a mapping or a list of pairs; anything else is an error that says so.
pub(super) fn form(arguments: &Value) -> Result<String, String> {
    let mut out = String::new();
    for (key, value) in pairs(arguments)? {
        match value {
            Value::List(items) => items.iter().for_each(|item| push(&mut out, &key, item)),
            Value::Map(map) => map.keys().for_each(|inner| push(&mut out, &key, &inner.as_str().into())),
            single => push(&mut out, &key, single),
        }
    }
    Ok(out)
}

fn pairs(arguments: &Value) -> Result<Vec<(String, &Value)>, String> {
    let wrong = || "the arguments of an http activity must be a mapping, a list of pairs or text".to_owned();
    match arguments {
        Value::Map(map) => Ok(map.iter().map(|(key, value)| (key.clone(), value)).collect()),
        Value::List(list) => {
            let pair = |item: &'_ Value| -> bool { item.as_list().is_some_and(|pair| pair.len() == 2) };
            if !list.iter().all(pair) {
                return Err(wrong());
            }
            let halves = list.iter().filter_map(|item| item.as_list()?.split_first());
            Ok(halves.filter_map(|(key, rest)| Some((python_text(key), rest.first()?))).collect())
        }
        _ => Err(wrong()),
    }
}

fn push(out: &mut String, key: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    if !out.is_empty() {
        out.push('&');
    }
    escape(out, key);
    out.push('=');
    escape(out, &python_text(value));
}

/// Percent-encodes all but letters, digits and `_.-~`; a space becomes `+`.
fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(byte.into()),
            other => write!(out, "%{other:02X}").expect("a string takes every text"),
        }
    }
}

/// Latin-1 bytes, as header values travel; `None` for characters it does not have.
pub(super) fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// The text of Latin-1 bytes.
pub(super) fn from_latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::form;
    use crate::experiment::parse_json;

    #[test]
    fn c049_c050_forms_and_queries_are_written_as_requests_writes_them() {
        let cases = [
            (r#"{"a": 1, "n": null, "b": [1, 2, null], "t": true}"#, "a=1&b=1&b=2&t=True"),
            (r#"{"q": "a b&c", "é": "ü~_.-"}"#, "q=a+b%26c&%C3%A9=%C3%BC~_.-"),
            (r#"{"m": {"x": 1, "y": 2}, "f": 1.0}"#, "m=x&m=y&f=1.0"),
            (r#"[["a", 1], ["a", "2"]]"#, "a=1&a=2"),
            ("{}", ""),
        ];
        for (arguments, expected) in cases {
            assert_eq!(form(&parse_json(arguments).unwrap()).unwrap(), expected, "{arguments}");
        }
        for refused in ["[1]", "5", r#"[["a"]]"#] {
            assert!(form(&parse_json(refused).unwrap()).is_err(), "{refused}");
        }
    }
}
