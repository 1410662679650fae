//! Hostile output of processes.

use super::{DEEP, failure, run};
use crate::program::{Case, hypothesis, method, process, sh};
use serde_json::{Value, json};

fn judged(tolerance: &str, script: &str) -> crate::program::Ended {
    let probe = sh("probe", "p", script, &format!(r#""tolerance": {tolerance}"#));
    run(Case::new(&format!("{}, {}", hypothesis(&[probe]), method(&[]))).file("deep", &"[".repeat(DEEP)))
}

#[test]
fn output_without_end() {
    for script in ["yes", "yes >&2", "exec cat /dev/zero", "exec cat /dev/zero >&2", "yes & exec yes >&2"] {
        let steps = method(&[sh("action", "talks", script, ""), sh("action", "next", "true", "")]);
        let ended = run(Case::new(&steps).marked());
        assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{script}");
        assert!(failure(&ended).contains("wrote more than 16 MiB and was ended"), "{}", failure(&ended));
        assert_eq!(ended.at("/run/1/status"), "succeeded");
        ended.case.left_nobody();
    }
}

#[test]
fn output_up_to_the_bound_is_kept() {
    let ended =
        run(Case::new(&method(&[sh("action", "a", "head -c 16777216 /dev/zero | tr '\\\\0' x", "")])));
    assert_eq!(ended.at("/run/0/output/stdout").as_str().map(str::len), Some(16 << 20));
}

#[test]
fn bytes_that_are_no_text_are_shown_all_the_same() {
    let script = r"printf '\\377\\376caf\\303'; printf '\\200' >&2";
    let ended = run(Case::new(&method(&[sh("action", "a", script, "")])));
    assert_eq!(ended.at("/run/0/output/stdout"), "\u{ff}\u{fe}caf\u{c3}");
    assert_eq!(ended.at("/run/0/output/stderr"), "\u{80}");
    let nul = run(Case::new(&method(&[process("action", "a", "echo", r#"["a\u0000b"]"#, "")])));
    assert_eq!(nul.at("/status"), "aborted", "no argument can hold a zero: {:#?}", nul.lines);
}

#[test]
fn output_that_nests_without_end_is_no_json() {
    let path = r#"{"type": "jsonpath", "path": "$[*]", "target": "stdout"}"#;
    let ended = judged(path, "cat deep");
    assert_eq!(ended.at("/steady_states/before/steady_state_met"), false);
    assert_eq!(ended.at("/steady_states/before/probes/0/status"), "succeeded");
}

#[test]
fn patterns_that_never_end_are_given_up() {
    for pattern in [r"(x+x+)+y", r"^(\\w+\\s?)*\\1y$", r"(.*)*\\1y"] {
        let tolerance = format!(r#"{{"type": "regex", "pattern": "{pattern}", "target": "stdout"}}"#);
        let ended = judged(&tolerance, "head -c 100000 /dev/zero | tr '\\\\0' x");
        let met = ended.at("/steady_states/before/steady_state_met");
        let given_up = ended.at("/status") == "aborted" && ended.says("cannot be evaluated");
        assert!(given_up || met == json!(false), "{pattern}: {:#?}", ended.lines);
    }
}

#[test]
fn paths_that_visit_everything_are_given_up() {
    let list = format!("[{}0]", "[[[[0]]]],".repeat(2000));
    let steps = r#"{"type": "jsonpath", "path": "$..*..*..*..*..*[?(@ = $..*)]", "target": "stdout"}"#;
    let probe = process("probe", "p", "cat", r#"["list"]"#, &format!(r#""tolerance": {steps}"#));
    let ended = run(Case::new(&format!("{}, {}", hypothesis(&[probe]), method(&[]))).file("list", &list));
    assert_eq!(ended.at("/status"), "aborted");
    assert!(ended.says("visits more than 2000000 values"), "{:#?}", ended.lines);
    assert_eq!(ended.at("/steady_states/after"), Value::Null);
}
