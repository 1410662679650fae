//! How the program gets on with the terminal: what it copies, when it rings.

use super::{config::write, desk, start};

/// What was written, without the title, which ends in a bell too.
fn written(terminal: &super::Terminal) -> String {
    terminal.raw().replace("\x1b]0;chaos-tui\x07", "")
}

#[test]
fn the_evidence_is_copied_through_the_terminal() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    terminal.press("y");
    terminal.wait_for("nothing to copy here");
    assert!(!terminal.raw().contains("\x1b]52;"));
    terminal.press("w");
    terminal.wait_for("users are called");
    terminal.press("y");
    terminal.wait_for("copied the evidence");
    // `users are `, in base64.
    assert!(terminal.raw().contains("\x1b]52;c;dXNlcnMgYXJl"), "{:?}", terminal.raw());
    assert!(!written(&terminal).contains('\x07'), "the bell is off unless it is asked for");
    terminal.press("q");
    terminal.ended();
}

#[test]
fn the_bell_rings_when_it_is_the_operators_turn() {
    let folder = desk();
    write(folder.path(), "bell: true\n");
    let mut terminal = start(folder.path(), &[]);
    terminal.wait_written("a bell", |raw| raw.replace("\x1b]0;chaos-tui\x07", "").contains('\x07'));
    terminal.press("q");
    terminal.ended();
}
