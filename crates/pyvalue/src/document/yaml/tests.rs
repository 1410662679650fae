//! Table tests for YAML 1.1.

use super::parse;
use crate::{Document, Value};

fn value_of(text: &str) -> Value {
    parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).0
}

fn time(iso: &str) -> Value {
    Value::Time(iso.into())
}

#[test]
fn dates_are_written_as_pythons() {
    let moment = "2024-02-29 10:20:30+00:00";
    let table = [
        ("2024-02-29", "2024-02-29", "datetime.date(2024, 2, 29)"),
        ("2024-02-29 10:20:30", "2024-02-29 10:20:30", "datetime.datetime(2024, 2, 29, 10, 20, 30)"),
        ("2024-02-29 10:20:00", "2024-02-29 10:20:00", "datetime.datetime(2024, 2, 29, 10, 20)"),
        ("2024-02-29 00:00:00", "2024-02-29 00:00:00", "datetime.datetime(2024, 2, 29, 0, 0)"),
        (
            "2024-02-29 10:20:30.000001",
            "2024-02-29 10:20:30.000001",
            "datetime.datetime(2024, 2, 29, 10, 20, 30, 1)",
        ),
        (
            "2024-02-29T10:20:30Z",
            moment,
            "datetime.datetime(2024, 2, 29, 10, 20, 30, tzinfo=datetime.timezone.utc)",
        ),
        (
            "2024-02-29t10:20:30.5 +02:00",
            "2024-02-29 10:20:30.500000+02:00",
            "datetime.datetime(2024, 2, 29, 10, 20, 30, 500000, \
             tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))",
        ),
        (
            "2024-02-29 1:20:30 -5",
            "2024-02-29 01:20:30-05:00",
            "datetime.datetime(2024, 2, 29, 1, 20, 30, \
             tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400)))",
        ),
    ];
    for (text, shown, literal) in table {
        let value = value_of(&format!("v: {text}"));
        assert_eq!(value.get("v").map(crate::python_text).as_deref(), Some(shown), "{text}");
        assert_eq!(crate::python_text(&value), format!("{{'v': {literal}}}"), "{text}");
    }
}

#[test]
fn c010_yaml_yes_is_true() {
    assert_eq!(value_of("tolerance: yes").get("tolerance"), Some(&Value::Bool(true)));
}

#[test]
fn scalars_mean_what_yaml_1_1_says() {
    let table: [(&str, Value); 33] = [
        ("yes", true.into()),
        ("On", true.into()),
        ("NO", false.into()),
        ("off", false.into()),
        ("y", "y".into()),
        ("n", "n".into()),
        ("yEs", "yEs".into()),
        ("017", 15.into()),
        ("0o17", "0o17".into()),
        ("0x1F", 31.into()),
        ("-0x1F", Value::Int(-31)),
        ("0b11", 3.into()),
        ("1_000", 1000.into()),
        ("+5", 5.into()),
        ("08", "08".into()),
        ("12:30:45", 45045.into()),
        ("1:2.5", Value::Float(62.5)),
        ("1e3", "1e3".into()),
        ("1.5e3", "1.5e3".into()),
        ("1.5e+3", Value::Float(1500.0)),
        ("1.", Value::Float(1.0)),
        (".5", Value::Float(0.5)),
        ("-.5", "-.5".into()),
        (".", ".".into()),
        ("-", "-".into()),
        (".inf", Value::Float(f64::INFINITY)),
        ("-.inf", Value::Float(f64::NEG_INFINITY)),
        ("~", Value::Null),
        ("2020-01-02", time("2020-01-02")),
        ("2020-01-02T03:04:05Z", time("2020-01-02T03:04:05+00:00")),
        ("2020-1-2 3:04:05.5 -05:30", time("2020-01-02T03:04:05.500000-05:30")),
        ("123456789012345678901234567890", Value::Big("123456789012345678901234567890".into())),
        ("\"yes\"", "yes".into()),
    ];
    for (text, expected) in table {
        let text = if text == "-" { "'-'" } else { text };
        assert_eq!(value_of(&format!("v: {text}")).get("v"), Some(&expected), "{text}");
    }
}

#[test]
fn refused_scalars_have_a_position() {
    for text in
        ["v: =", "v: 2020-13-45", "v: !foo 1", "v: <<", "? [a]\n: 1", "a: *none", "--- 1\n--- 2", "<<: 5"]
    {
        let error = parse(text).expect_err(text);
        assert!(error.position.line >= 1 && error.position.column >= 1, "{text}: {error}");
    }
}

#[test]
fn keys_of_other_types_become_texts() {
    let map = value_of("2: a\ntrue: b\n~: c\n1.5: d\n=: e");
    let keys: Vec<&str> = map.as_map().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["2", "true", "null", "1.5", "="]);
}

#[test]
fn the_last_of_two_equal_keys_wins() {
    assert_eq!(value_of("a: 1\na: 2"), value_of("a: 2"));
}

#[test]
fn anchors_and_merge_keys() {
    let merged = value_of("base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nm:\n  <<: [*b, *o]\n  x: 9\n");
    assert_eq!(merged.get("m"), Some(&value_of("{y: 2, z: 4, x: 9}")));
    let keys: Vec<&str> = merged.get("m").unwrap().as_map().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["x", "y", "z"], "merged keys come first, as they are listed");
    let equal = value_of("m: {<<: {10: a, true: b, 0x14: c}, 10.0: d, 1: e, '20': f}");
    assert_eq!(equal.get("m").unwrap().to_json(), r#"{"10": "d", "true": "e", "20": "f"}"#);
}

