//! Signals in every phase (experiment-format 10.6): the run turns to its end, the journal is complete, no child is left.

use crate::program::{Case, Running, gone, hypothesis, is_up, method, process, rollbacks, sh};
use libc::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::time::{Duration, Instant};

/// Writes its number, then sleeps longer than any test.
fn stuck(kind: &str, more: &str) -> String {
    sh(kind, "stuck", "echo $$ > pid; exec sleep 600", more)
}

fn undo() -> String {
    rollbacks(&[process("action", "undo", "touch", r#"["undone"]"#, "")])
}

/// Waits until the stuck activity runs; gives its process number.
fn reached(running: &mut Running) -> String {
    running.wait_for(": stuck");
    running.wait_for_file("pid")
}

#[test]
fn c97_every_signal_cuts_the_activity_and_leaves_a_journal() {
    for (signal, said) in [
        (SIGINT, "Received a termination signal (Ctrl-C)..."),
        (SIGTERM, "SIGTERM signal received"),
        (SIGHUP, "SIGHUP signal received"),
        (SIGUSR1, "Received the exit signal: 20"),
        (SIGUSR2, "Received the exit signal: 30"),
    ] {
        let steps =
            method(&[stuck("action", r#""pauses": {"after": 600}"#), sh("action", "next", "true", "")]);
        let mut running = Case::new(&[is_up(), steps, undo()].join(",")).file("up", "").start();
        let pid = reached(&mut running);
        let signalled = Instant::now();
        running.signal(signal);
        let ended = running.end();
        assert!(signalled.elapsed() < Duration::from_secs(10), "{signal}");
        assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1), "{signal}");
        assert!(ended.says(said), "{:#?}", ended.lines);
        assert_eq!(ended.names("/run"), ["stuck"]);
        assert_eq!(ended.at("/run/0/status"), serde_json::Value::Null);
        assert!(ended.at("/run/0/end").is_string() && ended.at("/end").is_string());
        assert!(!ended.case.path("undone").exists());
        gone(&pid);
    }
}

#[test]
fn c98_c99_always_rolls_back_but_not_after_sigusr2() {
    for (signal, undone) in [(SIGINT, true), (SIGTERM, true), (SIGUSR2, false)] {
        let case = Case::new(&[method(&[stuck("action", "")]), undo()].join(","));
        let mut running = case.with(&["--rollback-strategy", "always"]).start();
        let pid = reached(&mut running);
        running.signal(signal);
        let ended = running.end();
        assert_eq!(ended.case.path("undone").exists(), undone, "{signal}: {:#?}", ended.lines);
        assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
        gone(&pid);
    }
}

#[test]
fn ctrl_c_in_the_gate() {
    let probes = hypothesis(&[stuck("probe", r#""tolerance": 0"#)]);
    let mut running = Case::new(&[probes, method(&[]), undo()].join(",")).start();
    let pid = reached(&mut running);
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
    assert_eq!(ended.at("/steady_states/before"), serde_json::Value::Null);
    gone(&pid);
}

#[test]
fn ctrl_c_in_a_pause() {
    let steps = method(&[sh("action", "late", "true", r#""pauses": {"before": 600}"#)]);
    let mut running = Case::new(&steps).start();
    running.wait_for("Pausing before next activity for 600s...");
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
    assert_eq!(ended.at("/run"), serde_json::json!([]));
}

#[test]
fn ctrl_c_ends_the_wait_for_background_activities() {
    let mut running = Case::new(&method(&[stuck("action", r#""background": true"#)])).start();
    let pid = reached(&mut running);
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
    assert_eq!(ended.names("/run"), ["stuck"]);
    gone(&pid);
}

#[test]
fn ctrl_c_in_the_final_pass() {
    let probe = sh("probe", "stuck", "test -e up || { echo $$ > pid; exec sleep 600; }", r#""tolerance": 0"#);
    let steps = method(&[process("action", "break-it", "rm", r#"["up"]"#, "")]);
    let mut running = Case::new(&[hypothesis(&[probe]), steps].join(",")).file("up", "").start();
    running.wait_for("Action: break-it");
    let pid = reached(&mut running);
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
    assert_eq!(ended.at("/steady_states/before/steady_state_met"), true);
    assert_eq!(ended.at("/steady_states/after"), serde_json::Value::Null);
    gone(&pid);
}

#[test]
fn c101_ctrl_c_during_rollbacks_skips_the_rest() {
    let undoing = rollbacks(&[stuck("action", ""), process("action", "undo", "touch", r#"["undone"]"#, "")]);
    let mut running = Case::new(&[method(&[]), undoing].join(",")).start();
    let pid = reached(&mut running);
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
    assert_eq!(ended.names("/rollbacks"), ["stuck"]);
    assert!(ended.says("Terminating now without running the remaining rollbacks."));
    assert!(!ended.case.path("undone").exists());
    gone(&pid);
}

#[test]
fn before_the_run_ctrl_c_aborts_and_other_signals_kill() {
    let configuration = r#""configuration": {"slow": {"type": "probe", "name": "slow",
        "provider": {"type": "process", "path": "sh", "arguments": ["-c", "echo $$ > pid; exec sleep 600"]}}}"#;
    for signal in [SIGINT, SIGTERM] {
        let running = Case::new(&[configuration.to_owned(), method(&[])].join(",")).start();
        let pid = running.wait_for_file("pid");
        running.signal(signal);
        let ended = running.end();
        assert!(!ended.has_journal());
        if signal == SIGINT {
            assert_eq!(ended.code(), 1);
            assert!(ended.says("Aborted!"));
            gone(&pid);
        } else {
            assert_eq!(ended.killed_by(), Some(SIGTERM));
            // Killed outright, nobody is left to end the child: the test does.
            let killed = std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
            assert!(killed.success());
        }
    }
}
