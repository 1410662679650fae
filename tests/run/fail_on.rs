//! `--fail-on`: an optional exit code for the verdict about users.

use crate::program::{Case, method, process};

/// Runs a fault. Returns the status, the exit code, and whether the line about `--fail-on` was logged.
fn played(path: &str, fail_on: &[&str]) -> (String, i32, bool) {
    let fault = method(&[process("action", "fault", path, "[]", "")]);
    let ended = Case::new(&fault).with(fail_on).run();
    let (status, _, code) = ended.outcome();
    (status, code, ended.says("Exit code 3, as --fail-on"))
}

#[test]
fn what_is_asked_for_exits_with_3_and_nothing_else_does() {
    let cases: [(&str, &[&str], i32); 7] = [
        // No users are observed, so the effect of the fault is not observable.
        ("true", &[], 0),
        ("true", &["--fail-on", "not-observable"], 3),
        ("true", &["--fail-on", "fault-never-happened"], 0),
        ("true", &["--fail-on", "fault-never-happened,not-resilient"], 3),
        // The action failed, so it is unknown whether the fault happened.
        ("false", &[], 0),
        ("false", &["--fail-on", "fault-never-happened"], 3),
        ("false", &["--fail-on", "not-resilient"], 3),
    ];
    for (path, fail_on, code) in cases {
        let wanted = ("completed".to_owned(), code, code == 3);
        assert_eq!(played(path, fail_on), wanted, "{path} {fail_on:?}");
    }
}

#[test]
fn a_condition_that_does_not_exist_is_refused_with_those_that_do() {
    let ended = Case::new(&method(&[])).with(&["--fail-on", "weak"]).run();
    assert_eq!(ended.code(), 2);
    let said = ended.lines.join("\n");
    assert!(said.contains("not-resilient"), "{said}");
}
