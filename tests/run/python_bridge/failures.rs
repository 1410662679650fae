//! Exceptions, with the reference's messages.

use super::stage::Stage;
use chaos_tui::provider::{Bridge, Outcome};

#[tokio::test]
async fn c061_exceptions_are_failures_with_their_last_line() {
    let stage = Stage::new(
        r#"
import socket
from chaoslib.exceptions import ActivityFailed, FailedActivity, InterruptExecution

class Own(Exception):
    pass

class Outer:
    class Inner(Exception):
        pass

def boom(): raise RuntimeError("boom")
def empty(): raise RuntimeError
def lines(): raise ValueError("one\ntwo ")
def own(): raise Own("mine")
def inner(): raise Outer.Inner()
def activity(): raise ActivityFailed("nope")
def old_name(): raise FailedActivity("nope")
def interrupt(): raise InterruptExecution("stop")
def key(): {}["k"]
def division(): 1 / 0
def timeout(): raise socket.timeout("slow")
def syntax(): exec("a b")
def needs(x): pass
def chained():
    try:
        boom()
    except RuntimeError as error:
        raise ValueError("second") from error
"#,
    );
    let cases = [
        ("boom", "RuntimeError: boom"),
        ("empty", "RuntimeError"),
        ("lines", "ValueError: one\ntwo"),
        ("own", "ext.Own: mine"),
        ("inner", "ext.Outer.Inner"),
        ("activity", "chaoslib.exceptions.ActivityFailed: nope"),
        ("old_name", "chaoslib.exceptions.ActivityFailed: nope"),
        ("interrupt", "chaoslib.exceptions.InterruptExecution: stop"),
        ("key", "KeyError: 'k'"),
        ("division", "ZeroDivisionError: division by zero"),
        ("needs", "TypeError: needs() missing 1 required positional argument: 'x'"),
        ("chained", "ValueError: second"),
    ];
    for (func, expected) in cases {
        assert_eq!(stage.failure(func).await, expected, "{func}");
    }
    assert!(stage.failure("syntax").await.starts_with("File \"<string>\", line 1"));
    assert!(
        ["socket.timeout: slow", "TimeoutError: slow"].contains(&stage.failure("timeout").await.as_str())
    );
}

#[tokio::test]
async fn the_trace_shows_the_extension_and_not_the_bridge() {
    let stage = Stage::new("def outer(): inner()\ndef inner(): raise RuntimeError('boom')\n");
    let Outcome::Failed { trace, .. } = stage.call("outer", "{}").await else { panic!("a failure") };
    let text = trace.concat();
    assert!(text.starts_with("Traceback (most recent call last):\n  File \""), "{text}");
    assert!(text.ends_with("RuntimeError: boom\n"), "{text}");
    assert!(
        text.contains("ext.py\", line 1, in outer") && text.contains("ext.py\", line 2, in inner"),
        "{text}"
    );
    assert!(!text.contains("chaos"), "{text}");
    assert!(trace.iter().all(|line| line.ends_with('\n')), "{trace:?}");
}

#[tokio::test]
async fn what_cannot_be_called_at_all_is_no_mere_failure() {
    let stage = Stage::new("def f(): pass\n");
    std::fs::write(stage.folder.path().join("broken.py"), "raise RuntimeError('at import')\n").unwrap();
    std::fs::write(stage.folder.path().join("wrong.py"), "def f(:\n").unwrap();
    let Outcome::UnexpectedError { message } = stage.call("missing", "{}").await else {
        panic!("no function")
    };
    assert_eq!(message, "AttributeError: module 'ext' has no attribute 'missing'");
    assert_eq!(stage.bridge.describe("broken", "f").await, Err("RuntimeError: at import".to_owned()));
    let Err(message) = stage.bridge.describe("wrong", "f").await else { panic!("no module") };
    assert!(message.contains("wrong.py\", line 1"), "{message}");
}

#[tokio::test]
async fn system_exit_asks_the_run_to_end() {
    let stage = Stage::new(
        r"
import os, signal, sys
from chaoslib.exit import exit_gracefully, exit_ungracefully

def leave(code): sys.exit(code)
def gracefully(): exit_gracefully(); signal.pause()
def ungracefully(): exit_ungracefully(); signal.pause()
def control_c(): os.kill(os.getpid(), signal.SIGINT); signal.pause()
",
    );
    let cases = [
        ("7", 7.into()),
        ("null", pyvalue::Value::Null),
        ("\"text\"", "text".into()),
        ("true", true.into()),
        ("30", 30.into()),
    ];
    for (code, expected) in cases {
        let outcome = stage.call("leave", &format!(r#"{{"code": {code}}}"#)).await;
        assert_eq!(outcome, Outcome::Exit { code: expected }, "{code}");
    }
    assert_eq!(stage.call("gracefully", "{}").await, Outcome::Exit { code: 20.into() });
    assert_eq!(stage.call("ungracefully", "{}").await, Outcome::Exit { code: 30.into() });
    assert_eq!(stage.call("control_c", "{}").await, Outcome::KeyboardInterrupt);
    assert_eq!(stage.heard(), [], "one worker did it all");
}
