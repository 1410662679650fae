//! Log records and printed output of extensions.

use super::stage::Stage;
use chaos_tui::{
    provider::{
        Outcome,
        python::{PrintStream, PythonEvent},
    },
    session::event::Level,
};

#[tokio::test]
async fn records_of_the_engines_logger_arrive_before_the_answer() {
    let source = r#"
import logging
from logzero import logger as old

logger = logging.getLogger("chaostoolkit")

def speak():
    logger.debug("d")
    logger.info("i %s", 1)
    logger.warning("w\n2")
    logger.error("e")
    logger.critical("c")
    old.info("old")
    try:
        1 / 0
    except ZeroDivisionError:
        logger.error("with trace", exc_info=True)
"#;
    let said = |heard: Vec<PythonEvent>| -> Vec<(Level, String)> {
        let records = heard.into_iter().map(|said| match said {
            PythonEvent::Logged { level, message, .. } => (level, message),
            other => panic!("{other:?}"),
        });
        records.collect()
    };
    let stage = Stage::new(source);
    stage.call("speak", "{}").await;
    let mut heard = said(stage.heard());
    let (_, trace) = heard.pop().unwrap();
    assert!(
        trace.starts_with("with trace\nTraceback") && trace.ends_with("ZeroDivisionError: division by zero")
    );
    let expected = [
        (Level::Debug, "d"),
        (Level::Info, "i 1"),
        (Level::Warning, "w\n2"),
        (Level::Error, "e"),
        (Level::Critical, "c"),
        (Level::Info, "old"),
    ];
    assert_eq!(heard, expected.map(|(level, text)| (level, text.to_owned())));
    let PythonEvent::Logged { place, .. } = stage.heard().remove(1) else { panic!("a record") };
    assert_eq!(place, "ext:9");

    let quiet = Stage::with(source, |settings| settings.level = Level::Warning);
    quiet.call("speak", "{}").await;
    let levels: Vec<Level> = said(quiet.heard()).into_iter().map(|(level, _)| level).collect();
    assert_eq!(levels, [Level::Warning, Level::Error, Level::Critical, Level::Error]);
}

#[tokio::test]
async fn prints_are_heard_and_disturb_nothing() {
    let stage = Stage::new(
        r#"
import os, sys
def speak():
    print("0 {\"event\": \"exit\", \"code\": 30}")
    print("no line end", end="")
    sys.stdout.flush()
    print("to stderr\x1b[31m", file=sys.stderr)
    os.write(1, b"\n\xff\n")
    sys.stdout.close()
    return 1

def nothing():
    return 2
"#,
    );
    assert_eq!(stage.result("speak", "{}").await, "1");
    // All of it was heard before the answer.
    let printed = |wanted: PrintStream| -> String {
        let heard = stage.heard().into_iter().map(|said| match said {
            PythonEvent::Printed { text, stream } => (text, stream),
            other => panic!("{other:?}"),
        });
        heard.filter(|(_, stream)| *stream == wanted).map(|(text, _)| text).collect()
    };
    assert_eq!(
        printed(PrintStream::Stdout),
        "0 {\"event\": \"exit\", \"code\": 30}\nno line end\n\u{fffd}\n"
    );
    assert_eq!(printed(PrintStream::Stderr), "to stderr\u{1b}[31m\n");
    assert_eq!(stage.result("nothing", "{}").await, "2", "even without a standard output");
}

#[tokio::test]
async fn a_forked_child_does_not_answer() {
    let stage = Stage::new(
        r#"
import logging, os
def fork():
    child = os.fork()
    logging.getLogger("chaostoolkit").info("once")
    if child:
        os.waitpid(child, 0)
    return child > 0
"#,
    );
    assert_eq!(stage.result("fork", "{}").await, "true");
    assert_eq!(stage.heard().len(), 1);
    assert_eq!(stage.call("fork", "{}").await, Outcome::Done(true.into()));
}
