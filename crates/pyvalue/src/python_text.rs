//! Values as Python's `str()` and `repr()` print them.

use crate::value::Value;

/// Python's `str(value)`: text unchanged, `True`, `None`, `100.0`, `1e+20`, `['x', 1]`.
pub fn python_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Time(iso) => iso.replacen('T', " ", 1),
        other => python_literal(other),
    }
}

/// Python's `repr(value)`: like [`python_text`], with text in quotes.
pub fn python_literal(value: &Value) -> String {
    let mut out = String::new();
    write_literal(value, &mut out);
    out
}

fn write_literal(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(int) => out.push_str(&int.to_string()),
        Value::Big(digits) => out.push_str(digits),
        Value::Float(float) => out.push_str(&python_float(*float)),
        Value::Text(text) => write_quoted(text, out),
        Value::Time(iso) => write_time(iso, out),
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_literal(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_quoted(key, out);
                out.push_str(": ");
                write_literal(item, out);
            }
            out.push('}');
        }
    }
}

/// Python's `repr` of a date or time: `datetime.date(2024, 2, 29)`, `datetime.datetime(2024, 2, 29, 10, 20)`.
fn write_time(iso: &str, out: &mut String) {
    let Some((date, time)) = iso.split_once('T') else {
        out.push_str(&format!("datetime.date({})", numbers(iso).join(", ")));
        return;
    };
    let zone_at = time.find(['+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let mut fields = [numbers(date), numbers(clock)].concat();
    // The seconds and microseconds are left out if they are zero.
    while fields.len() > 5 && fields.last().is_some_and(|field| field == "0") {
        fields.pop();
    }
    let zone = match zone {
        "" => String::new(),
        "+00:00" => ", tzinfo=datetime.timezone.utc".to_owned(),
        zone => format!(", tzinfo=datetime.timezone({})", delta_of(zone)),
    };
    out.push_str(&format!("datetime.datetime({}{zone})", fields.join(", ")));
}

/// The `timedelta` of an offset such as `-05:00`, whose seconds are never negative.
fn delta_of(zone: &str) -> String {
    let seconds =
        numbers(zone).iter().filter_map(|part| part.parse::<u32>().ok()).fold(0, |all, part| all * 60 + part)
            * 60;
    match zone.strip_prefix('-') {
        Some(_) => format!("datetime.timedelta(days=-1, seconds={})", 86400_u32.saturating_sub(seconds)),
        None => format!("datetime.timedelta(seconds={seconds})"),
    }
}

/// The numbers of a text, without leading zeros.
fn numbers(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse::<u32>().unwrap_or_default().to_string()).collect()
}

/// Python's `repr` of a string: in single quotes, unless it contains single and no double quotes; non-printable
/// characters are escaped.
fn write_quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    out.push(quote);
}

/// Approximates Python's definition of printable, sufficient for log lines: no control characters, no separators except
/// the space.
fn is_printable(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fff9}'..='\u{fffb}');
    !(c.is_control() || invisible || (c.is_whitespace() && c != ' '))
}

/// Python's `repr` of a float: the shortest digits that parse to the same float, with `.0` for whole values, and with
/// an exponent from 1e16 and below 1e-4.
pub fn python_float(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if float != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{float}");
    if plain.contains('.') { plain } else { plain + ".0" }
}
