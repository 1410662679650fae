//! Encodes arguments as a query or a form, byte for byte as Python's `requests` does.

use pyvalue::{Value, python_text};
use std::fmt::Write;

/// Encodes pairs as `a=1&b=x+y`: nulls are dropped, lists repeated; a nested mapping contributes its keys.
///
/// Accepts a mapping or a list of pairs; anything else is an error.
pub(crate) fn form(arguments: &Value) -> Result<String, String> {
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

/// Percent-encodes all bytes but letters, digits and `_.-~`; a space becomes `+`.
fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(byte.into()),
            other => write!(out, "%{other:02X}").expect("a string takes every text"),
        }
    }
}

/// Encodes a text as Latin-1, the encoding of header values; `None` if it contains other characters.
pub(crate) fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// Decodes Latin-1 bytes.
pub(crate) fn from_latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Quotes a URL's path and query as `requests` does: spaces, non-ASCII bytes, characters that are not allowed in a URL,
/// and every `%` if one of them is not followed by two hexadecimal digits.
pub(super) fn url(text: &str) -> String {
    let (head, rest) = split_authority(text);
    let (address, fragment) = match rest.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (rest, None),
    };
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    };
    let mut quoted = format!("{head}{}", quote(path, b"@/:"));
    if let Some(query) = query {
        quoted.push('?');
        quoted.push_str(&quote(query, b"@/:?"));
    }
    if let Some(fragment) = fragment {
        quoted.push('#');
        quoted.push_str(fragment);
    }
    quoted
}

/// Splits a URL after scheme and host.
fn split_authority(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    url.split_at(path)
}

fn quote(text: &str, besides: &[u8]) -> String {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    let is_quoted = (0..bytes.len()).filter(|at| bytes[*at] == b'%').all(|at| hex(at).is_some());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let (mut quoted, mut at) = (String::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let escaped = hex(at - 1).filter(|_| byte == b'%' && is_quoted).map(hexadecimal);
        match escaped {
            Some(escaped) => {
                at += 2;
                if plain(escaped) {
                    quoted.push(char::from(escaped));
                } else {
                    quoted.push_str(&format!("%{escaped:02X}"));
                }
            }
            None if plain(byte) || b"!$&'()*+,;=".contains(&byte) || besides.contains(&byte) => {
                quoted.push(char::from(byte));
            }
            None => quoted.push_str(&format!("%{byte:02X}")),
        }
    }
    quoted
}

/// The byte that two hexadecimal digits stand for.
fn hexadecimal(digits: &[u8]) -> u8 {
    let value = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or_default() as u8;
    digits.iter().fold(0, |sum, digit| (sum << 4) | value(digit))
}

#[cfg(test)]
mod tests {
    use super::{form, url};
    use pyvalue::parse_json;

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

    #[test]
    fn urls_are_quoted_as_requests_quotes_them() {
        let cases = [
            ("http://h/a b/ü?q=x y#f", "http://h/a%20b/%C3%BC?q=x%20y#f"),
            ("http://h/%7Ex/%2f", "http://h/~x/%2F"),
            ("http://h/%7Ex/%zz", "http://h/%257Ex/%25zz"),
            ("http://[::1]:80/[1]", "http://[::1]:80/%5B1%5D"),
            ("http://h", "http://h"),
            ("http://h/x ", "http://h/x%20"),
            ("http://h?a=/?", "http://h?a=/?"),
        ];
        for (text, expected) in cases {
            assert_eq!(url(text), expected, "{text}");
        }
    }
}
