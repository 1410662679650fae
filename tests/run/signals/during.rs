//! Signals in the hypothesis, in pauses, in the method and in concurrent activities.

use super::{by_file, case, in_method, in_phase, interrupted, is_complete, python, stubborn, stuck};
use crate::{
    program::{Running, hypothesis, is_up, method, process, sh},
    silent_server::Silent,
};
use libc::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
use serde_json::{Value, json};
use std::slice::from_ref;

const TOLERANCE: &str = r#""tolerance": 0"#;

fn http(kind: &str, url: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(r#"{{"type": "{kind}", "name": "stuck"{more}, "provider": {{"type": "http", "url": "{url}"}}}}"#)
}

#[test]
fn c097_every_signal_cuts_the_activity_and_leaves_a_journal() {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1, SIGUSR2] {
        let steps =
            [stuck("action", r#""pauses": {"after": 600}"#), sh("action", "next", "touch went-on", "")];
        let mut running = case(&[is_up(), method(&steps)]).file("up", "").start();
        by_file(&mut running);
        let ended = interrupted(running, signal);
        assert_eq!(ended.names("/run"), ["stuck"]);
        assert_eq!(ended.at("/run/0/status"), Value::Null);
        assert_eq!(ended.at("/steady_states/before/steady_state_met"), true);
        assert_eq!(ended.at("/steady_states/after"), Value::Null);
        assert!(!ended.case.path("undone").exists());
    }
}

#[test]
fn c098_c099_always_rolls_back_but_not_after_sigusr2() {
    for (signal, undone) in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1, SIGUSR2]
        .map(|signal| (signal, signal != SIGUSR2))
    {
        let mut running = in_method(stuck("action", "")).with(&["--rollback-strategy", "always"]).start();
        by_file(&mut running);
        let ended = interrupted(running, signal);
        assert_eq!(ended.case.path("undone").exists(), undone, "{signal}: {:#?}", ended.lines);
    }
}

#[test]
fn in_a_probe_of_the_gate() {
    let gate =
        |probe: String| case(&[hypothesis(&[probe]), method(&[sh("action", "a", "touch went-on", "")])]);
    let server = Silent::start();
    for ended in in_phase(|| gate(stuck("probe", TOLERANCE)), by_file)
        .into_iter()
        .chain(in_phase(|| gate(http("probe", &server.url, TOLERANCE)), |_| server.asked()))
        .chain(in_phase(|| gate(python("probe", "stuck", "sleeps", TOLERANCE)), by_file))
    {
        assert_eq!(ended.at("/steady_states/before"), Value::Null);
        assert_eq!(ended.at("/run"), json!([]));
    }
}

#[test]
fn in_the_probe_of_a_tolerance() {
    let judge = r#""tolerance": {"type": "probe", "name": "judge", "provider":
        {"type": "process", "path": "sh", "arguments": {"-c": "sleep 600 & echo $$ > reached; wait"}}}"#;
    let probe = sh("probe", "p", "true", judge);
    in_phase(|| case(&[hypothesis(from_ref(&probe)), method(&[])]), by_file);
}

#[test]
fn in_a_pause() {
    let line = |text: &'static str| move |running: &mut Running| running.wait_for(text);
    let before = r#""pauses": {"before": 600}"#;
    for ended in in_phase(
        || in_method(sh("action", "late", "touch went-on", before)),
        line("Pausing before next activity for 600s..."),
    ) {
        assert_eq!(ended.at("/run"), json!([]));
    }
    let after = r#""pauses": {"after": 600}"#;
    for ended in in_phase(
        || in_method(sh("action", "quick", "true", after)),
        line("Pausing after activity for 600s..."),
    ) {
        assert_eq!(ended.at("/run/0/status"), "succeeded");
    }
}

#[test]
fn in_a_process() {
    in_phase(|| in_method(stuck("action", "")), by_file);
    for ended in in_phase(|| in_method(stubborn("action", "")), by_file) {
        assert_eq!(ended.at("/run/0/status"), Value::Null);
    }
}

#[test]
fn in_a_request() {
    let silent = Silent::start();
    in_phase(|| in_method(http("action", &silent.url, "")), |_| silent.asked());
    let dribbling = Silent::dribbling();
    in_phase(|| in_method(http("action", &dribbling.url, "")), |_| dribbling.asked());
}

#[test]
fn c100_in_python() {
    for func in ["sleeps", "runs_a_child", "stubborn"] {
        for ended in in_phase(|| in_method(python("action", "stuck", func, "")), by_file) {
            assert_eq!(ended.names("/run"), ["stuck"], "{func}");
            assert_eq!(ended.at("/run/0/status"), Value::Null, "{func}");
        }
    }
}

#[test]
fn beside_background_activities() {
    let waiting = sh("action", "here", "echo $$ > here; exec sleep 600", "");
    for behind in [
        stuck("action", r#""background": true"#),
        stubborn("action", r#""background": true"#),
        python("action", "stuck", "sleeps", r#""background": true"#),
    ] {
        let parts =
            || [method(&[behind.clone(), waiting.clone(), sh("action", "next", "touch went-on", "")])];
        let reached = |running: &mut Running| {
            by_file(running);
            running.wait_for_file("here");
        };
        for ended in in_phase(|| case(&parts()), reached) {
            assert_eq!(ended.names("/run"), ["stuck", "here"]);
            assert_eq!(ended.at("/run/0/status"), Value::Null);
        }
        // The method has ended, and the run waits only for the background activity.
        in_phase(|| case(&[method(from_ref(&behind))]), by_file);
    }
}

#[test]
fn beside_a_continuous_hypothesis() {
    let waiting = sh("action", "here", "echo $$ > here; exec sleep 600", "");
    let strategy = ["--hypothesis-strategy", "during-method-only", "--hypothesis-frequency", "3600"];
    let quick = || case(&[is_up(), method(from_ref(&waiting))]).file("up", "").with(&strategy);
    let here = |running: &mut Running| drop(running.wait_for_file("here"));
    for ended in in_phase(quick, here) {
        assert_eq!(ended.at("/steady_states/during/0/steady_state_met"), true);
    }
    let slow =
        || case(&[hypothesis(&[stuck("probe", TOLERANCE)]), method(from_ref(&waiting))]).with(&strategy);
    in_phase(slow, |running| {
        by_file(running);
        here(running);
    });
}

#[test]
fn in_the_last_pass_of_a_continuous_hypothesis() {
    let strategy = ["--hypothesis-strategy", "during-method-only"];
    let probe = hypothesis(&[stuck("probe", TOLERANCE)]);
    let steps = method(&[sh("action", "a", "while test ! -e reached; do :; done", "")]);
    let pass = || case(&[probe.clone(), steps.clone()]).with(&strategy);
    in_phase(pass, |running| {
        by_file(running);
        running.wait_for("Action: a");
    });
}

#[test]
fn in_the_final_pass() {
    let probe = sh("probe", "p", "test -e up || { sleep 600 & echo $$ > reached; wait; }", TOLERANCE);
    let steps = method(&[process("action", "break-it", "rm", r#"["up"]"#, "")]);
    for ended in in_phase(|| case(&[hypothesis(from_ref(&probe)), steps.clone()]).file("up", ""), by_file) {
        assert_eq!(ended.at("/steady_states/before/steady_state_met"), true);
        assert_eq!(ended.at("/steady_states/after"), Value::Null);
        is_complete(&ended);
    }
}