#[test]
fn aliases_are_bounded() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        text += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
    }
    let error = parse(&text).expect_err("a bomb");
    assert!(error.message.contains("aliases"), "{error}");
}

#[test]
fn tags_are_obeyed() {
    assert_eq!(value_of("v: !!str 5").get("v"), Some(&Value::from("5")));
    assert_eq!(value_of("v: !!int \"5\"").get("v"), Some(&Value::Int(5)));
    assert_eq!(value_of("v: ! 5").get("v"), Some(&Value::Int(5)));
    assert_eq!(value_of("v: !!map {a: 1}").get("v"), Some(&value_of("a: 1")));
}

#[test]
fn an_empty_text_is_null() {
    assert_eq!(value_of(""), Value::Null);
    assert_eq!(value_of("# only a comment\n"), Value::Null);
}

#[test]
fn tabs_separate_nothing() {
    for text in ["a:\t1", "a: 1\t", "a: 1\t# c", "-\ta", "a: x\ty", "\ta: 1", "a: \"q\"\t# c", "a: [1,\t2]"] {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains("tab") || text == "a:\t1", "{text:?}: {error}");
    }
    assert_eq!(value_of("a: \"x\ty\" # c\td\nb: |\n  x\ty\n"), value_of("{a: \"x\\ty\", b: \"x\\ty\\n\"}"));
}

#[test]
fn blocks_of_text_end_as_they_are_written() {
    let table = [
        ("a: |\n", ""),
        ("a: |+\n\n\n", "\n\n"),
        ("a: |\n\n\n", ""),
        ("a: |\n  x", "x"),
        ("a: |\n  x\n", "x\n"),
        ("a: |\n  x\n\n", "x\n"),
        ("a: >+\n  x", "x"),
        ("a: >\n  x\n  y", "x y"),
        ("a: |-\n  x", "x"),
    ];
    for (text, expected) in table {
        assert_eq!(value_of(text).get("a"), Some(&Value::from(expected)), "{text:?}");
    }
}

#[test]
fn characters_are_those_of_yaml() {
    for text in ["a: \u{1}", "a: \u{7f}", "a: '\u{9b}'"] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    let read = |text: &str| Document::yaml("x.yaml", text);
    assert_eq!(read("\u{feff}a: 1").unwrap().root(), &value_of("a: 1"));
    let whole = read("a: \"\\ud83d\\ude00\"").unwrap();
    assert_eq!(whole.root().get("a"), Some(&Value::from("\u{1f600}")));
    assert!(read("a: \"\\ud83d\"").is_err());
}

#[test]
fn keys_that_are_equal_numbers_are_one_key() {
    let table = [
        ("{1: a, true: b, 1.0: c}", r#"{"1": "c"}"#),
        ("{yes: a, 1: b}", r#"{"true": "b"}"#),
        ("{0: a, false: b, -0.0: c, no: d}", r#"{"0": "d"}"#),
        ("{0x10: a, 16: b, '16.0': c, 16.0: d}", r#"{"16": "d", "16.0": "c"}"#),
        ("{0.5: a, .5: b, 1.5: c, 1e300: d}", r#"{"0.5": "b", "1.5": "c", "1e300": "d"}"#),
        (
            "{9223372036854775807: a, 9223372036854775808.0: b}",
            r#"{"9223372036854775807": "a", "9.223372036854776e+18": "b"}"#,
        ),
    ];
    for (text, expected) in table {
        assert_eq!(value_of(text), crate::parse_json(expected).unwrap(), "{text}");
    }
}

#[test]
fn ordered_mappings_are_lists_of_pairs() {
    let table = [
        ("!!omap [a: 1, b: {c: 2}]", r#"[["a", 1], ["b", {"c": 2}]]"#),
        ("!!pairs [a: 1, a: 2, 3: x, [y]: z]", r#"[["a", 1], ["a", 2], [3, "x"], [["y"], "z"]]"#),
        ("!!omap\n- a: [{b: 1}]\n- c: !!pairs []\n", r#"[["a", [{"b": 1}]], ["c", []]]"#),
    ];
    for (text, expected) in table {
        assert_eq!(value_of(text), crate::parse_json(expected).unwrap(), "{text}");
    }
    let anchored = "a: &a {x: 1}\nb: !!omap [*a]";
    for refused in
        ["!!omap [a]", "!!pairs [[a, b]]", "!!omap [{a: 1, b: 2}]", "!!omap [{}]", "!!pairs {a: 1}", anchored]
    {
        assert!(parse(refused).is_err(), "{refused}");
    }
}

#[test]
fn a_dash_alone_in_a_flow_collection_is_text() {
    let table = [
        ("é: [-]", r#"{"é": ["-"]}"#),
        ("a: [-, b, '[-]', -,\n -]\nb: {c: -}", r#"{"a": ["-", "b", "[-]", "-", "-"], "b": {"c": "-"}}"#),
    ];
    for (text, expected) in table {
        let document = Document::yaml("x", text).unwrap();
        assert_eq!(*document.root(), crate::parse_json(expected).unwrap(), "{text}");
    }
    for refused in ["a: [- b]", "a: [-", &format!("a: [{}]", "-,".repeat(100))] {
        assert!(Document::yaml("x", refused).is_err(), "{refused}");
    }
}
