//! Signals before the run: Ctrl-C is logged and exits with 1, other signals have their default effect; no journal is
//! written and no process is left.

use super::{EXT, python};
use crate::{
    program::{Case, Running, method, process},
    silent_server::Silent,
};
use libc::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

fn ends<Kept>(case: impl Fn() -> Case, reached: impl Fn(&mut Running) -> Kept) {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] {
        let mut running = case().marked().start();
        let _kept = reached(&mut running);
        running.signal(signal);
        let ended = running.end();
        assert!(!ended.has_journal());
        match signal {
            SIGINT => assert!(ended.code() == 1 && ended.says("Aborted!"), "{:#?}", ended.lines),
            _ => assert_eq!(ended.killed_by(), Some(signal), "{:#?}", ended.lines),
        }
        ended.case.left_nobody();
    }
}

#[test]
fn while_a_url_is_loaded() {
    let server = Silent::start();
    ends(|| Case::named(&format!("{}/experiment.json", server.url)), |_| server.asked());
}

#[test]
fn while_a_pipe_is_read() {
    let case = || {
        let case = Case::named("pipe.json");
        case.pipe("pipe.json");
        case
    };
    // Opening the pipe for writing returns once the program has opened it for reading.
    ends(case, |running| running.open_to_write("pipe.json"));
}

#[test]
fn while_a_pipe_is_read_for_controls() {
    let case = || {
        let case = Case::new(&method(&[])).with(&["--control-file", "pipe.yaml"]);
        case.pipe("pipe.yaml");
        case
    };
    ends(case, |running| running.open_to_write("pipe.yaml"));
}

#[test]
fn while_a_pipe_is_read_for_settings() {
    let case = || {
        let case = Case::new(&method(&[]));
        std::fs::create_dir(case.path(".chaostoolkit")).unwrap();
        case.pipe(".chaostoolkit/settings.yaml");
        case
    };
    ends(case, |running| running.open_to_write(".chaostoolkit/settings.yaml"));
}

#[test]
fn a_pipe_of_variables_is_left_out() {
    let case = Case::new(&method(&[])).with(&["--var-file", "pipe.yaml"]);
    case.pipe("pipe.yaml");
    let ended = case.run();
    assert_eq!(ended.code(), 0);
    assert!(ended.says("Cannot read var file 'pipe.yaml'"), "{:#?}", ended.lines);
}

#[test]
fn while_python_imports() {
    let slow = "import time\nopen('reached', 'w').write('\\n')\ntime.sleep(600)\n";
    let case = || Case::new(&method(&[python("action", "a", "f", "")])).file("ext.py", slow).with_python(".");
    ends(case, super::by_file);
}

#[test]
fn while_a_dynamic_entry_is_asked() {
    let entry = |provider: &str| {
        format!(r#""configuration": {{"slow": {{"type": "probe", "name": "slow", "provider": {provider}}}}}"#)
    };
    let script = r#"["-c", "sleep 600 & echo $$ > reached; wait"]"#;
    let shell = entry(&format!(r#"{{"type": "process", "path": "sh", "arguments": {script}}}"#));
    ends(|| Case::new(&format!("{shell}, {}", method(&[]))), super::by_file);
    let python = entry(r#"{"type": "python", "module": "ext", "func": "sleeps"}"#);
    let case = || Case::new(&format!("{python}, {}", method(&[]))).file("ext.py", EXT).with_python(".");
    ends(case, super::by_file);
}

#[test]
fn while_the_sandbox_is_up() {
    let script = r#"["-c", "sleep 600 & echo $$ > reached; wait"]"#;
    let parts = format!(
        r#""configuration": {{"slow": {{"type": "probe", "name": "slow",
            "provider": {{"type": "process", "path": "sh", "arguments": {script}}}}}}}, {}"#,
        method(&[process("action", "a", "true", "[]", "")])
    );
    let mut running = Case::new(&parts).with(&["--sandbox"]).marked().start();
    super::by_file(&mut running);
    running.signal(SIGINT);
    let ended = running.end();
    assert_eq!(ended.code(), 1);
    ended.case.left_nobody();
}
