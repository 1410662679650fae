//! What a killed session left on, in the next one.

use super::terminal::Terminal;
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
