//! Table tests for paths.

use super::Path;
use crate::{Value, parse_json};

const DOCUMENT: &str = r#"{
    "foo": [{"baz": "a", "n": 1}, {"baz": "b", "n": 2}, {"n": 3}],
    "deep": {"foo": {"n": 9}, "list": [0, 1, 2, 3, 4]},
    "key with space": {"x": null},
    "text": "hello",
    "pick": 1,
    "which": "text"
}"#;

fn found(path: &str) -> Value {
    let document = parse_json(DOCUMENT).unwrap();
    let path_read = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    path_read.find(&document).unwrap_or_else(|error| panic!("{path}: {error}")).into()
}

#[test]
fn paths_find_what_the_dialect_says() {
    let table = [
        ("$.text", r#"["hello"]"#),
        (" $ . text ", r#"["hello"]"#),
        ("$.foo[*].baz", r#"["a", "b"]"#),
        ("$.foo[0,2].n", "[1, 3]"),
        ("$.foo[0][\"baz\",\"n\",*]", r#"["a", 1, "a", 1]"#),
        ("$.foo[-1].n", "[3]"),
        ("$.foo[9]", "[]"),
        ("$.text[0]", "[]"),
        ("$[\"key with space\"].x", "[null]"),
        ("$.deep.list[1:3]", "[1, 2]"),
        ("$.deep.list[-2:]", "[3, 4]"),
        ("$.deep.list[-9:2]", "[0, 1]"),
        ("$.deep.list[::2]", "[0, 2, 4]"),
        ("$.deep.list[3:0:-1]", "[3, 2, 1]"),
        ("$.deep.list[::-1]", "[]"),
        ("$.deep.list[4:-7:-1]", "[4, 3, 2, 1, 0, 4]"),
        ("$.deep.list[99999999999999999999:0:-1]", "[4, 3, 2, 1]"),
        ("$..n", "[1, 2, 3, 9]"),
        ("$..foo[0].n", "[1]"),
        ("$.deep..*", "[{\"n\": 9}, [0, 1, 2, 3, 4], 9, 0, 1, 2, 3, 4]"),
        ("$.foo[?(@.baz)].baz", "[]"),
        ("$.foo[*][?(@.baz)].baz", r#"["a", "b"]"#),
        ("$.foo[*][?(@.n > 1)].n", "[2, 3]"),
        ("$.foo[*][?(@.n >= 1 and @.baz = \"b\" or @.n = 1)].n", "[1, 2]"),
        ("$.foo[*][?(not @.baz)].n", "[3]"),
        ("$.foo[*][?(@.baz != \"a\")].n", "[2]"),
        ("$.foo[*][?(@.baz < \"z\")].n", "[]"),
        ("$.foo[*][?(@.n = 2.0)].n", "[2]"),
        ("$.foo[*][?(@.n = $.pick)].n", "[1]"),
        ("$[\"key with space\"][?(@.x)]", "[{\"x\": null}]"),
        ("$.foo[$.pick].n", "[2]"),
        ("$[$.which]", r#"["hello"]"#),
        ("$.foo.length()", "[3]"),
        ("$.text.length()", "[5]"),
        ("$.pick.length()", "[]"),
        ("$.deep.keys()", r#"[["foo", "list"]]"#),
        ("$.deep.foo.entries()", r#"[[["n", 9]]]"#),
        ("$.deep.foo[values()]", "[[9]]"),
        ("$.text.substring(1,3)", r#"["el"]"#),
        ("$.text.substring(-3)", r#"["llo"]"#),
        ("$.text.charAt(-1)", r#"["o"]"#),
        ("$.text.charAt(9)", "[]"),
        ("$[?(1)].text", r#"["hello"]"#),
        ("$[?(0)].text", "[]"),
    ];
    for (path, expected) in table {
        assert_eq!(found(path), parse_json(expected).unwrap(), "{path}");
    }
}

#[test]
fn c072_a_filter_acts_on_the_node_itself() {
    assert_eq!(found("$.foo[?(@.baz)].baz"), Value::List(Vec::new()));
    assert_ne!(found("$.foo[*][?(@.baz)].baz"), Value::List(Vec::new()));
}

#[test]
fn bad_paths_are_refused_with_a_column() {
    let bad = [
        "",
        "foo",
        "foo[*].baz",
        "$.",
        "$.foo[",
        "$.foo['a']",
        "$.and",
        "$.foo[?(@.a == 1)]",
        "$.foo[?(@.a && @.b)]",
        "$.a.b-c",
        "$.x.unknown()",
        "$.foo[1.5]",
        "$[]",
        "$ $",
        "$.foo[?(@.a =~ \"x\")]",
        "${p}",
        "$.foo[*",
    ];
    for path in bad {
        assert!(Path::parse(path).is_err(), "{path}");
    }
    let error = Path::parse("$.foo['a']").unwrap_err().to_string();
    assert!(error.starts_with("column 7:"), "{error}");
}

#[test]
fn a_search_ends() {
    let list = Value::List(vec![Value::List(vec![Value::Int(1); 60]); 60]);
    let path = Path::parse("$..*[?(@..* = $..*)]").unwrap();
    assert!(path.find(&Value::List(vec![list; 20])).is_err());
    assert!(Path::parse("$[0:1:0]").unwrap().find(&Value::List(Vec::new())).is_err());
    let nested = format!("$[?({}1{})]", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Path::parse(&nested).is_err());
    assert!(Path::parse(&format!("${}", ".a".repeat(100_000))).is_err());
}
