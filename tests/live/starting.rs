//! `chaos-tui` without arguments: the start screen, and the plain text printed where no screen can be drawn.

use super::{desk, terminal::Terminal};

#[test]
fn the_start_screen_offers_what_is_near_by_and_opens_it() {
    let folder = desk();
    let mut terminal = Terminal::start(80, 24, folder.path(), &[]);
    terminal.wait_for("A file is taken away");
    terminal.press("?");
    terminal.wait_for("ON THE COMMAND LINE");
    terminal.press("?");
    terminal.press("jj");
    terminal.wait_for("▸ experiment.json");
    terminal.press("\r");
    terminal.wait_for("READY");
    terminal.wait_for("A file is taken away");
    terminal.press_until("\x03", "A file is taken away");
    terminal.ended();
    assert!(terminal.is_restored());
}

#[test]
fn it_is_left_without_a_trace() {
    let folder = desk();
    for key in ["q", "\x1b", "\x03"] {
        let mut terminal = Terminal::start(120, 36, folder.path(), &["--ascii"]);
        terminal.wait_for("experiment.json");
        assert!(terminal.contents().is_ascii(), "{}", terminal.contents());
        terminal.press(key);
        assert_eq!(terminal.ended(), 0);
        assert!(terminal.is_restored());
        assert!(!folder.path().join("journal.json").exists(), "something was played");
    }
}

#[test]
fn in_a_pipe_five_lines_say_what_there_is() {
    let folder = desk();
    let output =
        assert_cmd::Command::cargo_bin("chaos-tui").unwrap().current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 5), "{said}");
    for command in
        ["chaos-tui demo", "chaos-tui experiment.json", "chaos-tui run", "chaos-tui sandbox", "--help"]
    {
        assert!(said.contains(command), "{command} in\n{said}");
    }
}
