//! Tables of tolerances.

use super::{ToleranceVerdict, evaluate};
use crate::experiment::Secrets;
use pyvalue::{Map, Value, parse_json};

fn verdict(tolerance: &str, output: &str) -> ToleranceVerdict {
    let configuration: Map = parse_json(r#"{"e": 4, "m": "^8$", "five": 5, "float": 1.5, "pair": [1, 5]}"#)
        .unwrap()
        .as_map()
        .cloned()
        .unwrap();
    let parse = |text: &str| parse_json(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    evaluate(Some(&parse(tolerance)), &parse(output), &configuration, &Secrets::default(), "$.x")
}

/// Rows of tolerance, output and `true` for met, `false` for not met, `None` for broken.
fn table(rows: &[(&str, &str, Option<bool>)]) {
    for (tolerance, output, expected) in rows {
        let met = match verdict(tolerance, output) {
            ToleranceVerdict::Met => Some(true),
            ToleranceVerdict::NotMet => Some(false),
            ToleranceVerdict::NotEvaluable(_) => None,
            other @ ToleranceVerdict::NeedsProbe(_) => panic!("{tolerance}: {other:?}"),
        };
        assert_eq!(met, *expected, "{tolerance} on {output}");
    }
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);
const BREAKS: Option<bool> = None;

#[test]
fn c064_an_integer_is_compared_with_the_status() {
    table(&[
        ("200", r#"{"status": 200}"#, YES),
        ("200", r#"{"status": 201}"#, NO),
        ("5", "5.0", YES),
        ("1", "true", YES),
        ("0", "false", YES),
        ("5", "\"5\"", NO),
        ("5", r#"{"x": 5}"#, NO),
        ("123456789012345678901", "123456789012345678901", YES),
        ("\"${five}\"", "5", YES),
    ]);
}

#[test]
fn booleans_floats_and_null() {
    table(&[
        ("true", "1", YES),
        ("true", "1.0", YES),
        ("false", "0", YES),
        ("false", "null", NO),
        ("true", r#"{"status": true}"#, NO),
        ("1.5", "1.5", NO),
        ("null", "null", NO),
        ("\"${float}\"", "1.5", NO),
    ]);
    let none = evaluate(None, &Value::Null, &Map::default(), &Secrets::default(), "$");
    assert_eq!(none, ToleranceVerdict::NotMet);
}

#[test]
fn c065_a_list_is_a_choice_of_statuses_or_a_range_of_plain_values() {
    table(&[
        ("[200, 299]", r#"{"status": 201}"#, NO),
        ("[200, 299]", r#"{"status": 299}"#, YES),
        ("[1, 5]", "3", YES),
        ("[1, 5]", "5", YES),
        ("[1, 5]", "5.1", NO),
        ("[\"a\", \"c\"]", "\"b\"", YES),
        ("[1, 5]", "\"3\"", BREAKS),
        ("[9, \"x\"]", "3", NO),
        ("[1, \"x\"]", "3", BREAKS),
        ("[1, 5]", r#"{"x": 1}"#, BREAKS),
        ("[1, 3, 5]", "4", NO),
        ("[1, 3, 5]", "3", YES),
        ("[]", "3", NO),
        ("[]", r#"{"status": 3}"#, NO),
        ("\"${pair}\"", "3", YES),
    ]);
}

#[test]
fn c066_a_text_is_never_a_whole_result() {
    table(&[
        ("\"8\"", r#"{"status": 0, "stdout": "8"}"#, NO),
        ("\"8\"", "\"8\"", YES),
        ("\"8\"", "\"8 \"", NO),
        ("\"8\"", "8", NO),
    ]);
}

#[test]
fn c067_regex() {
    table(&[
        (r#"{"type": "regex", "target": "stdout", "pattern": "^8$"}"#, r#"{"stdout": "8\n"}"#, YES),
        (r#"{"type": "regex", "target": "stdout", "pattern": "${m}"}"#, r#"{"stdout": "8"}"#, YES),
        (r#"{"type": "regex", "target": "stdout", "pattern": "9"}"#, r#"{"stdout": "8"}"#, NO),
        (r#"{"type": "regex", "pattern": "b"}"#, "\"abc\"", YES),
        (r#"{"type": "regex", "pattern": "b"}"#, r#"{"stdout": "b"}"#, BREAKS),
        (r#"{"type": "regex", "target": "status", "pattern": "2"}"#, r#"{"status": 200}"#, BREAKS),
        (r#"{"type": "regex", "target": "gone", "pattern": "2"}"#, r#"{"status": 200}"#, BREAKS),
        (r#"{"type": "regex", "target": "x", "pattern": "b"}"#, "\"abc\"", BREAKS),
        (r#"{"type": "regex", "pattern": "b"}"#, "null", BREAKS),
    ]);
}

#[test]
fn c068_range() {
    table(&[
        (r#"{"type": "range", "target": "stdout", "range": [7, 9]}"#, r#"{"stdout": "8\n"}"#, YES),
        (r#"{"type": "range", "target": "stdout", "range": [7, 9]}"#, r#"{"stdout": "eight"}"#, NO),
        (r#"{"type": "range", "range": [0.1, 0.2]}"#, "\"0.1\"", NO),
        (r#"{"type": "range", "range": [0.1, 0.2]}"#, "0.1", YES),
        (r#"{"type": "range", "range": [0.1, 0.3]}"#, "\"0.3\"", NO),
        (r#"{"type": "range", "range": [0, 1]}"#, "true", YES),
        (r#"{"type": "range", "range": [9, 1]}"#, "5", NO),
        (r#"{"type": "range", "range": [0, 1]}"#, "null", BREAKS),
        (r#"{"type": "range", "range": [0, 1]}"#, "[1]", BREAKS),
        (r#"{"type": "range", "range": [0, 1]}"#, r#"{"status": 1}"#, BREAKS),
        (r#"{"type": "range", "range": [0, 1]}"#, "NaN", BREAKS),
        (r#"{"type": "range", "range": [0, 1]}"#, "\"nan\"", BREAKS),
        (r#"{"type": "range", "range": [0, Infinity]}"#, "1e300", YES),
        (r#"{"type": "range", "range": [0, 1], "target": "x"}"#, "1", BREAKS),
    ]);
}

#[test]
fn c069_c070_c071_json_path() {
    let foo = r#"{"status": 200, "body": {"foo": [{"baz": "a"}, {"baz": "b"}], "n": 4}}"#;
    table(&[
        (r#"{"type": "jsonpath", "target": "body", "path": "$.foo[*].baz", "expect": ["a", "b"]}"#, foo, YES),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.foo[*].baz", "expect": ["b", "a"]}"#, foo, NO),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.foo[*].baz", "expect": "a"}"#, foo, NO),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.gone", "count": 0}"#, foo, YES),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.foo[*]", "count": 2}"#, foo, YES),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.foo[*]", "count": "2"}"#, foo, NO),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.foo[*]", "count": null}"#, foo, YES),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.n", "expect": "${e}"}"#, foo, YES),
        (r#"{"type": "jsonpath", "path": "$.body.n", "expect": [4.0]}"#, foo, YES),
        (r#"{"type": "jsonpath", "path": "$.gone"}"#, foo, NO),
        (r#"{"type": "jsonpath", "path": "$.gone", "expect": []}"#, foo, YES),
        (r#"{"type": "jsonpath", "path": "$.a", "expect": null}"#, r#"{"a": null}"#, YES),
        (r#"{"type": "jsonpath", "path": "$.a", "expect": [[1]]}"#, r#"{"a": [1]}"#, YES),
        (r#"{"type": "jsonpath", "path": "$.a", "expect": [1]}"#, r#"{"a": [1]}"#, NO),
        (r#"{"type": "jsonpath", "target": "body", "path": "$.a"}"#, r#"{"body": "{\"a\": 1}"}"#, YES),
        (r#"{"type": "jsonpath", "path": "$.body.a"}"#, r#"{"body": "{\"a\": 1}"}"#, NO),
        (r#"{"type": "jsonpath", "path": "${bad}"}"#, foo, BREAKS),
        (r#"{"type": "jsonpath", "path": "$.a", "target": "x"}"#, "5", BREAKS),
    ]);
}

#[test]
fn c073_a_probe_gets_the_output_as_its_value() {
    let tolerance = r#"{"type": "probe", "name": "p", "provider": {"type": "process", "path": "true",
        "arguments": {"value": null}}}"#;
    let ToleranceVerdict::NeedsProbe(activity) = verdict(tolerance, r#"{"status": 1}"#) else {
        panic!("a probe")
    };
    let arguments = activity.provider.raw.get("arguments").unwrap();
    assert_eq!(arguments.get("value"), Some(&parse_json(r#"{"status": 1}"#).unwrap()));
    assert_eq!(activity.place, "$.x.tolerance");
    let without = r#"{"type": "probe", "name": "p", "provider": {"type": "process", "path": "true"}}"#;
    assert!(matches!(verdict(without, "1"), ToleranceVerdict::NotEvaluable(_)));
    assert!(matches!(verdict(r#"{"type": "probe", "ref": "x"}"#, "1"), ToleranceVerdict::NotEvaluable(_)));
}
