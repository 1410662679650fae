//! Tests with real processes.

use crate::{
    experiment::{Environment, Secrets},
    provider::{Call, Outcome},
    test_support::{activity, map},
};
use pyvalue::Value;
use std::{path::Path, time::Duration};
use tokio_util::sync::CancellationToken;

async fn run(provider: &str) -> Outcome {
    run_with(provider, "{}", CancellationToken::new()).await
}

async fn run_with(provider: &str, configuration: &str, cancel: CancellationToken) -> Outcome {
    let activity = activity("action", "a", &provider);
    let (configuration, secrets) = (map(configuration), Secrets::default());
    let call = Call { cancel, ..Call::new(&activity, &configuration, &secrets) };
    let mut environment = Environment::of_process();
    environment.set("GREETING", "hello");
    let running = super::call(&call, &environment);
    tokio::time::timeout(Duration::from_secs(60), running).await.expect("the call came to its end")
}

fn process(path: &str, arguments: &str) -> String {
    format!(r#"{{"type": "process", "path": "{path}", "arguments": {arguments}}}"#)
}

fn sh(script: &str) -> String {
    process("sh", &format!(r#"["-c", "{script}"]"#))
}

/// The exit status, standard output and standard error.
fn output(outcome: Outcome) -> (i64, String, String) {
    let Outcome::Done(output) = outcome else { panic!("{outcome:?}") };
    let text = |key| output.get(key).and_then(Value::as_str).unwrap().to_owned();
    let Some(Value::Int(status)) = output.get("status") else { panic!("{output:?}") };
    (*status, text("stdout"), text("stderr"))
}

fn failure(outcome: Outcome) -> String {
    let Outcome::Failed { message, .. } = outcome else { panic!("{outcome:?}") };
    message
}

/// Waits until the process with this id has ended.
async fn gone(pid: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while Path::new("/proc").join(pid).exists() && !zombie(pid) {
        assert!(tokio::time::Instant::now() < deadline, "process {pid} is still there");
        tokio::task::yield_now().await;
    }
}

/// Whether the process has ended but has not yet been reaped by its parent.
fn zombie(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test]
async fn c057_every_exit_is_a_success() {
    assert_eq!(output(run(&sh("echo out; echo err >&2; exit 3")).await), (3, "out\n".into(), "err\n".into()));
    assert_eq!(output(run(&sh("kill -9 $$")).await).0, -9);
    let Outcome::Done(done) = run(&process("true", "[]")).await else { panic!() };
    let keys: Vec<&str> = done.as_map().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["status", "stdout", "stderr"]);
}

#[tokio::test]
async fn c058_list_arguments_are_words() {
    let words = r#"["%s|", null, "", true, 0, ["x", 1], 1.0, "a b", "$HOME"]"#;
    let printed = output(run(&process("printf", words)).await).1;
    assert_eq!(printed, "True|0|['x', 1]|1.0|a b|$HOME|");
    let flags = r#"{"-n": null, "a": 1, "": "", "b": false}"#;
    assert_eq!(output(run(&process("echo", flags)).await).1, "a 1 b False");
}

#[tokio::test]
async fn c059_text_arguments_are_for_the_shell() {
    assert_eq!(
        output(run(&process("echo", r#""one; echo $GREETING | tr a-z A-Z""#)).await).1,
        "one\nHELLO\n"
    );
    assert_eq!(output(run(&process("echo", r#""""#)).await).1, "\n");
    assert_eq!(output(run(&process("no-such-program", r#""x""#)).await).0, 127);
    let substituted =
        run_with(&process("echo", r#""${all}""#), r#"{"all": "a; echo b"}"#, CancellationToken::new()).await;
    assert_eq!(output(substituted).1, "a\nb\n");
}

#[tokio::test]
async fn what_cannot_be_run_is_unexpected() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, "echo no interpreter line").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let script = script.display().to_string();
    let broken = [
        process("no-such-program", "[]"),
        process("/", "[]"),
        process(&script, "[]"),
        process("true", "null"),
        process("true", "5"),
        r#"{"type": "process"}"#.to_owned(),
        r#"{"type": "process", "path": "true", "timeout": "1"}"#.to_owned(),
    ];
    for provider in broken {
        let outcome = run(&provider).await;
        assert!(matches!(outcome, Outcome::UnexpectedError { .. }), "{provider}: {outcome:?}");
    }
    assert_eq!(output(run(&process(&script, r#""""#)).await).1, "no interpreter line\n", "a shell can");
}

#[tokio::test]
async fn c060_a_timeout_ends_the_whole_group() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 300 & echo $! > {}; wait", pid.display());
    let provider =
        format!(r#"{{"type": "process", "path": "sh", "timeout": 0.5, "arguments": ["-c", "{script}"]}}"#);
    assert_eq!(failure(run(&provider).await), "process activity took too long to complete");
    gone(std::fs::read_to_string(&pid).unwrap().trim()).await;
    let at_once = r#"{"type": "process", "path": "true", "timeout": 0}"#;
    assert_eq!(failure(run(at_once).await), "process activity took too long to complete");
}

#[tokio::test]
async fn a_cancelled_process_may_tidy_up() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, tidied) = (folder.path().join("ready"), folder.path().join("tidied"));
    let script = format!(
        "trap ': > {}; exit 0' TERM; : > {}; while :; do sleep 0.01; done",
        tidied.display(),
        ready.display()
    );
    let (provider, cancel) = (sh(&script), CancellationToken::new());
    let pulling = async {
        while !ready.exists() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(run_with(&provider, "{}", cancel.clone()), pulling);
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(tidied.exists());
}

#[tokio::test]
async fn what_a_process_leaves_running_on_purpose_stays() {
    let script = "sleep 300 >/dev/null 2>&1 & echo $!";
    let pid = output(run(&sh(script)).await).1;
    let alive = Path::new("/proc").join(pid.trim()).exists();
    let killed = std::process::Command::new("kill").arg(pid.trim()).status().unwrap();
    assert!(alive && killed.success());
}

#[tokio::test]
async fn output_without_end_is_cut() {
    let message = failure(run(&process("yes", "[]")).await);
    assert!(message.contains("wrote more than 16 MiB"), "{message}");
}

#[tokio::test]
async fn output_that_is_no_utf8_is_latin1() {
    assert_eq!(output(run(&process("printf", r#"["caf\\351"]"#)).await).1, "café");
    assert_eq!(output(run(&process("printf", r#"["caf\\303\\251"]"#)).await).1, "café");
}
