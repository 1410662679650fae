//! Text from outside in what is printed: titles, answers, extensions, arguments, files. Nothing that a terminal obeys gets
//! through, and no secret.

use crate::program::{Case, method, process};
use std::process::{Command, Output};

/// What must not reach a terminal: a colour, a clipboard write, a title, their C1 forms, a question that the terminal
/// answers, direction overrides and marks, other control characters.
const EVIL: &str = "\u{1b}[31mRED \u{1b}]52;c;UFdORUQ=\u{7} \u{1b}]0;TITLE\u{7} \u{9b}31m \u{9d}52;c;QUJD\u{9c} \
    \u{1b}[6n \u{5} \u{8} \u{202e}esrever\u{202c} \u{2066}iso\u{2069} \u{200f}\u{61c} \u{7f} \u{85} end";
/// What is left of it.
const CLEAN: &str = "RED     ";

/// Asserts that a terminal shows the text and does nothing else.
fn assert_plain(what: &str, text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let steers = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.chars().any(steers), "{what}: {text:?}");
}

/// Runs the program in the folder of a case.
fn ask(case: &Case, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("chaos-tui"));
    command.args(arguments).current_dir(case.folder.path()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", case.folder.path());
    command.output().unwrap()
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn evil_experiment() -> String {
    let evil = json(EVIL);
    let evil = evil.trim_matches('"');
    let step = |name: &str| process("probe", &format!("{name} {evil}"), "cat", r#"["evil.txt"]"#, "");
    format!(
        r#"{{"title": "Title {evil}", "description": "d", {}}}"#,
        method(&[
            step("read"),
            format!(
                r#"{{"type": "probe", "name": "missing {evil}",
                "provider": {{"type": "process", "path": "/no/such{evil}"}}}}"#
            ),
        ])
    )
}

#[test]
fn a_run_prints_and_logs_no_sequence_of_others() {
    for more in [&["-v"][..], &["--log-format", "json", "-v"]] {
        let case = Case::of("experiment.json", evil_experiment()).file("evil.txt", EVIL);
        let ended = case.with(&["--no-validation", "--log-file", "log"]).with(more).run();
        assert_plain("console", ended.lines.join("\n").as_bytes());
        assert_plain("log file", &std::fs::read(ended.case.path("log")).unwrap());
        assert_plain("journal", ended.journal_text().as_bytes());
        assert_eq!(ended.at("/run/0/output/stdout"), EVIL, "the journal has the same value");
        if more.len() == 1 {
            assert!(ended.says(&format!("Running experiment: Title {CLEAN}")), "{:?}", ended.lines);
            assert!(ended.says("=> succeeded with"), "{:?}", ended.lines);
        }
    }
}

#[test]
fn errors_and_pages_repeat_no_sequence_of_others() {
    let case = Case::of("experiment.json", evil_experiment())
        .file("config.yaml", &format!("watch: [{}]\nallow-contexts: [{}]\n", json(EVIL), json(EVIL)))
        .file("wrong.yaml", &format!("theme: {}\n{}: 1\n", json(EVIL), json(EVIL)))
        .file("settings.yaml", &format!("controls:\n  ? {}\n  : 5\n", json(EVIL)))
        .file(
            "unknown.json",
            &format!(r#"{{"title": "t", "description": "d", "method": [{{"ref": {}}}]}}"#, json(EVIL)),
        );
    let named = format!("no such {EVIL}.json");
    let commands: [&[&str]; 15] = [
        &["validate", "experiment.json"],
        &["validate", "unknown.json"],
        &["validate", "unknown.json", "--format", "json"],
        &["validate", &named],
        &["doctor", "unknown.json"],
        &["doctor", "unknown.json", "--json"],
        &["rbac", "experiment.json"],
        &["config", "--config", "config.yaml"],
        &["config", "--config", "wrong.yaml"],
        &["run", "experiment.json", "--guard", EVIL],
        &["run", "experiment.json", "--var", EVIL],
        &["run", "experiment.json", "--settings", "settings.yaml"],
        &["info", "settings", "--settings", "wrong.yaml"],
        &["run", &named],
        &[EVIL],
    ];
    for arguments in commands {
        let output = ask(&case, arguments);
        assert_plain(&format!("{arguments:?}"), &output.stdout);
        assert_plain(&format!("{arguments:?}"), &output.stderr);
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_extensions_print_is_cleaned_masked_and_in_its_place() {
    let module = r#"
import os, sys

def speak(token):
    print("prints " + token)
    print("a line \x1b]52;c;UFdORUQ=\x07without an end", end="")
    print("to stderr " + token + " \u202e\x9b31m", file=sys.stderr)
    os.system("echo a child says " + token)
"#;
    let experiment = format!(
        r#"{{"title": "t", "description": "d", "secrets": {{"s": {{"token": "t0ken-4711"}}}}, {}}}"#,
        method(&[r#"{"type": "action", "name": "speak", "provider": {"type": "python", "module": "speech",
            "func": "speak", "secrets": ["s"], "arguments": {"token": "${token}"}}}"#
            .to_owned()])
    );
    let case = Case::of("experiment.json", experiment).file("speech.py", module);
    let ended = case.with_python("").variable("PYTHONIOENCODING", "utf-8").run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{:#?}", ended.lines);
    assert_eq!(ended.stdout, "prints ***\na line without an enda child says ***\n");
    assert_plain("console", ended.lines.join("\n").as_bytes());
    let printed = ended.lines.iter().position(|line| line == "to stderr *** ").unwrap();
    let after = ended.lines.iter().position(|line| line.contains("Experiment ended")).unwrap();
    assert!(printed < after, "{:#?}", ended.lines);
}

#[test]
fn the_password_of_a_url_is_in_no_line_and_stays_in_the_experiment() {
    let experiment =
        method(&[r#"{"type": "probe", "name": "ask", "provider": {"type": "http", "timeout": 2,
        "url": "http://user:s3cr3t-pw@127.0.0.1:1/x"}}"#
            .to_owned()]);
    let ended = Case::new(&experiment).with(&["-v", "--log-file", "log"]).run();
    let log = std::fs::read_to_string(ended.case.path("log")).unwrap();
    for text in [ended.lines.join("\n"), log] {
        assert!(text.contains("http://user:***@127.0.0.1:1/x") && !text.contains("s3cr3t-pw"), "{text}");
    }
    assert_eq!(ended.at("/experiment/method/0/provider/url"), "http://user:s3cr3t-pw@127.0.0.1:1/x");
    let case = Case::of("experiment.json", "{}");
    let output = ask(&case, &["validate", "http://user:s3cr3t-pw@127.0.0.1:1/experiment.json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("user:***@") && !said.contains("s3cr3t-pw"), "{said}");
}
