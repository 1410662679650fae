//! Views during a run: endpoints, scrolling back in time, and the mouse.

use super::{fire_the_kill, in_sandbox, terminal::Terminal};

/// Sends a mouse event in the terminal's encoding; `column` and `row` count from 0.
fn mouse(terminal: &mut Terminal, button: u8, column: usize, row: usize) {
    terminal.press(&format!("\x1b[<{button};{};{}M", column + 1, row + 1));
}

/// Returns the column and row of a text on the screen.
fn place(terminal: &Terminal, text: &str) -> (usize, usize) {
    let screen = terminal.contents();
    let found = screen
        .lines()
        .enumerate()
        .find_map(|(row, line)| line.find(text).map(|byte| (line[..byte].chars().count(), row)));
    assert!(found.is_some(), "no {text:?} on:\n{screen}");
    found.unwrap()
}

const CLICK: u8 = 0;
const WHEEL_UP: u8 = 64;

#[test]
fn two_endpoints_the_past_and_the_mouse() {
    let folder = tempfile::tempdir().unwrap();
    let watched = ["--watch", "/invoke", "--watch", "${consumer_url}/health", "--mouse"];
    let mut terminal = in_sandbox(folder.path(), &watched);
    terminal.wait_for(" 1/1 ");
    terminal.press("o");
    terminal.wait_for("■ real");
    terminal.wait_for("endpoint 1 of 2");
    terminal.press("x");
    terminal.wait_for("2 USERS  GET /health");
    terminal.wait_for("endpoint 2 of 2");
    terminal.press("x");
    terminal.press("nlook here\r");
    // The answers must span more time than the fault view shows before T0, so that there is something to scroll back
    // to.
    terminal.wait_until("ten seconds of answers", |screen| {
        let screen = screen.contents();
        let asked = screen.lines().find_map(|line| line.split_once("asked")).map(|(_, rest)| rest);
        let count = asked.and_then(|rest| rest.split_whitespace().next()?.parse::<u32>().ok());
        count.is_some_and(|count| count >= 40)
    });
    fire_the_kill(&mut terminal);
    // An open breaker fails the health page, so the second endpoint is the worse one.
    terminal.wait_for("/health: ");
    // Each endpoint has a strip of its own.
    terminal.wait_until("both strips", |screen| {
        let screen = screen.contents();
        screen.contains("│ users") && screen.contains("│ /health")
    });

    // Scrolls back in time while the session continues.
    terminal.press("[");
    terminal.wait_for("PAUSED, 0 returns");
    terminal.press("0");
    terminal.wait_gone("PAUSED, 0 returns");
    terminal.press("\x1b[D");
    terminal.wait_for(" at T");
    terminal.press("0");
    terminal.wait_gone(" at T");

    // The mouse: a click selects a step or a second, and the wheel scrolls the pane under the pointer.
    let (column, row) = place(&terminal, "│ users");
    mouse(&mut terminal, CLICK, column + 25, row);
    terminal.wait_for(" at T");
    mouse(&mut terminal, WHEEL_UP, column + 25, row);
    terminal.wait_for("PAUSED, 0 returns");
    let (column, row) = place(&terminal, "4 BREAKER");
    mouse(&mut terminal, CLICK, column, row);
    terminal.press("z");
    terminal.wait_gone("1 EXPERIMENT");
    terminal.wait_for("4 BREAKER");
    terminal.press("z");
    terminal.wait_for("1 EXPERIMENT");
    terminal.press("?");
    terminal.wait_for("KEYS");
    mouse(&mut terminal, CLICK, 0, 0);
    terminal.wait_gone("─ KEYS");

    // Without mouse reporting, the terminal selects text itself.
    terminal.press("M");
    terminal.wait_for("the mouse selects text now");
    terminal.wait_until("no mouse", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    terminal.press("qy");
    terminal.ended();
    assert!(terminal.is_restored());
}
