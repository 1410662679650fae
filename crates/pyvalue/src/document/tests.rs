//! Tests of Python-compatible JSON and of positions.

use super::{Document, Part, parse_json};
use crate::Value;

#[test]
fn json_is_read_as_python_reads_it() {
    let table = [
        ("NaN", f64::NAN.to_string()),
        ("[Infinity, -Infinity]", "[inf, -inf]".to_owned()),
        (r#"{"a": 1, "a": 2}"#, "{'a': 2}".to_owned()),
        ("123456789012345678901234567890", "123456789012345678901234567890".to_owned()),
        ("-123456789012345678901", "-123456789012345678901".to_owned()),
        ("1e400", "inf".to_owned()),
        ("-0", "0".to_owned()),
        ("-0.0", "-0.0".to_owned()),
        (" \t\r\n[ ] ", "[]".to_owned()),
        (r#""\u00e9\ud83d\ude00\/""#, "é😀/".to_owned()),
        (r#""\ud83d""#, "\u{fffd}".to_owned()),
        (r#""\ud83dx""#, "\u{fffd}x".to_owned()),
    ];
    for (text, expected) in table {
        let value = parse_json(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(crate::python_text(&value).to_lowercase(), expected.to_lowercase(), "{text}");
    }
}

#[test]
fn what_is_no_json_is_refused_where_it_goes_wrong() {
    let table = [
        ("", 1, 1, "Expecting value"),
        ("\u{feff}{}", 1, 1, "Expecting value"),
        ("{", 1, 2, "Expecting property name"),
        ("[1,]", 1, 4, "Expecting value"),
        ("{\"a\": 1,\n 'b': 2}", 2, 2, "Expecting property name"),
        ("{\"a\" 1}", 1, 6, "':'"),
        ("[1 2]", 1, 4, "','"),
        ("01", 1, 2, "Extra data"),
        ("1.", 1, 2, "Extra data"),
        ("\"a", 1, 1, "Unterminated string"),
        ("\"a\nb\"", 1, 3, "Invalid control character"),
        ("\"\\x\"", 1, 2, "escape"),
        ("\"é\\u12\"", 1, 4, "escape"),
        ("nul", 1, 1, "Expecting value"),
        ("-", 1, 1, "Expecting value"),
        ("[1] x", 1, 5, "Extra data"),
    ];
    for (text, line, column, message) in table {
        let error = parse_json(text).expect_err(text);
        assert_eq!((error.position.line, error.position.column), (line, column), "{text:?}: {error}");
        assert!(error.message.contains(message), "{text:?}: {error}");
    }
    assert!(parse_json(&"9".repeat(5000)).is_err(), "Python converts no more than 4300 digits");
}

#[test]
fn nesting_is_bounded() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse_json(&deep(200)).is_ok());
    let error = parse_json(&deep(100_000)).expect_err("too deep");
    assert!(error.message.contains("200 levels") && error.position.column == 201, "{error}");
    let objects = "{\"a\":".repeat(100_000);
    assert!(parse_json(&objects).is_err());
    for yaml in [deep(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(Document::yaml("deep.yaml", yaml).is_err());
    }
}

const JSON: &str = r#"{
  "title": "é",  "method": [
    {"name": "x"},
    {"name": "yy", "provider": {"func": "go", "a b": null}}
  ]
}"#;

const YAML: &str =
    "title: é\nmethod:\n  - name: x\n  - name: yy\n    provider:\n      func: go\n      \"a b\": ~\n";

#[test]
fn every_node_has_its_position() {
    let places = [
        ("$", Part::Value, (1, 1), (1, 1)),
        ("$.title", Part::Value, (2, 12), (1, 8)),
        ("$.title", Part::Key, (2, 3), (1, 1)),
        ("$.method[0].name", Part::Value, (3, 14), (3, 11)),
        ("$.method[1].provider.func", Part::Value, (4, 41), (6, 13)),
        ("$.method[1].provider[\"a b\"]", Part::Key, (4, 47), (7, 7)),
        ("$.method[1].provider.gone", Part::Value, (4, 32), (6, 7)),
        ("$.method[9]", Part::Value, (2, 28), (3, 3)),
        ("$.gone.deeper", Part::Value, (1, 1), (1, 1)),
    ];
    let (json, yaml) = (Document::json("a.json", JSON).unwrap(), Document::yaml("a.yaml", YAML).unwrap());
    assert_eq!(json.root(), yaml.root());
    for (place, part, in_json, in_yaml) in places {
        for (document, expected) in [(&json, in_json), (&yaml, in_yaml)] {
            let position = document.position(place, part);
            assert_eq!((position.line, position.column), expected, "{place} in {}", document.source());
        }
    }
    assert_eq!(json.position("$.method[1].name", Part::Value).length, 4);
    assert_eq!(yaml.position("$.method[1].provider.func", Part::Value).length, 2);
}

#[test]
fn the_last_of_two_equal_keys_has_the_position() {
    let document = Document::json("a", "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}").unwrap();
    assert_eq!(document.root().get("a"), Some(&Value::Int(3)));
    assert_eq!(document.position("$.a", Part::Value).line, 3);
    assert_eq!(document.position("$.b", Part::Value).line, 2);
}
