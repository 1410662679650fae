//! The screen is shown before the session is ready: while the sandbox starts, and when there is no cluster.

use super::{desk, in_sandbox, terminal::Terminal, until};
use std::path::Path;

const KILL_POD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/kill-pod.json");

#[test]
fn the_sandbox_starts_behind_the_screen_and_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = in_sandbox(folder.path(), &[]);
    terminal.wait_for("STARTING");
    terminal.wait_for("starting the sandbox with the variant `after`");
    terminal.press(" ");
    terminal.wait_for("the session is still starting");
    let started = terminal.children();
    terminal.press("\x03");
    assert_eq!(terminal.ended(), 1);
    assert!(terminal.is_restored() && terminal.contents().contains("Aborted!"), "{}", terminal.contents());
    let there = |id: &u32| Path::new(&format!("/proc/{id}/exe")).exists();
    until(&format!("the end of {started:?}"), || !started.iter().any(there));
    assert!(!folder.path().join("journal.json").exists(), "something was played");
}

#[test]
fn where_there_is_no_cluster_the_sandbox_is_offered_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, folder.path(), &[KILL_POD]);
    terminal.wait_for("NO CLUSTER");
    terminal.press("q");
    assert_eq!(terminal.ended(), 2);
    assert!(terminal.contents().contains("nothing was done; `--sandbox`"), "{}", terminal.contents());

    let mut terminal = Terminal::start(120, 36, folder.path(), &[KILL_POD]);
    terminal.wait_for("NO CLUSTER");
    terminal.press("a");
    terminal.wait_for("starting the sandbox with the variant `after`");
    terminal.wait_for("READY");
    terminal.wait_for("sandbox");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
}

#[test]
fn what_cannot_be_played_needs_no_screen() {
    let folder = desk();
    let mut terminal = Terminal::start(120, 36, folder.path(), &["not-there.json"]);
    assert_eq!(terminal.ended(), 1);
    assert!(terminal.contents().contains("\"not-there.json\" does not exist"), "{}", terminal.contents());
    assert!(terminal.is_restored());
}
