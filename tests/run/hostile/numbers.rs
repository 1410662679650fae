//! Values that are not numbers, or numbers that are too large to handle.

use super::{refused, run};
use crate::program::{Case, hypothesis, method, process, sh};

#[test]
fn pauses_that_nobody_could_sleep_abort() {
    for pause in ["1e308", "1e10", "NaN", "Infinity", "-1", &"9".repeat(300)] {
        let step = sh("action", "a", "true", &format!(r#""pauses": {{"before": {pause}}}"#));
        let ended = run(Case::new(&method(&[step])));
        assert_eq!(ended.outcome(), ("aborted".to_owned(), false, 1), "{pause}: {:#?}", ended.lines);
        assert!(ended.says("is not a valid number of seconds"), "{:#?}", ended.lines);
        assert!(ended.lines.iter().all(|line| line.len() < 1000), "{:#?}", ended.lines);
    }
}

#[test]
fn timeouts_of_any_size_are_taken() {
    for timeout in ["1e308", "Infinity", &"9".repeat(300)] {
        let provider = format!(r#"{{"type": "process", "path": "true", "timeout": {timeout}}}"#);
        let step = format!(r#"{{"type": "action", "name": "a", "provider": {provider}}}"#);
        let ended = run(Case::new(&method(&[step])));
        assert!(ended.at("/run/0/start").is_string(), "{timeout}: {:#?}", ended.lines);
    }
}

#[test]
fn a_frequency_of_any_size_is_taken() {
    let parts = [
        hypothesis(&[process("probe", "p", "true", "[]", r#""tolerance": 0"#)]),
        method(&[sh("action", "a", "true", "")]),
    ];
    for frequency in ["1e308", "nan", "inf", "-1e308", "0"] {
        let case = Case::new(&parts.join(",")).with(&["--hypothesis-strategy", "continuously"]);
        let ended = run(case.with(&[&format!("--hypothesis-frequency={frequency}")]));
        assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{frequency}: {:#?}", ended.lines);
    }
}

#[test]
fn integers_are_kept_up_to_what_python_converts() {
    // The longest number that the JSON parser of this test accepts for the journal.
    let digits = "9".repeat(300);
    let step = |number: &str| method(&[process("action", "a", "echo", &format!("[{number}]"), "")]);
    let ended = run(Case::new(&step(&digits)));
    assert!(ended.journal_text().contains(&format!("\"stdout\": \"{digits}\\n\"")));
    refused(Case::new(&step(&"9".repeat(5000))), "Integer of more than 4300 digits");
}

#[test]
fn ranges_compare_numbers_of_any_size() {
    for (number, range, met) in [
        ("1e999999999", "[0, 1]", false),
        ("1e-999999999", "[0, 1]", true),
        ("1e99999999999999999999999999", "[0, 1e308]", false),
        ("-1e99999999999999999999999999", "[-1, 1]", false),
        ("nothing", "[0, 1]", false),
    ] {
        let tolerance = format!(r#""tolerance": {{"type": "range", "target": "stdout", "range": {range}}}"#);
        let probe = process("probe", "p", "echo", &format!(r#"["{number}"]"#), &tolerance);
        let ended = run(Case::new(&format!("{}, {}", hypothesis(&[probe]), method(&[]))));
        assert_eq!(ended.at("/steady_states/before/steady_state_met"), met, "{number}: {:#?}", ended.lines);
    }
}
