//! Extreme inputs that random tests rarely find: patterns and paths that would take excessive time or stack.

use crate::{Value, jsonpath::Path, parse_json, regex};

const MANY: usize = 100_000;

#[test]
fn patterns_that_nest_or_repeat_without_end_are_compiled_or_refused() {
    let open = |part: &str, close: &str| format!("{}a{}", part.repeat(MANY), close.repeat(MANY));
    let patterns = [
        open("(", ")"),
        open("(?:", ")"),
        open("(?=", ")"),
        open("[", "]"),
        "(".repeat(MANY),
        "a|".repeat(MANY),
        "a?".repeat(MANY),
        "(?i)".repeat(MANY),
        r"\1".repeat(MANY),
        format!("a{}", "{1000}".repeat(20)),
        "((((a{1000}){1000}){1000}){1000})".to_owned(),
        r"(a)\1{1000000}".to_owned(),
        r"(?:(?:(a)\1{1000}){1000}){1000}".to_owned(),
        "a{99999999999999999999}".to_owned(),
    ];
    for pattern in patterns {
        if let Ok(regex) = regex::compile(&pattern) {
            let _ = regex.is_match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        }
    }
}

#[test]
fn searches_that_would_take_for_ever_are_given_up() {
    let text = format!("{}!", "a".repeat(200));
    for pattern in [
        r"^(a+)+$",
        r"^(a|aa)+$",
        r"^(a|a)*\1$",
        r"(.*)(.*)(.*)(.*)(.*)(.*)\1\2\3x",
        r"^(?=(a+)+$)",
        r"(?<!b)(a*)*c",
    ] {
        // The search must return, with a result or with an error.
        if let Ok(found) = regex::compile(pattern).unwrap().is_match(&text) {
            assert!(!found, "{pattern}");
        }
    }
}

#[test]
fn paths_that_nest_or_go_on_without_end_are_parsed_or_refused() {
    let open = |part: &str, middle: &str, close: &str| {
        format!("${}{middle}{}", part.repeat(MANY), close.repeat(MANY))
    };
    let paths = [
        open("[?(", "@", ")]"),
        open("[@", "", "]"),
        open("[?(not ", "@", ")]"),
        format!("$[?({}@{})]", "(".repeat(MANY), ")".repeat(MANY)),
        format!("$[?(@ = {}{})]", "[".repeat(MANY), "]".repeat(MANY)),
        format!("${}", "[?(@)]".repeat(MANY)),
        format!("${}", "[*]".repeat(MANY)),
        format!("${}", "..*".repeat(MANY)),
        format!("${}", ".a".repeat(MANY)),
        format!("$[{}0]", "0,".repeat(MANY)),
        format!("$[?({}@)]", "@ and ".repeat(MANY)),
        format!("${}", ".keys()".repeat(MANY)),
    ];
    let nested = parse_json(&format!("{}1{}", "[".repeat(190), "]".repeat(190))).unwrap();
    let wide = Value::List(vec![Value::Int(1); 1000]);
    for path in paths {
        if let Ok(path) = Path::parse(&path) {
            for value in [&nested, &wide] {
                let _ = path.find(value);
            }
        }
    }
}

#[test]
fn slices_reach_as_far_as_numbers_do() {
    let list = Value::List((0..5).map(Value::Int).collect());
    let extremes =
        ["", "0", "2", "-2", "9223372036854775807", "-9223372036854775807", "-9223372036854775808"];
    for start in extremes {
        for end in extremes {
            for step in ["", "1", "-1", "9223372036854775807", "-9223372036854775807", "-9223372036854775808"]
            {
                if let Ok(path) = Path::parse(&format!("$[{start}:{end}:{step}]")) {
                    assert!(path.find(&list).is_ok_and(|found| found.len() <= 10), "[{start}:{end}:{step}]");
                }
            }
        }
        if let Ok(path) = Path::parse(&format!("$[{start}]")) {
            let _ = path.find(&list);
        }
    }
}
