//! `--strict-compat`: the reference's behaviour where chaos-tui differs on purpose; each test compares both modes
//! (docs/differences.md).

use crate::program::{Case, Ended, hypothesis, method, process, rollbacks, sh};
use libc::{SIGHUP, SIGINT, SIGTERM};

fn undo() -> String {
    rollbacks(&[process("action", "undo", "touch", r#"["undone"]"#, "")])
}

/// Runs the same case twice: in the default mode and with `--strict-compat`.
fn both(case: impl Fn() -> Case) -> [Ended; 2] {
    [case().run(), case().with(&["--strict-compat"]).run()]
}

/// By default the run is aborted with a journal and rolled back. With `--strict-compat` it crashes without both and
/// logs why.
fn crashes(parts: &[String], words: &str) {
    let case = || Case::new(&parts.join(",")).file("up", "").with(&["--rollback-strategy", "always"]);
    let [ours, strict] = both(case);
    assert_eq!(ours.outcome(), ("aborted".to_owned(), false, 1), "{:#?}", ours.lines);
    assert!(ours.case.path("undone").exists());
    assert_eq!(strict.code(), 1);
    assert!(!strict.has_journal() && !strict.case.path("undone").exists(), "{:#?}", strict.lines);
    assert!(strict.says(words), "{:#?}", strict.lines);
}

#[test]
fn a_tolerance_that_cannot_be_evaluated_crashes() {
    let blind = r#""tolerance": {"type": "regex", "pattern": "x"}"#;
    let words = "cannot be evaluated";
    crashes(&[hypothesis(&[process("probe", "p", "true", "[]", blind)]), method(&[]), undo()], words);
    // Here the tolerance is evaluated only in the final pass, after the method.
    let after =
        ["--hypothesis-strategy", "after-method-only", "--rollback-strategy", "always", "--strict-compat"];
    let parts = [hypothesis(&[process("probe", "p", "true", "[]", blind)]), method(&[]), undo()];
    let strict = Case::new(&parts.join(",")).with(&after).run();
    assert!(strict.code() == 1 && !strict.has_journal() && !strict.case.path("undone").exists());
}

#[test]
fn an_unexpected_error_in_the_hypothesis_crashes() {
    let broken = r#"{"type": "probe", "name": "x", "tolerance": 200,
        "provider": {"type": "http", "url": "no-scheme"}}"#;
    crashes(&[hypothesis(&[broken.to_owned()]), method(&[]), undo()], "invalid URL");
}

#[test]
fn an_unknown_reference_in_the_hypothesis_crashes() {
    let probe = r#"{"ref": "nobody", "tolerance": 0}"#;
    crashes(&[hypothesis(&[probe.to_owned()]), method(&[]), undo()], "nobody");
}

#[test]
fn an_unknown_reference_in_the_rollbacks_crashes() {
    let undoing = rollbacks(&[
        r#"{"ref": "nobody"}"#.to_owned(),
        process("action", "undo", "touch", r#"["undone"]"#, ""),
    ]);
    crashes(&[method(&[]), undoing], "nobody");
}

#[test]
fn an_error_in_the_method_aborts_either_way() {
    let broken = r#"{"type": "probe", "name": "x", "provider": {"type": "http", "url": "no-scheme"}}"#;
    for ended in both(|| Case::new(&[method(&[broken.to_owned()]), undo()].join(","))) {
        assert_eq!(ended.outcome(), ("aborted".to_owned(), false, 1));
        assert!(ended.case.path("undone").exists());
    }
}

const EXT: &str = r#"
import time

def waits():
    with open("reached", "w") as file:
        file.write("\n")
    time.sleep(600)

def is_a_set():
    return {1}
"#;

fn python(func: &str) -> String {
    format!(
        r#"{{"type": "action", "name": "py", "provider": {{"type": "python", "module": "ext", "func": "{func}"}}}}"#
    )
}

#[test]
fn c100_sigterm_in_python_interrupts_or_is_swallowed() {
    let case = || {
        let steps = method(&[python("waits"), sh("action", "next", "touch went-on", "")]);
        Case::new(&steps).file("ext.py", EXT).with_python(".")
    };
    for (arguments, swallowed) in [(&[][..], false), (&["--strict-compat"][..], true)] {
        let running = case().with(arguments).start();
        running.wait_for_file("reached");
        running.signal(SIGTERM);
        let ended = running.end();
        assert_eq!(ended.case.path("went-on").exists(), swallowed, "{:#?}", ended.lines);
        assert!(ended.says("Caught SIGTERM signal, interrupting experiment now"));
        if swallowed {
            assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0));
            let exception = ended.at("/run/0/exception");
            let last = exception.as_array().unwrap().last().unwrap().as_str().unwrap();
            assert!(last.contains("SIGTERM signal received"), "{last}");
        } else {
            assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
        }
    }
}

#[test]
fn strictly_only_python_swallows_sigterm() {
    let steps = method(&[sh("action", "stuck", "echo $$ > reached; exec sleep 600", "")]);
    let running = Case::new(&steps).with(&["--strict-compat"]).start();
    running.wait_for_file("reached");
    running.signal(SIGTERM);
    assert_eq!(running.end().outcome(), ("interrupted".to_owned(), false, 1));
}

#[test]
fn sighup_kills_strictly() {
    let steps = method(&[sh("action", "stuck", "echo $$ > reached; exec sleep 600", "")]);
    let running = Case::new(&steps).marked().with(&["--strict-compat"]).start();
    running.wait_for_file("reached");
    running.signal(SIGHUP);
    let ended = running.end();
    assert_eq!(ended.killed_by(), Some(SIGHUP));
    assert!(!ended.has_journal());
    ended.case.left_nobody();
}

#[test]
fn background_activities_are_awaited_strictly() {
    // The activity runs until the test creates `go`, which happens after the signal has been received.
    let behind = sh("action", "behind", "while test ! -e go; do :; done", r#""background": true"#);
    let steps = method(&[behind, sh("action", "stuck", "echo $$ > reached; exec sleep 600", "")]);
    let mut running = Case::new(&steps).with(&["--strict-compat"]).start();
    running.wait_for_file("reached");
    running.signal(SIGINT);
    running.wait_for("Received a termination signal (Ctrl-C)...");
    running.write("go", "");
    let ended = running.end();
    assert_eq!(ended.outcome(), ("interrupted".to_owned(), false, 1));
    assert_eq!(ended.at("/run/0/status"), "succeeded");
}

#[test]
fn an_unserialisable_result_costs_the_journal_strictly() {
    let case = || Case::new(&method(&[python("is_a_set")])).file("ext.py", EXT).with_python(".");
    let [ours, strict] = both(case);
    assert_eq!((ours.outcome().2, ours.at("/run/0/output").as_str()), (0, Some("{1}")));
    assert_eq!(strict.code(), 1);
    assert!(
        !strict.has_journal() && strict.says("ext.is_a_set gave what JSON cannot hold"),
        "{:#?}",
        strict.lines
    );
}

#[test]
fn an_automatic_control_is_applied_once_for_each_other_strictly() {
    let counts = "def before_activity_control(**kwargs):\n    open('calls', 'a').write('x')\n";
    let own =
        |name: &str| format!(r#"{{"name": "{name}", "provider": {{"type": "python", "module": "idle"}}}}"#);
    let parts = [
        r#""controls": [{"name": "counts", "provider": {"type": "python", "module": "counts"}}]"#.to_owned(),
        method(&[sh("action", "a", "true", &format!(r#""controls": [{}, {}]"#, own("k"), own("l")))]),
    ];
    let case = || {
        let case = Case::new(&parts.join(",")).file("counts.py", counts).file("idle.py", "");
        case.with_python(".")
    };
    let [ours, strict] = both(case).map(|ended| std::fs::read_to_string(ended.case.path("calls")).unwrap());
    assert_eq!((ours.as_str(), strict.as_str()), ("x", "xx"));
}

#[test]
fn a_log_file_is_written_unasked_strictly() {
    let [ours, strict] = both(|| Case::new(&method(&[])));
    assert!(!ours.case.path("chaostoolkit.log").exists());
    let log = std::fs::read_to_string(strict.case.path("chaostoolkit.log")).unwrap();
    assert!(log.contains("Experiment ended with status: completed"));
    assert!(
        !log.contains('\u{1b}') && !strict.lines.concat().contains('\u{1b}'),
        "colours are for terminals"
    );
    let none = Case::new(&method(&[])).with(&["--strict-compat", "--no-log-file"]).run();
    assert!(!none.case.path("chaostoolkit.log").exists());
}

#[test]
fn secrets_stay_secret_strictly() {
    let parts = [
        r#""secrets": {"s": {"token": "hunter2-secret"}}"#.to_owned(),
        r#""configuration": {"dynamic": {"type": "probe", "name": "d",
            "provider": {"type": "process", "path": "true"}}}"#
            .to_owned(),
        method(&[process("action", "use", "echo", r#"["${token}"]"#, "")]),
    ];
    let strict = Case::new(&parts.join(",")).with(&["--strict-compat"]).run();
    let dynamic = strict.at("/experiment/configuration/dynamic").to_string();
    assert!(!dynamic.contains("hunter2"), "{dynamic}");
    assert_eq!(strict.at("/run/0/output/stdout"), "***\n");
}
