//! Signals in every phase (experiment-format 10.6): the run is interrupted at once, the rollbacks run as the strategy
//! demands, the journal is complete, and no process that the run started is left.
//!
//! In each phase the run is blocked for ten minutes; if it ends within the test's timeout, the block was interrupted.

mod before;
mod console;
mod controls;
mod during;
#[path = "../../../src/runner/tests/journal_keys.rs"]
mod journal_keys;
mod left_on;
mod rollbacks;

use crate::program::{Case, Ended, Running, method, process, sh};
use journal_keys::KEYS;
use libc::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};

/// Returns the console message for a signal.
fn said(signal: i32) -> &'static str {
    match signal {
        SIGINT => "Received a termination signal (Ctrl-C)...",
        SIGTERM => "SIGTERM signal received",
        SIGHUP => "SIGHUP signal received",
        SIGQUIT => "SIGQUIT signal received",
        SIGXCPU => "SIGXCPU signal received",
        SIGUSR1 => "Received the exit signal: 20",
        SIGUSR2 => "Received the exit signal: 30",
        other => panic!("signal {other}"),
    }
}

/// Returns an activity that writes `reached` and then waits longer than any test, as does its child process.
fn stuck(kind: &str, more: &str) -> String {
    sh(kind, "stuck", "sleep 600 & echo $$ > reached; wait", more)
}

/// Like [`stuck`], but the process and its child ignore SIGTERM and SIGINT.
fn stubborn(kind: &str, more: &str) -> String {
    sh(kind, "stuck", "trap '' TERM INT; (trap '' TERM INT; sleep 600) & echo $$ > reached; wait; wait", more)
}

/// Returns an activity that calls a function of the module `ext`.
fn python(kind: &str, name: &str, func: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"type": "{kind}", "name": "{name}"{more},
            "provider": {{"type": "python", "module": "ext", "func": "{func}"}}}}"#
    )
}

/// The source of the module `ext`: functions that wait.
const EXT: &str = r#"
import subprocess, time

def reached():
    with open("reached", "w") as file:
        file.write("\n")

def sleeps():
    reached()
    time.sleep(600)

def runs_a_child():
    reached()
    subprocess.run(["sleep", "600"])

def stubborn():
    child = subprocess.Popen(["sleep", "600"])
    reached()
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass
"#;

/// Returns an experiment of these parts whose rollback creates `undone`.
fn case(parts: &[String]) -> Case {
    let undo = crate::program::rollbacks(&[process("action", "undo", "touch", r#"["undone"]"#, "")]);
    let parts: Vec<String> = parts.iter().cloned().chain([undo]).collect();
    Case::new(&parts.join(",")).marked().file("ext.py", EXT).with_python(".")
}

/// Returns an experiment whose method is this step followed by another one.
fn in_method(step: String) -> Case {
    case(&[method(&[step, sh("action", "next", "touch went-on", "")])])
}

/// Sends a signal to a run that has reached the phase under test, and checks how it ends.
fn interrupted(mut running: Running, signal: i32) -> Ended {
    running.signal(signal);
    running.wait_for(said(signal));
    let ended = running.end();
    let (status, _, code) = ended.outcome();
    assert_eq!((status.as_str(), code), ("interrupted", 1), "{:#?}", ended.lines);
    is_complete(&ended);
    assert!(!ended.case.path("went-on").exists(), "nothing further was done: {:#?}", ended.lines);
    ended.case.left_nobody();
    ended
}

/// Checks that the journal has all its keys and that every entry has ended.
fn is_complete(ended: &Ended) {
    let journal = ended.at("");
    let keys: Vec<&str> = journal.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, KEYS);
    for part in ["/run", "/rollbacks"] {
        for entry in ended.at(part).as_array().unwrap() {
            assert!(entry["start"].is_string() && entry["end"].is_string(), "{entry:#}");
            assert!(entry["duration"].is_number(), "{entry:#}");
        }
    }
}

/// Interrupts the phase by Ctrl-C under the strategy `default`, which does not roll back then, and by SIGTERM under
/// `always`, which does.
fn in_phase(case: impl Fn() -> Case, reached: impl Fn(&mut Running)) -> Vec<Ended> {
    [(SIGINT, "default", false), (SIGTERM, "always", true)]
        .map(|(signal, strategy, undone)| {
            let mut running = case().with(&["--rollback-strategy", strategy]).start();
            reached(&mut running);
            let ended = interrupted(running, signal);
            assert_eq!(ended.case.path("undone").exists(), undone, "{strategy}: {:#?}", ended.lines);
            ended
        })
        .into()
}

/// Waits until the blocking activity runs.
fn by_file(running: &mut Running) {
    running.wait_for_file("reached");
}
