//! The record of a run, and what `chaos-tui recover` makes of it.

use crate::program::{Case, Ended};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

/// A fault that stays until the rollback takes it back: a file that is not there.
const FAULT: &str = r#""secrets": {"s": {"LITERAL": "canary-literal", "FROM_ENV": {"type": "env", "key": "CANARY"}}},
    "steady-state-hypothesis": {"title": "It is there", "probes": [{"type": "probe", "name": "is there", "tolerance": 0,
        "provider": {"type": "process", "path": "test", "arguments": "-f here"}}]},
    "method": [
        {"type": "action", "name": "take", "provider": {"type": "process", "path": "rm", "arguments": "here"}},
        {"type": "probe", "name": "dawdle", "provider": {"type": "process", "path": "sleep", "arguments": "600"}}],
    "rollbacks": [{"type": "action", "name": "put", "provider": {"type": "process", "path": "touch", "arguments": "here"}}]"#;

fn fault() -> Case {
    Case::new(FAULT).file("here", "").variable("CANARY", "canary-of-the-environment")
}

/// Kills the run without any warning while its fault is on.
fn killed() -> Case {
    let mut running = fault().start();
    running.wait_for("Probe: dawdle");
    running.signal(libc::SIGKILL);
    let case = running.end().case;
    assert!(!case.path("here").exists());
    case
}

fn recover(case: Case, more: &[&str]) -> Ended {
    let arguments: Vec<&str> = ["recover"].into_iter().chain(more.iter().copied()).collect();
    case.instead(&arguments).run()
}

