//! Background calls and cancelled calls.

use super::stage::Stage;
use chaos_tui::provider::{
    Outcome,
    python::{PythonBridge, PythonEvent},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const SOURCE: &str = r#"
import logging, os, signal, threading, time

logger = logging.getLogger("chaostoolkit")
gate = threading.Event()

def sleep():
    try:
        logger.info("started")
        time.sleep(3600)
    finally:
        logger.info("tidied up")

def stubborn():
    while True:
        try:
            logger.info("started")
            time.sleep(3600)
        except BaseException as error:
            logger.info("ignored %s", type(error).__name__)

def swallow():
    try:
        logger.info("started")
        time.sleep(3600)
    except KeyboardInterrupt:
        return "done anyway"

def chatter():
    while True:
        logger.info("started " + "x" * 50000)

def spin():
    try:
        logger.info("started")
        while True:
            time.sleep(0.001)
    except Exception as error:
        logger.info("ended by %s.%s", type(error).__module__, type(error).__qualname__)
        raise

def wait():
    logger.info("waits")
    gate.wait(60)
    return threading.current_thread() is threading.main_thread()

def open_gate():
    gate.set()
    return threading.current_thread() is threading.main_thread()

def number():
    return os.getpid()

def exit_in_background():
    os.kill(os.getpid(), signal.SIGUSR2)

def terminate():
    os.kill(os.getpid(), signal.SIGTERM)
    return "went on"

def terminate_a_child():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"x")
        time.sleep(3600)
    os.read(reading, 1)
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    return "went on"
"#;

/// Calls a function and cancels the call once it has logged `started`.
async fn cancelled(stage: &Stage, func: &str, foreground: bool) -> Outcome {
    stage.forget();
    let cancel = CancellationToken::new();
    let started = async {
        stage.until_logged("started").await;
        cancel.cancel();
    };
    tokio::join!(stage.call_until(func, "{}", foreground, &cancel), started).0
}

#[tokio::test]
async fn background_calls_run_in_threads_while_the_main_thread_works() {
    let stage = Stage::new(SOURCE);
    let cancel = CancellationToken::new();
    let open = async {
        stage.until_logged("waits").await;
        stage.result("open_gate", "{}").await
    };
    let (first, second, opened) = tokio::join!(
        stage.call_until("wait", "{}", false, &cancel),
        stage.call_until("wait", "{}", false, &cancel),
        open
    );
    assert_eq!((first, second), (Outcome::Done(false.into()), Outcome::Done(false.into())));
    assert_eq!(opened, "true");
}

#[tokio::test]
async fn cancelling_ends_a_sleep_with_its_finally_and_keeps_the_worker() {
    let stage = Stage::new(SOURCE);
    let before = stage.result("number", "{}").await;
    for _ in 0..3 {
        assert_eq!(cancelled(&stage, "sleep", true).await, Outcome::Cancelled);
        stage.until_logged("tidied up").await;
    }
    assert_eq!(cancelled(&stage, "swallow", true).await, Outcome::Done("done anyway".into()));
    assert_eq!(stage.result("number", "{}").await, before);
}

#[tokio::test]
async fn cancelling_never_leaves_half_a_line() {
    let stage = Stage::new(SOURCE);
    let before = stage.result("number", "{}").await;
    for _ in 0..10 {
        assert_eq!(cancelled(&stage, "chatter", true).await, Outcome::Cancelled);
    }
    assert_eq!(stage.result("number", "{}").await, before);
}

#[tokio::test]
async fn a_function_that_does_not_end_when_told_ends_with_the_worker() {
    let stage = Stage::new(SOURCE);
    let before = stage.result("number", "{}").await;
    assert_eq!(cancelled(&stage, "stubborn", true).await, Outcome::Cancelled);
    stage.until_logged("ignored KeyboardInterrupt").await;
    assert_ne!(stage.result("number", "{}").await, before);
    stage.until_logged("Python is restarted: the in-memory state of its modules is lost").await;
}

#[tokio::test]
async fn cancelling_a_background_call_raises_in_its_thread_and_spares_the_worker() {
    let stage = Stage::new(SOURCE);
    let before = stage.result("number", "{}").await;
    assert_eq!(cancelled(&stage, "spin", false).await, Outcome::Cancelled);
    stage.until_logged("ended by chaoslib.exceptions.ExperimentExitedException").await;
    assert_eq!(cancelled(&stage, "stubborn", false).await, Outcome::Cancelled);
    assert_eq!(stage.result("number", "{}").await, before);
}

#[tokio::test]
async fn what_was_cancelled_before_it_began_is_not_done() {
    let stage = Stage::new(SOURCE);
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(stage.call_until("open_gate", "{}", true, &cancel).await, Outcome::Cancelled);
    assert_eq!(stage.heard(), [], "not even Python was started");
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_cancelled() {
    let stage = Stage::new(SOURCE);
    let before = stage.result("number", "{}").await;
    tokio::select! {
        _ = stage.call("sleep", "{}") => panic!("nobody sleeps that long"),
        _ = stage.until_logged("started") => {}
    }
    stage.until_logged("tidied up").await;
    // The function has logged its last message but may not have returned yet.
    let freed = async { while stage.result("open_gate", "{}").await != "true" {} };
    tokio::time::timeout(Duration::from_secs(30), freed).await.expect("the main thread is free again");
    assert_eq!(stage.result("number", "{}").await, before);
}

#[tokio::test]
async fn asking_to_end_the_run_from_a_thread_is_heard() {
    let stage = Stage::new(SOURCE);
    let cancel = CancellationToken::new();
    assert_eq!(
        stage.call_until("exit_in_background", "{}", false, &cancel).await,
        Outcome::Done(pyvalue::Value::Null)
    );
    assert_eq!(
        stage.until(|said| matches!(said, PythonEvent::Exit { .. })).await,
        PythonEvent::Exit { code: 30 }
    );
    assert_eq!(stage.result("open_gate", "{}").await, "true");
}

#[tokio::test]
async fn a_sigterm_is_told_and_left_to_the_run() {
    let stage = Stage::new(SOURCE);
    assert_eq!(stage.result("terminate_a_child", "{}").await, "\"went on\"");
    assert_eq!(stage.result("terminate", "{}").await, "\"went on\"");
    stage.until(|said| *said == PythonEvent::Terminated).await;
    stage.result("number", "{}").await;
    let told = stage.heard().into_iter().filter(|said| *said == PythonEvent::Terminated);
    assert_eq!(told.count(), 1, "a child's is its own");
}

#[tokio::test]
async fn a_bridge_can_be_shared_between_tasks() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<PythonBridge>();
}
