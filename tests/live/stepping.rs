//! Stepping by keys: breakpoint, automatic stepping, hold, skip, re-run and abort.

use super::{desk, fire_awaited, start, there};

#[test]
fn a_breakpoint_holds_automatic_stepping_and_a_step_is_left_out() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    // Moves down to the step after the destructive one and sets a breakpoint there.
    terminal.press("\x1b[B\x1b[Bb");
    terminal.wait_for("·*look-again");
    terminal.press("a");
    terminal.wait_for("AUTO");
    fire_awaited(&mut terminal);
    terminal.wait_for("›*look-again");
    assert!(!there(folder.path()));
    terminal.press("s");
    terminal.wait_for("SKIP?");
    terminal.press("s");
    terminal.wait_for("-*look-again");
    terminal.wait_for("skipped");
    // Automatic stepping continues after the breakpoint, to the end of the run.
    terminal.wait_for("FINISHED");
    assert!(there(folder.path()), "rolled back");
    terminal.press("q");
    terminal.ended();
    let journal = std::fs::read(folder.path().join("journal.json")).unwrap();
    let journal: serde_json::Value = serde_json::from_slice(&journal).unwrap();
    let played: Vec<_> =
        journal["run"].as_array().unwrap().iter().map(|entry| &entry["activity"]["name"]).collect();
    assert_eq!(played, ["take-it-away"], "{journal:#}");
}

#[test]
fn a_step_is_run_again_and_the_run_is_held() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    terminal.press(" ");
    terminal.wait_for("› take-it-away");
    terminal.press("r");
    terminal.wait_for("nothing to run again");
    terminal.press(".");
    terminal.wait_for("HELD");
    terminal.press(".");
    terminal.wait_gone("HELD");
    fire_awaited(&mut terminal);
    // A step to be re-run waits for the operator first: a destructive step is fired again or not executed at all.
    terminal.wait_for("› look-again");
    terminal.press("r");
    terminal.wait_for("› take-it-away");
    terminal.press(" ");
    terminal.wait_for("SPACE never fires");
    terminal.press("s");
    terminal.wait_for("SKIP?");
    terminal.press("s");
    terminal.wait_for("- take-it-away");
    terminal.press(" ");
    terminal.wait_for("‖ look-again");
    terminal.wait_for("A abort");
    terminal.press("A");
    terminal.wait_for("FINISHED");
    assert!(there(folder.path()), "the abort rolled back");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
}
