//! What a run leaves on, and what does not survive a run that is killed.

use super::{by_file, in_method, interrupted, stuck};
use crate::program::{Case, method, process, rollbacks, sh};
use libc::{SIGINT, SIGKILL, SIGTERM, SIGXFSZ};

const LEFT_ON: &str = "WARNING] Left on: 'stuck' (sh) was fired and not rolled back: 'undo' was not played";
const REMEDY: &str = "WARNING] Left on: `chaos-tui recover` undoes it; with `--rollback-strategy always`";

#[test]
fn the_last_lines_name_what_was_fired_and_not_rolled_back() {
    for (strategy, left) in [("default", true), ("never", true), ("always", false)] {
        let mut running = in_method(stuck("action", "")).with(&["--rollback-strategy", strategy]).start();
        by_file(&mut running);
        let ended = interrupted(running, SIGTERM);
        let last = ended.lines[ended.lines.len().saturating_sub(2)..].join("\n");
        assert_eq!(last.contains(LEFT_ON) && last.contains(REMEDY), left, "{strategy}: {:#?}", ended.lines);
    }
    // Nothing was fired.
    let mut running = in_method(stuck("probe", "")).start();
    by_file(&mut running);
    assert!(!interrupted(running, SIGTERM).says("Left on"));
}

/// The first signal interrupts the run, the second one lets the rollbacks go on, the third one ends them.
#[test]
fn a_third_signal_ends_the_rollbacks_and_what_is_left_on_is_named() {
    let undoing = rollbacks(&[
        sh("action", "first", "echo > first; while test ! -e go; do sleep 0.05; done", ""),
        sh("action", "undo", "echo > rolling; sleep 600", ""),
        process("action", "last", "touch", r#"["undone"]"#, ""),
    ]);
    let case = Case::new(&[method(&[stuck("action", "")]), undoing].join(",")).marked();
    let mut running = case.with(&["--rollback-strategy", "always"]).start();
    by_file(&mut running);
    running.signal(SIGINT);
    running.wait_for_file("first");
    running.signal(SIGTERM);
    running.wait_for("SIGTERM during the rollbacks: they go on ('first'); one more signal ends them");
    running.write("go", "");
    running.wait_for_file("rolling");
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.names("/rollbacks"), ["first", "undo"]);
    assert!(
        ended.says("Left on: 'stuck' (sh) was fired and not rolled back: 'undo', 'last' were not played"),
        "{:#?}",
        ended.lines
    );
    ended.case.left_nobody();
}

#[test]
fn activities_do_not_survive_the_kill_of_the_run() {
    let steps = method(&[sh("action", "stuck", "sleep 600 & echo $$ > reached; wait", "")]);
    let mut running = Case::new(&steps).marked().start();
    by_file(&mut running);
    running.signal(SIGKILL);
    let ended = running.end();
    assert_eq!(ended.killed_by(), Some(SIGKILL));
    ended.case.left_nobody();
}

/// What an activity has put outside of its process group ends with the activity that is interrupted.
#[test]
fn what_has_left_the_process_group_does_not_survive_an_interruption() {
    for script in [
        "setsid sleep 600 >/dev/null 2>&1 & echo $$ > reached; wait",
        // The script has ended, and the run waits for its output, which the other process holds.
        "setsid sleep 600 & echo $$ > reached",
    ] {
        let mut running = in_method(sh("action", "stuck", script, "")).start();
        by_file(&mut running);
        interrupted(running, SIGTERM);
    }
}

/// A process is guarded from its first instruction on.
#[test]
fn an_activity_does_not_survive_a_kill_that_comes_as_it_starts() {
    let steps = method(&[sh("action", "stuck", "kill -s KILL $PPID; sleep 600", "")]);
    let ended = Case::new(&steps).marked().run();
    assert_eq!(ended.killed_by(), Some(SIGKILL));
    ended.case.left_nobody();
}

/// The limit of a file's size: the write fails, and the run goes on.
#[test]
fn the_signal_of_a_file_that_grew_too_large_ends_nothing() {
    let steps = [
        sh("action", "waits", "echo $$ > reached; while test ! -e go; do sleep 0.05; done", ""),
        sh("action", "next", "touch went-on", ""),
    ];
    let mut running = Case::new(&method(&steps)).start();
    by_file(&mut running);
    running.signal(SIGXFSZ);
    running.write("go", "");
    let ended = running.end();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0));
    assert!(ended.case.path("went-on").exists());
}
