//! Signals in the rollbacks: the remaining rollbacks are skipped, whatever the strategy.

use super::{EXT, interrupted, python, stubborn, stuck};
use crate::program::{Case, method, process, rollbacks};
use libc::{SIGHUP, SIGINT, SIGTERM};

#[test]
fn c101_the_rest_of_the_rollbacks_is_skipped() {
    for step in [stuck("action", ""), stubborn("action", ""), python("action", "stuck", "sleeps", "")] {
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let undoing = rollbacks(&[step.clone(), process("action", "undo", "touch", r#"["undone"]"#, "")]);
            let case = Case::new(&[method(&[]), undoing].join(",")).file("ext.py", EXT).with_python(".");
            let running = case.with(&["--rollback-strategy", "always"]).marked().start();
            running.wait_for_file("reached");
            let ended = match signal {
                SIGINT => {
                    running.signal(signal);
                    running.end()
                }
                _ => interrupted(running, signal),
            };
            assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
            assert_eq!(ended.names("/rollbacks"), ["stuck"]);
            if signal == SIGINT {
                assert!(ended.says("Terminating now without running the remaining rollbacks."));
            }
            assert!(!ended.case.path("undone").exists());
            ended.case.left_nobody();
        }
    }
}
