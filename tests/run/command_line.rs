//! The command line, the console and the journal file (experiment-format 11, 12).

use crate::program::{Case, is_up, method, process, rollbacks, sh};
use std::{net::TcpListener, process::Command, time::Duration};

#[test]
fn c106_the_console_is_that_of_the_reference() {
    let parts = [
        r#""configuration": {"who": "world"}"#.to_owned(),
        is_up(),
        method(&[
            process("action", "a1", "true", "[]", r#""pauses": {"before": 0.01, "after": 0.01}"#),
            r#"{"ref": "is-up"}"#.to_owned(),
        ]),
        rollbacks(&[process("action", "r1", "sh", r#"["-c", "exit 3"]"#, ""), r#"{"ref": "a1"}"#.to_owned()]),
    ];
    let text = format!(r#"{{"title": "Hello ${{who}}", "description": "d", {}}}"#, parts.join(","));
    let ended = Case::of("experiment.json", &text).file("up", "").run();
    let expected = [
        ("INFO", "Validating the experiment's syntax"),
        ("INFO", "Experiment looks valid"),
        ("INFO", "Running experiment: Hello world"),
        ("INFO", "Steady-state strategy: default"),
        ("INFO", "Rollbacks strategy: default"),
        ("INFO", "Steady state hypothesis: h"),
        ("INFO", "Probe: is-up"),
        ("INFO", "Steady state hypothesis is met!"),
        ("INFO", "Playing your experiment's method now..."),
        ("INFO", "Pausing before next activity for 0.01s..."),
        ("INFO", "Action: a1"),
        ("INFO", "Pausing after activity for 0.01s..."),
        ("INFO", "Probe: is-up"),
        ("INFO", "Steady state hypothesis: h"),
        ("INFO", "Probe: is-up"),
        ("INFO", "Steady state hypothesis is met!"),
        ("INFO", "Let's rollback..."),
        ("INFO", "Rollback: r1"),
        ("INFO", "Action: r1"),
        (
            "WARNING",
            "This process returned a non-zero exit code. This may indicate some error and not what you expected. \
             Please have a look at the logs.",
        ),
        ("INFO", "Rollback: None"),
        ("INFO", "Pausing before next activity for 0.01s..."),
        ("INFO", "Action: a1"),
        ("INFO", "Pausing after activity for 0.01s..."),
        ("INFO", "Experiment ended with status: completed"),
    ];
    let expected = expected.map(|(level, text)| (level.to_owned(), text.to_owned()));
    assert_eq!(ended.messages(), expected);
    assert_eq!(ended.stdout, "");
    let first = &ended.lines[0];
    let shape: String = first.chars().take(26).map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert_eq!(shape, "[9999-99-99 99:99:99 INFO]");
}

#[test]
fn c102_c104_c105_the_journal_is_complete() {
    let ended = Case::new(&method(&[process("action", "é", "true", "[]", "")])).run();
    let text = ended.journal_text();
    assert!(text.starts_with("{\n  \"chaoslib-version\": \"1.44.0\",\n  \"platform\": \""), "{text}");
    assert!(text.contains("\"name\": \"é\"") && !text.ends_with('\n'));
    assert_eq!(ended.at("/experiment/dry"), serde_json::Value::Null);
    assert!(ended.at("/start").as_str().unwrap().ends_with("+00:00"));
}

#[test]
fn c107_usage_errors_exit_with_2() {
    let case = || Case::new(&method(&[]));
    let wrong: [&[&str]; 8] = [
        &["--no-such-option"],
        &["--dry", "everything"],
        &["--rollback-strategy", "sometimes"],
        &["--hypothesis-strategy", "continuous"],
        &["--hypothesis-strategy", "skip"],
        &["--var", "novalue"],
        &["--var", "a:int=x"],
        &["--var-file", "missing.json"],
    ];
    for arguments in wrong {
        let ended = case().with(arguments).run();
        assert_eq!(ended.code(), 2, "{arguments:?}: {:#?}", ended.lines);
        assert!(!ended.has_journal());
    }
    assert_eq!(case().with(&["--hypothesis-strategy", "continously"]).run().code(), 0);
}

#[test]
fn an_option_that_is_given_twice_means_what_it_says_last() {
    let twice = ["--no-log-file", "--no-log-file", "--dry", "actions", "--dry", "probes"];
    let ended = Case::new(&method(&[])).with(&twice).run();
    assert_eq!((ended.code(), ended.at("/experiment/dry")), (0, "probes".into()), "{:#?}", ended.lines);
}

#[test]
fn c108_a_journal_in_a_missing_folder_exits_with_1() {
    let ended = Case::new(&method(&[])).with(&["--journal-path", "missing/journal.json"]).run();
    assert_eq!(ended.code(), 1);
    assert!(ended.says("cannot write the journal to missing/journal.json"));
}

/// As in a container with a single file mounted for the journal: the file can be written but not replaced.
#[test]
fn a_journal_that_is_mounted_by_itself_is_written_in_place() {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount"]);
        command
    };
    if !unshare().arg("true").output().is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: mounts need unshare and the right to make a user namespace");
        return;
    }
    let case = Case::new(&method(&[])).file("journal.json", "").file("outside.json", "");
    let output = unshare()
        .args(["sh", "-c", r#"mount --bind outside.json journal.json && exec "$0" run experiment.json"#])
        .arg(assert_cmd::cargo::cargo_bin!("chaos-tui"))
        .current_dir(case.folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let journal = std::fs::read(case.path("outside.json")).unwrap();
    let journal: serde_json::Value = serde_json::from_slice(&journal).unwrap();
    assert_eq!(journal["status"], "completed");
    let left = std::fs::read_dir(case.folder.path()).unwrap().map(|file| file.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.as_encoded_bytes().ends_with(b".part")));
}

#[test]
fn c003_bad_files_are_told_in_one_line_with_a_way_out() {
    let cases = [
        (Case::of("x.json", "{}").with(&[]), 1, "empty experiment"),
        (Case::of("x.json", "{\n  \"title\": ,\n}"), 1, "x.json:2:12"),
        (Case::of("x.txt", "{}"), 1, "only files with json, yaml or yml extensions are supported"),
        (
            Case::new(r#""configuration": {"u": {"type": "env", "key": "NOT_SET"}}, "method": []"#),
            1,
            "NOT_SET",
        ),
    ];
    for (case, code, said) in cases {
        let ended = case.run();
        assert_eq!(ended.code(), code);
        assert!(ended.says(said), "{said}: {:#?}", ended.lines);
        let errors = ended.messages().into_iter().filter(|(level, _)| level == "ERROR");
        assert_eq!(errors.count(), 1, "{:#?}", ended.lines);
        assert!(!ended.has_journal());
    }
}

#[test]
fn without_a_cluster_nothing_of_kubernetes_is_run() {
    let probe = r#"{"type": "probe", "name": "p", "provider": {"type": "python",
        "module": "chaosk8s.pod.probes", "func": "pods_in_phase", "arguments": {"label_selector": "a=b"}}}"#;
    let ended = Case::new(&method(&[probe.to_owned()])).run();
    assert_eq!(ended.code(), 2, "{:#?}", ended.lines);
    assert!(ended.says("--sandbox"));
    let dry = Case::new(&method(&[probe.to_owned()])).with(&["--dry", "activities"]).run();
    assert_eq!(dry.code(), 0, "{:#?}", dry.lines);
}

#[test]
fn options_of_chaos_may_stand_before_the_command() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("e.json"), r#"{"title": "t", "description": "d", "method": []}"#)
        .unwrap();
    let output = Command::new(assert_cmd::cargo::cargo_bin!("chaos-tui"))
        .args(["--verbose", "--no-version-check", "--log-format", "json", "--log-file"])
        .arg(folder.path().join("log"))
        .arg("--change-dir")
        .arg(folder.path())
        .args(["run", "e.json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    for line in stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(line["message"].is_string() && line["context_id"].is_string());
    }
    assert!(stderr.contains("Moving to "));
    assert!(folder.path().join("journal.json").exists());
    assert!(output.stdout.is_empty());
}

#[test]
fn c110_no_version_service_is_asked() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let case = Case::new(&method(&[])).variable("HTTP_PROXY", &url).variable("HTTPS_PROXY", &url);
    assert_eq!(case.variable("https_proxy", &url).run().code(), 0);
    assert!(proxy.accept().is_err(), "somebody was asked");
}

#[test]
fn a_trivial_run_is_short() {
    // The benchmark script measures the start-up time of a release build; this test only catches gross regressions.
    let ended = Case::new(&method(&[process("action", "a", "true", "[]", "")])).run();
    let seconds = ended.at("/duration").as_f64().unwrap();
    assert!(Duration::from_secs_f64(seconds) < Duration::from_secs(2), "{seconds}");
}

#[test]
fn a_link_to_the_program_is_called_by_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let called = |link: &str, arguments: &[&str]| {
        let path = folder.path().join(link);
        if !path.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_chaos-tui"), &path).unwrap();
        }
        let mut command = Command::new(path);
        let output = command.args(arguments).env("RUST_BACKTRACE", "0").output().unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    };
    for (link, name) in [("chaos", "chaos"), ("kubectl-chaos", "kubectl chaos")] {
        let (code, text) = called(link, &["run"]);
        assert!(code == Some(2) && text.contains(&format!("Usage: {name} run <SOURCE>")), "{text}");
        let (code, text) = called(link, &["--help"]);
        assert!(code == Some(0) && text.contains(&format!("{name} --sandbox=after")), "{text}");
        let (code, text) = called(link, &["--verbose", "discover", "chaostoolkit-kubernetes"]);
        assert_eq!(
            (code, text.as_str()),
            (
                Some(2),
                "error: chaos-tui has no command `discover`; Chaos Toolkit's own `chaos` (pip install chaostoolkit) has it\n"
            )
        );
    }
}

#[test]
fn a_journal_that_cannot_be_written_is_refused_before_anything_is_played() {
    for (path, why) in [("no/such.json", "there is no folder no"), (".", "this is a folder")] {
        let ended = Case::new(&method(&[sh("action", "a", "touch played", "")]))
            .with(&["--journal-path", path])
            .run();
        assert!(ended.says(&format!("cannot write the journal to {path}: {why}")), "{:#?}", ended.lines);
        assert_eq!(ended.code(), 1);
        assert!(!ended.case.path("played").exists());
    }
}

#[test]
fn too_little_memory_is_said_from_the_first_limit_on_that_the_program_itself_fits_in() {
    let program = env!("CARGO_BIN_EXE_chaos-tui");
    let size = std::fs::metadata(program).unwrap().len() >> 10;
    let mut said = 0;
    for limit in (size / 4..).step_by(512) {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {limit}; exec \"$0\" run nowhere.json"), program]);
        let output = command.env("RUST_BACKTRACE", "0").output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(1) if words.starts_with("error: too little memory: the limit is ") => said += 1,
            // The system killed it, or the loader found no room for a library.
            None | Some(126 | 127) if said == 0 => {}
            Some(1) if words.contains("nowhere.json") => break,
            code => panic!("{limit} KiB: {code:?} {words}"),
        }
    }
    assert!(said > 20, "{said} limits of 0.5 MiB each");
}

#[test]
fn too_few_file_descriptors_are_refused_before_anything_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 20; exec \"$0\" run nowhere.json", env!("CARGO_BIN_EXE_chaos-tui")]);
    let output = command.current_dir(folder.path()).env("RUST_BACKTRACE", "0").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let wanted =
        "error: too few file descriptors: the limit is 20, and 24 are needed; `ulimit -n 1024` raises it\n";
    assert_eq!((output.status.code(), said.as_str()), (Some(1), wanted));
}
