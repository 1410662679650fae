//! Hostile Python extensions.

use super::{MOST_OF_VALUES, failure, run_within};
use crate::program::{Case, Ended, method, sh};

const EXT: &str = r#"
import os, signal, sys, logging

def contains_itself():
    result = []
    result.append(result)
    return result

def nests():
    result = []
    for _ in range(100000):
        result = [result]
    return result

def recurses():
    return recurses()

def is_long():
    return "x" * (20 << 20)

def is_many():
    return [[] for _ in range(1100000)]

def is_binary():
    return {"bytes": b"\xff\xfe", "half": "\ud800", "set": {1}}

def raises_binary():
    raise ValueError("\ud800 \x00 \x1b[31m" + "x" * (1 << 14))

def dies():
    os.kill(os.getpid(), signal.SIGSEGV)

def leaves():
    os._exit(3)

def garbles():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 100 + b"\n")
        except OSError:
            pass
    return 1

def garbles_without_end():
    while True:
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b"x" * 65536)
            except OSError:
                pass

def prints():
    for _ in range(64):
        print("x" * (1 << 20))
    sys.stderr.write(("y" * 1023 + "\n") * 1024)
    return 1

def logs():
    logger = logging.getLogger("chaostoolkit")
    for _ in range(100):
        logger.debug("x" * (1 << 20))
    return 1
"#;

fn called(func: &str) -> Ended {
    let call = format!(
        r#"{{"type": "action", "name": "a", "provider": {{"type": "python", "module": "ext", "func": "{func}"}}}}"#
    );
    let steps = method(&[call, sh("action", "next", "true", "")]);
    let ended = run_within(MOST_OF_VALUES, Case::new(&steps).file("ext.py", EXT).with_python(".").marked());
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{func}: {:#?}", ended.lines);
    assert_eq!(ended.at("/run/1/status"), "succeeded", "{func}");
    ended.case.left_nobody();
    ended
}

#[test]
fn results_that_no_journal_can_hold() {
    for func in ["contains_itself", "nests"] {
        let ended = called(func);
        assert_eq!(ended.at("/run/0/status"), "succeeded");
        assert!(ended.at("/run/0/output").is_string(), "{func}: its text is kept");
        assert!(ended.says("only its text is kept"), "{:#?}", ended.lines);
    }
    assert!(called("is_binary").at("/run/0/output/set").is_string());
    assert!(failure(&called("is_long")).contains("the result takes 20 MiB as JSON"));
    assert!(failure(&called("is_many")).contains("cannot be read"));
}

#[test]
fn errors_without_end() {
    assert!(failure(&called("recurses")).contains("RecursionError"));
    assert!(failure(&called("raises_binary")).contains("ValueError"));
}

#[test]
fn workers_that_die() {
    assert!(failure(&called("dies")).contains("killed by signal 11"));
    assert!(failure(&called("leaves")).contains("exit code 3"));
}

#[test]
fn workers_that_talk_nonsense() {
    for func in ["garbles", "garbles_without_end"] {
        assert!(failure(&called(func)).contains("it broke the protocol"), "{func}");
    }
}

#[test]
fn workers_that_talk_without_end() {
    assert_eq!(called("logs").at("/run/0/output"), 1);
    let ended = called("prints");
    assert_eq!(ended.at("/run/0/output"), 1);
    assert_eq!(ended.stdout.len(), (64 << 20) + 64, "what is printed is passed on");
}
