//! Signals in controls, including controls that ignore cancellation and controls called after the run has been
//! interrupted.

use super::{by_file, case, in_phase, interrupted};
use crate::program::{Case, Running, is_up, method, sh};
use libc::SIGINT;

/// Returns a control that hangs in one function the first time it is called.
fn control(function: &str, stubborn: bool) -> String {
    let waits = if stubborn {
        "    while True:\n        try: time.sleep(600)\n        except BaseException: pass\n"
    } else {
        "    time.sleep(600)\n"
    };
    let takes = if function == "cleanup_control" { "" } else { "**kwargs" };
    format!(
        "import os, time\n\
         def {function}({takes}):\n    \
             if os.path.exists('reached'): return\n    \
             open('reached', 'w').write('\\n')\n\
         {waits}"
    )
}

fn with_control(function: &str, stubborn: bool) -> Case {
    let declared = r#""controls": [{"name": "c", "provider": {"type": "python", "module": "hangs"}}]"#;
    let parts = [is_up(), method(&[sh("action", "a", "true", "")]), declared.to_owned()];
    case(&parts).file("up", "").file("hangs.py", &control(function, stubborn))
}

#[test]
fn before_and_after_every_level() {
    for function in [
        "configure_control",
        "before_experiment_control",
        "before_hypothesis_control",
        "after_hypothesis_control",
        "before_activity_control",
        "after_activity_control",
        "before_method_control",
        "after_method_control",
    ] {
        let ended = in_phase(|| with_control(function, false), by_file);
        assert!(ended.iter().all(|it| it.says(&format!("{function} of control 'c': it was cancelled"))));
    }
    in_phase(|| with_control("before_method_control", true), by_file);
}

#[test]
fn around_the_rollbacks() {
    for function in ["before_rollback_control", "after_rollback_control"] {
        let mut running = with_control(function, false).start();
        by_file(&mut running);
        running.signal(SIGINT);
        let ended = running.end();
        assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
        assert_eq!(ended.case.path("undone").exists(), function.starts_with("after"));
        ended.case.left_nobody();
    }
}

#[test]
fn after_the_experiment_the_journal_stands() {
    for function in ["after_experiment_control", "cleanup_control"] {
        for stubborn in [false, true] {
            let mut running = with_control(function, stubborn).start();
            by_file(&mut running);
            running.signal(SIGINT);
            let ended = running.end();
            assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{:#?}", ended.lines);
            super::is_complete(&ended);
            ended.case.left_nobody();
        }
    }
}

#[test]
fn a_second_signal_ends_a_control_that_hangs_after_the_first() {
    let stuck = super::stuck("action", "");
    let declared = r#""controls": [{"name": "c", "provider": {"type": "python", "module": "hangs"}}]"#;
    let hangs = "import time\ndef after_method_control(**kwargs):\n    open('after', 'w').write('\\n')\n    time.sleep(600)\n";
    let mut running: Running = case(&[method(&[stuck]), declared.to_owned()]).file("hangs.py", hangs).start();
    by_file(&mut running);
    running.signal(SIGINT);
    running.wait_for_file("after");
    let ended = interrupted(running, SIGINT);
    assert!(ended.says("after_method_control of control 'c': it was cancelled"));
}
