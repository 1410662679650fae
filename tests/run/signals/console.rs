//! The console's pipe is full and no process reads it.

use super::{python, stuck};
use crate::{
    program::{Case, method, rollbacks, sh},
    until::until,
};
use libc::SIGTERM;
use std::{
    io::{PipeWriter, Write},
    os::fd::AsRawFd,
};

/// Fills a pipe, so that later writers block.
fn fill(pipe: &mut PipeWriter) {
    blocking(pipe, false);
    for size in [4096, 1] {
        while pipe.write(&vec![b'x'; size]).is_ok() {}
    }
    blocking(pipe, true);
}

fn blocking(pipe: &PipeWriter, on: bool) {
    let flags = if on { 0 } else { libc::O_NONBLOCK };
    // SAFETY: fcntl(2) with F_SETFL takes integers and touches no memory; the descriptor is open as long as `pipe`.
    assert_eq!(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, flags) }, 0);
}

#[test]
fn a_full_console_stands_before_no_rollback() {
    let undoing = rollbacks(&[sh("action", "undo", "echo > undone", "")]);
    let case = Case::new(&[method(&[stuck("action", "")]), undoing].join(","));
    let (reader, mut console) = std::io::pipe().unwrap();
    let running = case.with(&["--rollback-strategy", "always"]).start_on(console.try_clone().unwrap());
    running.wait_for_file("reached");
    fill(&mut console);
    running.signal(SIGTERM);
    running.wait_for_file("undone");
    // Closes the reading end: the program's pending output is discarded.
    drop((reader, console));
    assert_eq!(running.end().code(), 1);
}

/// A run that ended by itself waits for the reader of its console; a signal ends the wait.
#[test]
fn a_full_console_holds_up_the_exit_only_until_a_signal() {
    let waits = sh("action", "waits", "echo > reached; while test ! -e go; do sleep 0.05; done", "");
    let undoing = rollbacks(&[sh("action", "undo", "echo > undone", "")]);
    let case = Case::new(&[method(&[waits]), undoing].join(","));
    let (reader, mut console) = std::io::pipe().unwrap();
    let mut running = case.start_on(console.try_clone().unwrap());
    running.wait_for_file("reached");
    fill(&mut console);
    running.write("go", "");
    running.wait_for_file("undone");
    until("it to hear a signal", || {
        running.signal(SIGTERM);
        running.has_ended()
    });
    drop((reader, console));
    running.end();
}

/// After a signal, what a rollback in Python prints is left out if nobody reads it: the pipe holds up no rollback.
#[test]
fn a_rollback_in_python_that_prints_into_a_full_pipe_goes_on() {
    const EXT: &str = r#"
def floods():
    for _ in range(64):
        print("x" * 65536)
    with open("undone", "w") as file:
        file.write("\n")
"#;
    let undoing = rollbacks(&[python("action", "undo", "floods", "")]);
    let case = Case::new(&[method(&[stuck("action", "")]), undoing].join(","));
    let running = case.file("ext.py", EXT).with_python(".").with(&["--rollback-strategy", "always"]).start();
    running.wait_for_file("reached");
    running.signal(SIGTERM);
    // Standard output is read only at the end.
    running.wait_for_file("undone");
    assert_eq!(running.end().code(), 1);
}
