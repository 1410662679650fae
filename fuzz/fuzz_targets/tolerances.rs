//! Tolerances and patterns on any output.
//!
//! The first byte says which; the rest is two texts with a zero byte between them: a tolerance and an output as JSON, a
//! regular expression and a text, a JSON path and a document, a bound and a number.

#![no_main]

use chaos_tui::experiment::{Secrets, tolerance};
use chaos_tui_fuzz::applied;
use libfuzzer_sys::fuzz_target;
use pyvalue::{Decimal, Map, Value, jsonpath, parse_json, regex};

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return applied(false) };
    let (first, second) = rest.split_once('\0').unwrap_or((rest, ""));
    let output = parse_json(second).unwrap_or_else(|_| second.into());
    match kind % 8 {
        0..=2 => {
            let Ok(declared) = parse_json(first) else { return applied(false) };
            applied(true);
            judge(&declared, &output);
        }
        3 => {
            let regex = regex::compile(first);
            applied(regex.is_ok());
            if let Ok(regex) = regex {
                let _ = regex.is_match(second);
            }
            judge(&tolerance_of("regex", "pattern", first.into()), &second.into());
        }
        4 | 5 => {
            let path = jsonpath::Path::parse(first);
            applied(path.is_ok());
            if let Ok(path) = path {
                let _ = path.find(&output);
            }
            judge(&tolerance_of("jsonpath", "path", first.into()), &output);
        }
        6 => {
            let bounds = vec![Value::from(first), Value::from("1e9")];
            judge(&tolerance_of("range", "range", bounds.into()), &output);
            applied(Decimal::of_text(first).is_some());
        }
        _ => {
            let number = parse_json(first).unwrap_or_else(|_| first.into());
            applied(Decimal::of_number(&number).is_some());
            let _ = (number.py_le(&output), output.py_le(&number), number.py_eq(&output));
            judge(&tolerance_of("range", "range", vec![number.clone(), output.clone()].into()), &output);
            judge(&vec![number, output.clone()].into(), &output);
        }
    }
});

fn tolerance_of(kind: &str, key: &str, value: Value) -> Value {
    let entries = [("type".to_owned(), Value::from(kind)), (key.to_owned(), value)];
    Value::Map(entries.into_iter().collect())
}

fn judge(declared: &Value, output: &Value) {
    tolerance::evaluate(Some(declared), output, &Map::default(), &Secrets::default(), "$.tolerance");
}