fn sessions(case: &Case) -> Vec<PathBuf> {
    let entries = fs::read_dir(case.path(".local/state/chaos-tui/sessions")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_a_killed_run_left_on_is_said_by_the_next_one_and_undone() {
    let case = killed();
    let [folder] = sessions(&case).try_into().unwrap();
    for file in fs::read_dir(&folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("canary"), "a secret is on the disk: {text}");
    }
    let next = case.instead(&["run", "experiment.json", "--dry", "activities"]).run();
    let first = &next.messages()[0];
    assert_eq!(first.0, "WARNING");
    assert!(
        first.1.contains("died: take: process rm may still be on, not rolled back by 'put'"),
        "{first:?}"
    );
    assert!(first.1.contains("chaos-tui recover "), "{first:?}");

    let refused = recover(next.case, &[]);
    assert_eq!(refused.code(), 2, "without a terminal to ask at nothing is done");
    assert!(refused.stdout.contains("rollback    put") && !refused.case.path("here").exists());
    let recovered = recover(refused.case, &["--yes"]);
    assert_eq!(recovered.code(), 0, "{:?}", recovered.lines);
    assert!(recovered.case.path("here").exists());
    assert!(recovered.stdout.contains("the steady-state hypothesis is met"), "{}", recovered.stdout);
    let again = recover(recovered.case, &["--yes"]);
    assert!(again.stdout.contains("nothing is left on"), "{}", again.stdout);
    let list = recover(again.case, &["--list"]);
    assert_eq!(list.stdout.matches("nothing left on").count(), 1, "{}", list.stdout);
}

#[test]
fn a_recovery_that_lacks_a_secret_says_which_and_does_nothing() {
    let case = killed().without("CANARY");
    let refused = recover(case, &["--yes"]);
    assert_eq!(refused.code(), 1);
    assert!(refused.says("the environment variable CANARY, for $.secrets.s.FROM_ENV"), "{:?}", refused.lines);
    let case = refused.case.variable("CANARY", "canary-of-the-environment");
    fs::rename(case.path("experiment.json"), case.path("moved.json")).unwrap();
    let refused = recover(case, &["--yes"]);
    assert!(refused.says("the secret $.secrets.s.LITERAL, which was written in"), "{:?}", refused.lines);
    assert!(!refused.case.path("here").exists());
    fs::rename(refused.case.path("moved.json"), refused.case.path("experiment.json")).unwrap();
    assert_eq!(recover(refused.case, &["--yes"]).code(), 0);
}

#[test]
fn without_rollbacks_a_recovery_lacks_nothing_and_the_session_stays_on_record() {
    let case = killed().without("CANARY");
    fs::rename(case.path("experiment.json"), case.path("moved.json")).unwrap();
    let partly = recover(case, &["--yes", "--no-rollbacks"]);
    assert_eq!(partly.code(), 1, "{:?}", partly.lines);
    assert!(partly.stdout.contains("NOT PLAYED  rollback put"), "{}", partly.stdout);
    assert!(!partly.case.path("here").exists());
    let case = partly.case.variable("CANARY", "canary-of-the-environment");
    fs::rename(case.path("moved.json"), case.path("experiment.json")).unwrap();
    let recovered = recover(case, &["--yes"]);
    assert_eq!(recovered.code(), 0, "{:?}", recovered.lines);
    assert!(recovered.case.path("here").exists());
}

#[test]
fn a_run_that_was_told_to_end_is_recovered_as_well() {
    let mut running = fault().start();
    running.wait_for("Probe: dawdle");
    running.signal(libc::SIGTERM);
    let ended = running.end();
    assert!(!ended.case.path("here").exists(), "the reference's default strategy plays no rollbacks here");
    let recovered = recover(ended.case, &["--yes"]);
    assert_eq!(recovered.code(), 0, "{:?}", recovered.lines);
    assert!(recovered.case.path("here").exists());
}

#[test]
fn rollbacks_that_were_played_leave_nothing() {
    let mut running = fault().with(&["--rollback-strategy", "always"]).start();
    running.wait_for("Probe: dawdle");
    running.signal(libc::SIGTERM);
    let ended = running.end();
    assert!(ended.case.path("here").exists());
    assert!(recover(ended.case, &["--yes"]).stdout.contains("nothing is left on"));
}

#[test]
fn a_rollback_that_failed_is_played_by_the_recovery() {
    let put = "#!/bin/sh\ntouch here\n";
    let parts = FAULT
        .replace(r#""touch", "arguments": "here""#, r#""./put.sh""#)
        .replace(r#""rm", "arguments": "here""#, r#""rm", "arguments": "here put.sh""#)
        .replace("600", "0");
    let case = Case::new(&parts).file("here", "").file("put.sh", put).variable("CANARY", "canary-value");
    let script = case.path("put.sh");
    let may_run = || fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    may_run();
    // The method takes the rollback's program away as well.
    let ended = case.run();
    assert!(ended.says("put.sh"), "{:?}", ended.lines);
    assert!(!ended.case.path("here").exists());
    fs::write(&script, put).unwrap();
    may_run();
    let next = ended.case.instead(&["run", "experiment.json", "--dry", "activities"]).run();
    assert!(next.messages()[0].1.contains("not rolled back by 'put'"), "{:?}", next.lines);
    let recovered = recover(next.case, &["--yes"]);
    assert_eq!(recovered.code(), 0, "{:?}", recovered.lines);
    assert!(recovered.case.path("here").exists());
    assert!(recover(recovered.case, &["--yes"]).stdout.contains("nothing is left on"));
}

#[test]
fn without_a_record_the_run_goes_on_and_says_so() {
    let ended = fault().file("state", "no folder").variable("XDG_STATE_HOME", "/dev/null").start();
    let mut running = ended;
    running.wait_for(
        "This run is not recorded (the session record /dev/null/chaos-tui/sessions cannot be created",
    );
    running.wait_for("Probe: dawdle");
}

#[test]
fn what_destroys_nothing_and_who_wants_no_record_has_none() {
    let probe =
        r#""method": [{"type": "probe", "name": "p", "provider": {"type": "process", "path": "true"}}]"#;
    assert!(sessions(&Case::new(probe).run().case).is_empty());
    let mut running = fault().with(&["--no-record"]).start();
    running.wait_for("Probe: dawdle");
    running.signal(libc::SIGKILL);
    assert!(sessions(&running.end().case).is_empty());
}

#[test]
fn a_session_can_be_forgotten_and_a_running_one_is_left_alone() {
    let mut running = fault().start();
    running.wait_for("Probe: dawdle");
    let list = |case: &Case| sessions(case)[0].file_name().unwrap().to_string_lossy().into_owned();
    let id = list(running.case());
    let other = Case::named("")
        .variable("XDG_STATE_HOME", &running.case().path(".local/state").display().to_string());
    let refused = recover(other, &[&id, "--yes"]);
    assert!(refused.says("is running"), "{:?}", refused.lines);
    running.signal(libc::SIGKILL);
    let forgotten = recover(running.end().case, &[&id, "--forget"]);
    assert_eq!(forgotten.code(), 0);
    assert!(recover(forgotten.case, &[]).stdout.contains("nothing is left on"));
}
