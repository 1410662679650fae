//! Workers that die, that never become ready, and that are no longer needed.

use super::stage::{Stage, interpreter};
use chaos_tui::provider::{Bridge, Outcome, python::PythonEvent};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

#[tokio::test]
async fn a_death_in_a_call_fails_that_call_and_the_next_one_has_a_new_worker() {
    let stage = Stage::new(
        r"
import os, signal
count = 0
def die(number): os.kill(os.getpid(), number)
def leave(): os._exit(3)
def step():
    global count
    count += 1
    return count
",
    );
    assert_eq!(stage.result("step", "{}").await, "1");
    for (func, arguments, how) in
        [("die", r#"{"number": 9}"#, "killed by signal 9"), ("leave", "{}", "exit code 3")]
    {
        stage.forget();
        let message = format!("the Python worker ended during the call: {how}");
        assert_eq!(stage.call(func, arguments).await, Outcome::Failed { message, trace: Vec::new() });
        assert_eq!(stage.result("step", "{}").await, "1", "its memory is new");
        stage.until_logged("Python is restarted: the in-memory state of its modules is lost").await;
    }
}

#[tokio::test]
async fn a_worker_that_breaks_the_protocol_is_ended() {
    let stage = Stage::new(
        r#"
import os
def disturb():
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor < 3:
            continue
        try:
            os.write(descriptor, b"garbage\n")
        except OSError:
            pass
    while True:
        pass
"#,
    );
    let Outcome::Failed { message, .. } = stage.call("disturb", "{}").await else { panic!("a failure") };
    let expected = "the Python worker ended during the call: it was ended because it broke the protocol: \
                    a line without a number";
    assert_eq!(message, expected);
}

#[tokio::test]
async fn shutting_down_runs_the_exit_hooks() {
    let stage = Stage::new(
        "import atexit\ndef hook(path):\n    atexit.register(lambda: open(path, 'w').write('bye'))\n    return 1\n",
    );
    let mark = stage.folder.path().join("mark");
    stage.result("hook", &format!(r#"{{"path": "{}"}}"#, mark.display())).await;
    stage.bridge.shut_down().await;
    assert_eq!(fs::read_to_string(mark).unwrap(), "bye");
    stage.bridge.shut_down().await;
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_what_never_ends() {
    let stage = Stage::new(
        "import os, threading\ndef hang():\n    threading.Thread(target=threading.Event().wait).start()\n    return os.getpid()\n",
    );
    let worker = stage.result("hang", "{}").await;
    stage.bridge.shut_down().await;
    assert!(!Path::new("/proc").join(worker).exists());
}

#[tokio::test]
async fn dropping_the_bridge_ends_the_worker() {
    let stage = Stage::new("import os, signal\ndef number(): return os.getpid()\n");
    let worker = Path::new("/proc").join(stage.result("number", "{}").await);
    drop(stage);
    tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while worker.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the worker is gone");
}

/// Writes a script and returns its stage, and a stage that uses the script as its Python interpreter.
fn impostor(script: &str) -> (Stage, Stage) {
    let place = Stage::new("");
    let program = place.folder.path().join("python");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let stage = Stage::with("", |settings| settings.interpreter = interpreter(Some(program.clone())));
    (place, stage)
}

#[tokio::test]
async fn an_import_that_never_ends_is_given_up() {
    let stage = Stage::new("def f(): return 1\n");
    fs::write(stage.folder.path().join("endless.py"), "import threading\nthreading.Event().wait()\n")
        .unwrap();
    assert_eq!(stage.result("f", "{}").await, "1");
    // While every task is idle, the paused clock advances to the next deadline.
    tokio::time::pause();
    let error = Bridge::describe(&stage.bridge, "endless", "f").await;
    tokio::time::resume();
    assert_eq!(error, Err("Python did not import 'endless' within 60 s".to_owned()));
    assert_eq!(stage.result("f", "{}").await, "1");
    stage.until_logged("Python is restarted").await;
}

#[tokio::test(start_paused = true)]
async fn a_program_that_never_gets_ready_is_given_up() {
    let (_place, stage) = impostor("#!/bin/sh\nexec sleep 3600\n");
    let Err(message) = Bridge::describe(&stage.bridge, "ext", "f").await else { panic!("no Python") };
    assert!(message.ends_with("(given by --python), did not get ready within 30 s"), "{message}");
}

#[tokio::test]
async fn python_that_is_not_there_is_named() {
    let stage = Stage::with("", |settings| {
        settings.interpreter = interpreter(Some("/nowhere/python".into()));
    });
    let Err(message) = stage.bridge.describe("ext", "f").await else { panic!("no Python") };
    assert_eq!(
        message,
        "cannot start Python, '/nowhere/python' (given by --python): No such file or directory (os error 2)"
    );
    assert_eq!(stage.call("f", "{}").await, Outcome::UnexpectedError { message });
}

#[tokio::test]
async fn a_program_that_is_no_python_is_named() {
    let (_place, stage) = impostor("#!/bin/sh\necho I am a shell >&2\nexit 4\n");
    let Err(message) = Bridge::describe(&stage.bridge, "ext", "f").await else { panic!("no Python") };
    assert!(message.contains("ended before it was ready: exit code 4"), "{message}");
    stage.until(|said| matches!(said, PythonEvent::Printed { text, .. } if text == "I am a shell\n")).await;
}
