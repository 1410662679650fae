//! Outcomes of runs, tested as a black box.

use crate::program::{Case, hypothesis, is_up, method, process, rollbacks, sh};

fn undo() -> String {
    rollbacks(&[process("action", "undo", "touch", r#"["undone"]"#, "")])
}

fn break_it() -> String {
    method(&[process("action", "break-it", "rm", r#"["-f", "up"]"#, "")])
}

#[test]
fn c074_a_gate_out_of_tolerance_exits_with_0_and_rolls_back() {
    let ended = Case::new(&[is_up(), break_it(), undo()].join(",")).run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0));
    assert_eq!(ended.at("/steady_states/before/steady_state_met"), false);
    assert_eq!(ended.at("/run"), serde_json::json!([]));
    assert!(ended.case.path("undone").exists());
}

#[test]
fn c075_a_gate_that_fails_exits_with_1_without_rollbacks() {
    let slow = r#"{"type": "probe", "name": "slow", "tolerance": 0,
        "provider": {"type": "process", "path": "sleep", "arguments": "60", "timeout": 0.1}}"#;
    let ended = Case::new(&[hypothesis(&[slow.to_owned()]), break_it(), undo()].join(",")).run();
    assert_eq!(ended.outcome(), ("failed".to_owned(), false, 1));
    assert!(!ended.case.path("undone").exists());
}

#[test]
fn c076_a_deviation_exits_with_1_and_says_so_last() {
    let ended = Case::new(&[is_up(), break_it(), undo()].join(",")).file("up", "").run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), true, 1));
    let messages = ended.messages();
    let last: Vec<&str> = messages[messages.len() - 2..].iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        last,
        [
            "Experiment ended with status: deviated",
            "The steady-state has deviated, a weakness may have been discovered"
        ]
    );
    assert!(ended.case.path("undone").exists());
}

#[test]
fn c078_only_fail_fast_makes_a_bad_continuous_hypothesis_count() {
    let steps = || method(&[sh("action", "wait", "sleep 0.3", ""), sh("action", "next", "true", "")]);
    let strategy = ["--hypothesis-strategy", "during-method-only", "--hypothesis-frequency", "0.05"];
    let slow = Case::new(&[is_up(), steps()].join(",")).with(&strategy).run();
    assert_eq!(slow.outcome(), ("completed".to_owned(), false, 0));
    assert!(slow.at("/steady_states/during").as_array().unwrap().len() > 1);
    assert_eq!(slow.names("/run"), ["wait", "next"]);
    let fast = Case::new(&[is_up(), steps()].join(",")).with(&strategy).with(&["--fail-fast"]).run();
    assert_eq!(fast.outcome(), ("failed".to_owned(), false, 1));
    assert_eq!(fast.names("/run"), ["wait"]);
    assert!(fast.says("Terminating immediately the experiment after 100.0% hypothesis deviated"));
}

#[test]
fn c081_background_activities_are_awaited() {
    let steps = method(&[
        sh("action", "first", "true", ""),
        sh("action", "last", "sleep 0.3; echo done", r#""background": true"#),
    ]);
    let ended = Case::new(&steps).run();
    assert_eq!(ended.at("/run/1/output/stdout"), "done\n");
    assert!(ended.at("/duration").as_f64().unwrap() >= 0.3);
}

#[test]
fn c083_dry_activities_run_nothing() {
    let ended = Case::new(&[is_up(), break_it(), undo()].join(","))
        .file("up", "")
        .with(&["--dry", "activities"])
        .run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0));
    assert!(ended.case.path("up").exists() && !ended.case.path("undone").exists());
    assert_eq!(ended.at("/experiment/dry"), "activities");
    assert_eq!(ended.at("/run/0/status"), "succeeded");
    assert_eq!(ended.at("/run/0/output"), serde_json::Value::Null);
}

#[test]
fn c087_c090_the_command_line_wins_over_the_experiment_and_that_over_the_settings() {
    let settings = "runtime: {rollbacks: {strategy: never}}";
    let case = |runtime: &str, arguments: &[&str]| {
        let parts = [method(&[]), undo(), runtime.to_owned()];
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",");
        let case = Case::new(&parts).file("settings.yaml", settings).with(arguments);
        case.with(&["--settings", "settings.yaml"]).run()
    };
    let always = r#""runtime": {"rollbacks": {"strategy": "always"}}"#;
    let of_settings = case("", &[]);
    assert!(of_settings.says("Rollbacks strategy: never") && !of_settings.case.path("undone").exists());
    let of_experiment = case(always, &[]);
    assert!(of_experiment.says("Rollbacks strategy: always") && of_experiment.case.path("undone").exists());
    let of_command_line = case(always, &["--rollback-strategy", "never"]);
    assert!(!of_command_line.case.path("undone").exists());
    let only_the_other = case(r#""runtime": {"hypothesis": {"strategy": "skip"}}"#, &[]);
    assert!(only_the_other.says("Rollbacks strategy: default"), "the settings are lost");
    assert!(only_the_other.says("Skipping Steady-State Hypothesis as requested"));
}

#[test]
fn c088_a_failing_rollback_stops_nobody() {
    let fails = r#"{"type": "action", "name": "fails",
        "provider": {"type": "process", "path": "sleep", "arguments": "60", "timeout": 0.1}}"#;
    let undo = rollbacks(&[fails.to_owned(), process("action", "undo", "touch", r#"["undone"]"#, "")]);
    let ended = Case::new(&[method(&[]), undo.clone()].join(",")).run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 1));
    assert_eq!(ended.names("/rollbacks"), ["fails", "undo"]);
    let last = ended.messages().pop().unwrap().1;
    assert_eq!(last, "Rollback 'fails' failed: the change it should undo may still be in effect");
    let strict = Case::new(&[method(&[]), undo].join(",")).with(&["--strict-compat"]).run();
    assert_eq!(strict.outcome(), ("completed".to_owned(), false, 0));
}

#[test]
fn c089_an_aborted_method_is_rolled_back() {
    let broken = r#"{"type": "probe", "name": "x", "provider": {"type": "http", "url": "no-scheme"}}"#;
    let ended = Case::new(&[is_up(), method(&[broken.to_owned()]), undo()].join(",")).file("up", "").run();
    assert_eq!(ended.outcome(), ("aborted".to_owned(), false, 1));
    assert_eq!(ended.at("/steady_states/after"), serde_json::Value::Null);
    assert!(ended.case.path("undone").exists());
}

#[test]
fn c047_secrets_are_in_no_file_and_on_no_line() {
    let parts = [
        r#""secrets": {"s": {"token": {"type": "env", "key": "TOKEN"}, "inline": "inline-secret"}}"#
            .to_owned(),
        r#""configuration": {"dynamic": {"type": "probe", "name": "d",
            "provider": {"type": "process", "path": "echo", "arguments": "hello"}}}"#
            .to_owned(),
        method(&[
            process("action", "use", "echo", r#"["${token}", "${inline}", "${dynamic}"]"#, ""),
            process("action", "fail", "no-${token}", r#""x""#, ""),
        ]),
    ];
    let ended = Case::new(&parts.join(","))
        .variable("TOKEN", "hunter2-secret")
        .with(&["--log-file", "log.txt", "--verbose", "--no-validation"])
        .run();
    assert_eq!(ended.at("/run/0/output/stdout"), "*** *** hello\n");
    let log = std::fs::read_to_string(ended.case.path("log.txt")).unwrap();
    for text in [ended.journal_text(), log, ended.lines.join("\n")] {
        assert!(!text.contains("hunter2-secret") && !text.contains("inline-secret"), "{text}");
    }
}
