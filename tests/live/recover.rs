//! What a killed session left on, in the next one.

use super::{operators::Sandbox, terminal::Terminal};
use std::path::Path;

/// Writes an experiment that takes a file away, and puts it back in its rollback.
fn taken_away(folder: &Path) {
    let text = r#"{"title": "A file is taken away", "description": "and stays away until the rollback",
    "steady-state-hypothesis": {"title": "It is there", "probes": [{"type": "probe", "name": "is-there", "tolerance": 0,
        "provider": {"type": "process", "path": "test", "arguments": "-f here"}}]},
    "method": [{"type": "action", "name": "take-it", "pauses": {"after": 300},
        "provider": {"type": "process", "path": "rm", "arguments": "here"}}],
    "rollbacks": [{"type": "action", "name": "put-it-back", "provider": {"type": "process", "path": "touch", "arguments": "here"}}]}"#;
    std::fs::write(folder.join("experiment.json"), text).unwrap();
    std::fs::write(folder.join("here"), "").unwrap();
}

/// Fires the fault; returns while it is on.
fn fired(folder: &Path, more: &[&str]) -> Terminal {
    let arguments: Vec<&str> = ["experiment.json"].into_iter().chain(more.iter().copied()).collect();
    let mut terminal = Terminal::start(120, 36, folder, &arguments);
    terminal.wait_for("READY");
    terminal.press_until(" ", "TARGET");
    terminal.press("F");
    terminal.wait_for("FIRE?");
    terminal.press("take-it\r");
    terminal.wait_for("FAULT");
    terminal
}

#[test]
fn a_killed_session_is_recovered_by_one_key_of_the_next() {
    let folder = tempfile::tempdir().unwrap();
    taken_away(folder.path());
    // A guardian would undo it at once.
    let mut killed = fired(folder.path(), &["--dead-man", "off"]);
    let gone = || !folder.path().join("here").exists();
    killed.wait_until("the file gone", |_| gone());
    killed.signal(libc::SIGKILL);
    killed.ended();

    let mut next = Terminal::start(120, 36, folder.path(), &["experiment.json"]);
    next.wait_for("died: take-it: process rm may still be on");
    next.wait_for("U undoes it");
    next.press("U");
    next.wait_for("UNDO WHAT AN EARLIER SESSION LEFT ON?");
    next.press("y");
    next.wait_gone("may still be on");
    assert!(!gone());
    next.press_until(" ", "TARGET");
    next.press("q");
    next.ended();
}

#[test]
fn without_a_record_nothing_is_fired_unless_the_operator_says_so() {
    let folder = tempfile::tempdir().unwrap();
    taken_away(folder.path());
    let variables = [("XDG_STATE_HOME", "/dev/null")];
    let mut terminal = Terminal::start_with(&variables, (120, 36), folder.path(), &["experiment.json"]);
    terminal.wait_for("READY");
    terminal.press_until(" ", "TARGET");
    terminal.wait_for("IMPOSSIBLE, so nothing is fired");
    terminal.press("F");
    terminal.wait_for("FIRE?");
    terminal.press("take-it\r");
    terminal.wait_for("the session cannot be recorded");
    assert!(folder.path().join("here").exists());
    terminal.press("q");
    terminal.ended();

    let arguments = ["experiment.json", "--no-record"];
    let mut terminal = Terminal::start_with(&variables, (120, 36), folder.path(), &arguments);
    terminal.wait_for("READY");
    terminal.press_until(" ", "TARGET");
    terminal.wait_for("off (--no-record)");
    terminal.press("F");
    terminal.wait_for("FIRE?");
    terminal.press("take-it\r");
    terminal.wait_until("the file gone", |_| !folder.path().join("here").exists());
    terminal.press("A");
    terminal.wait_for("FINISHED");
    assert!(folder.path().join("here").exists());
    terminal.press("q");
    terminal.ended();
}

#[test]
fn while_an_earlier_fault_is_on_no_answer_is_learned_as_the_real_one() {
    let (sandbox, folder) = (Sandbox::start(), tempfile::tempdir().unwrap());
    super::safety::scaled_to_zero(folder.path(), "");
    let mut killed = sandbox.opening("ana", folder.path(), &["--dead-man", "off"]);
    killed.wait_for("1/5 READY");
    killed.press(" ");
    killed.wait_for("SCALE Deployment");
    killed.press("F");
    killed.wait_for("FAULT ON");
    killed.wait_until("no provider", |_| sandbox.replicas("my-provider-app") == "0");
    killed.signal(libc::SIGKILL);
    killed.ended();

    // The consumer answers with its fallback by now, in any number of equal answers.
    let mut next = sandbox.opening("ana", folder.path(), &[]);
    next.wait_for("Deployment my-provider-app is at 0, was 1");
    next.press("o");
    next.wait_for("not learned yet");
    // Many more answers than are learned from where nothing is on.
    next.wait_until("some seconds of answers", |screen| {
        let text = screen.contents();
        let lane = text.lines().find_map(|line| line.strip_prefix("│ users"));
        lane.is_some_and(|lane| lane.matches('█').count() >= 6)
    });
    assert!(next.contents().contains("not learned yet"), "{}", next.contents());
    next.press("U");
    next.wait_for("UNDO WHAT AN EARLIER SESSION LEFT ON?");
    next.press("y");
    next.wait_gone("is at 0, was 1");
    next.wait_for("answers are real");
    next.press("q");
    next.ended();
}

#[test]
fn the_same_command_line_once_more_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    taken_away(folder.path());
    let mut killed = fired(folder.path(), &["--dead-man", "off", "--record", "session.ctui"]);
    killed.signal(libc::SIGKILL);
    killed.ended();
    let evidence = std::fs::read(folder.path().join("session.ctui")).unwrap();
    let arguments = ["experiment.json", "--record", "session.ctui"];
    let mut next = Terminal::start(120, 36, folder.path(), &arguments);
    next.wait_for("may still be on");
    next.press("q");
    next.ended();
    assert!(next.contents().contains("recording in session-2.ctui"), "{}", next.contents());
    assert_eq!(std::fs::read(folder.path().join("session.ctui")).unwrap(), evidence);
    assert!(folder.path().join("session-2.ctui").exists());
}

#[test]
fn rollbacks_that_the_operator_cut_short_are_told_to_the_next_session() {
    let folder = tempfile::tempdir().unwrap();
    taken_away(folder.path());
    let experiment = folder.path().join("experiment.json");
    let text = std::fs::read_to_string(&experiment).unwrap();
    let hanging =
        text.replace(r#""path": "touch", "arguments": "here""#, r#""path": "sleep", "arguments": "600""#);
    std::fs::write(&experiment, hanging).unwrap();
    let mut terminal = fired(folder.path(), &["--dead-man", "off"]);
    for said in ["▸ put-it-back", "SURE? The rollbacks go on"] {
        terminal.signal(libc::SIGTERM);
        terminal.wait_for(said);
    }
    terminal.signal(libc::SIGTERM);
    assert_eq!(terminal.ended(), 130);
    let next = Terminal::start(120, 36, folder.path(), &["experiment.json"]);
    next.wait_for("take-it: process rm may still be on");
}
