//! What validation refuses and accepts (experiment-format 3), tested by the outcome of a run.

use crate::program::{Case, Ended, hypothesis, method, process};

/// Checks that the experiment is refused with one line of these words, exit code 1 and no journal.
fn refused(parts: &str, words: &str) {
    let ended = Case::of("experiment.json", format!("{{{parts}}}")).run();
    assert_eq!(ended.code(), 1, "{parts}: {:#?}", ended.lines);
    let errors: Vec<_> = ended.messages().into_iter().filter(|(level, _)| level == "ERROR").collect();
    assert!(matches!(errors.as_slice(), [(_, text)] if text.contains(words)), "{parts}: {:#?}", ended.lines);
    assert!(!ended.has_journal());
}

/// Checks that the experiment is accepted and runs to its end.
fn taken(parts: &str) -> Ended {
    let ended = Case::of("experiment.json", format!("{{{parts}}}")).run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{parts}: {:#?}", ended.lines);
    ended
}

const NAMED: &str = r#""title": "t", "description": "d""#;

/// Returns an experiment with a title, a description, an empty method and these parts.
fn with(parts: &str) -> String {
    format!(r#"{NAMED}, "method": [], {parts}"#)
}

/// Returns an experiment whose method is this one activity.
fn step(activity: &str) -> String {
    format!("{NAMED}, {}", method(&[activity.to_owned()]))
}

fn quick(more: &str) -> String {
    process("probe", "quick", "true", "[]", more)
}

#[test]
fn c011_a_title_and_a_description_are_needed() {
    for (parts, words) in [
        (r#""description": "d", "method": []"#, "title"),
        (r#""title": "", "description": "d", "method": []"#, "title"),
        (r#""title": "t", "method": []"#, "description"),
        (r#""title": "t", "description": "", "method": []"#, "description"),
    ] {
        refused(parts, words);
    }
}

#[test]
fn c012_a_method_is_needed_and_may_be_empty() {
    refused(NAMED, "method");
    let ended = taken(&format!(r#"{NAMED}, "method": []"#));
    assert!(ended.says("No declared activities, let's move on."));
}

#[test]
fn c013_tags_are_texts_that_are_not_empty() {
    refused(&with(r#""tags": ["a", ""]"#), "tag");
    refused(&with(r#""tags": ["a", 1]"#), "tag");
    taken(&with(r#""tags": ["a", "b"]"#));
}

#[test]
fn c014_extensions_need_a_name() {
    for name in [r#""""#, r#"" ""#] {
        refused(&with(&format!(r#""extensions": [{{"name": {name}}}]"#)), "name");
    }
    refused(&with(r#""extensions": [{}]"#), "name");
    taken(&with(r#""extensions": [{"name": "x"}]"#));
}

#[test]
fn c015_a_hypothesis_needs_a_title_and_no_probes() {
    refused(&with(r#""steady-state-hypothesis": {"probes": []}"#), "title");
    let ended = taken(&with(r#""steady-state-hypothesis": {"title": "h"}"#));
    assert!(ended.says("No steady state hypothesis defined. That's ok, just exploring."));
}

#[test]
fn c016_a_hypothesis_probe_needs_a_tolerance() {
    refused(&with(&hypothesis(&[quick("")])), "tolerance");
    taken(&with(&hypothesis(&[quick(r#""tolerance": 0"#)])));
}

#[test]
fn c017_a_tolerance_is_no_float_and_not_null() {
    for tolerance in ["5.5", "null"] {
        refused(&with(&hypothesis(&[quick(&format!(r#""tolerance": {tolerance}"#))])), "tolerance");
    }
    let ended = taken(&with(&hypothesis(&[quick(r#""tolerance": []"#)])));
    assert_eq!(ended.at("/steady_states/before/steady_state_met"), false);
}

#[test]
fn c018_the_bounds_of_a_range_are_numbers() {
    let probe = |range: &str| {
        quick(&format!(r#""tolerance": {{"type": "range", "target": "status", "range": {range}}}"#))
    };
    for range in [r#"["${a}", 2]"#, "[1]", "[1, 2, 3]", "1"] {
        refused(&with(&hypothesis(&[probe(range)])), "range");
    }
    taken(&with(&hypothesis(&[probe("[0, 2.5]")])));
}

#[test]
fn c020_a_reference_of_the_method_names_an_activity() {
    refused(&step(r#"{"ref": "nobody"}"#), "nobody");
    taken(&format!("{NAMED}, {}", method(&[quick(""), r#"{"ref": "quick"}"#.to_owned()])));
}

#[test]
fn c023_background_is_a_boolean() {
    for background in [r#""true""#, "null", "1"] {
        refused(&step(&quick(&format!(r#""background": {background}"#))), "background");
    }
    taken(&step(&quick(r#""background": true"#)));
}

#[test]
fn c024_a_pause_is_a_number_or_a_variable() {
    for side in ["before", "after"] {
        refused(&step(&quick(&format!(r#""pauses": {{"{side}": "5"}}"#))), "pause");
        let parts = step(&quick(&format!(r#""pauses": {{"{side}": "${{p}}"}}"#)));
        taken(&format!(r#"{parts}, "configuration": {{"p": 0.01}}"#));
    }
}

#[test]
fn c025_a_process_is_found_on_the_path() {
    refused(&step(&process("action", "a", "no-such-program", "[]", "")), "no-such-program");
    refused(&step(&process("action", "a", "/etc/passwd", "[]", "")), "/etc/passwd");
    taken(&step(&process("action", "a", "/bin/true", "[]", "")));
}

#[test]
fn c026_headers_are_a_mapping() {
    let request = |headers: &str| {
        format!(
            r#"{{"type": "probe", "name": "a", "provider":
                {{"type": "http", "url": "http://127.0.0.1:9/", "headers": {headers}}}}}"#
        )
    };
    refused(&step(&request(r#"["a"]"#)), "headers");
    for headers in ["[]", "null", r#"{"a": "b"}"#] {
        taken(&step(&request(headers)));
    }
}

fn control(more: &str) -> String {
    with(&format!(
        r#""controls": [{{"name": "c", "provider": {{"type": "python", "module": "no_such_module"}}{more}}}]"#
    ))
}

#[test]
fn c031_the_scope_of_a_control_is_before_or_after() {
    refused(&control(r#", "scope": "post""#), "scope");
    taken(&control(r#", "scope": "before""#));
}

#[test]
fn c032_a_control_whose_module_is_missing_is_warned_of() {
    let ended = taken(&control(""));
    let warned = ended
        .messages()
        .into_iter()
        .any(|(level, text)| level == "WARNING" && text.contains("no_such_module"));
    assert!(warned, "{:#?}", ended.lines);
}

#[test]
fn c033_what_nobody_knows_is_taken_and_kept() {
    let ended = taken(&with(r#""contributions": {"speed": 7}, "version": [1], "x-mine": {"a": null}"#));
    assert_eq!(ended.at("/experiment/contributions/speed"), 7);
    assert_eq!(ended.at("/experiment/version/0"), 1);
    assert_eq!(ended.at("/experiment/x-mine"), serde_json::json!({"a": null}));
}

#[test]
fn controls_that_are_no_list_are_refused_before_anything_is_done() {
    let control = r#"{"guard": {"provider": {"type": "python", "module": "guard"}}}"#;
    let of_step = quick(&format!(r#""controls": {control}"#));
    for parts in [with(&format!(r#""controls": {control}"#)), step(&of_step)] {
        refused(&parts, "must be a list of controls");
        let ended = Case::of("experiment.json", format!("{{{parts}}}")).with(&["--no-validation"]).run();
        assert_eq!(ended.code(), 1, "{:#?}", ended.lines);
        assert!(
            ended.says("must be a list of controls") && !ended.says("Probe: quick"),
            "{:#?}",
            ended.lines
        );
    }
    taken(&with(r#""controls": {}"#));
}
