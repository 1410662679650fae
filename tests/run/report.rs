//! `chaos-tui report` and `chaos-tui run --report`: the real binary, real files, real readers of them.

use crate::program::{Case, Ended, hypothesis, method, process, rollbacks, sh};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

/// Formats of a report, by extension.
const ALL: [&str; 5] = ["html", "md", "json", "xml", "csv"];

/// Serves users until a file exists; from then on they get an error.
fn server(broken: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:canary-url@{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            lines.find(|line| line.is_empty());
            let status = if broken.exists() { "500 Broken" } else { "200 OK" };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            );
        }
    });
    url
}

/// An experiment that breaks the service for two seconds; it holds a secret in each of its places.
pub(crate) fn breaking() -> Case {
    let case = Case::new("\"method\": []");
    let (broken, url) = (case.path("broken"), server(case.path("broken")));
    let probe = format!(
        r#"{{"type": "probe", "name": "users are served", "tolerance": 200, "provider": {{"type": "http", "url": "{url}",
            "headers": {{"Authorization": "Bearer ${{token}}"}}, "secrets": ["vault"]}}}}"#
    );
    let parts = [
        r#""configuration": {"key": {"type": "env", "key": "KEY"}}, "secrets": {"vault": {"token": {"type": "env", "key": "TOKEN"}}}"#
            .to_owned(),
        hypothesis(&[probe]),
        method(&[
            sh("action", "break <b>it</b>", &format!("sleep 0.2; touch {}", broken.display()), r#""pauses": {"before": 1.5, "after": 2}"#),
            process("probe", "said", "echo", r#"["${token}"]"#, "").replace(r#""type": "process""#, r#""type": "process", "secrets": ["vault"]"#),
        ]),
        rollbacks(&[process("action", "mend", "rm", &format!(r#"["-f", "{}"]"#, broken.display()), "")]),
    ];
    let text = format!(r#"{{"title": "t <i>& |", "description": "d", {}}}"#, parts.join(","));
    case.file("experiment.json", &text)
        .variable("TOKEN", "canary-secret")
        .variable("KEY", "canary-key")
        .with(&["--rollback-strategy", "always"])
}

fn with_all(case: Case) -> Case {
    let names: Vec<String> = ALL.iter().map(|extension| format!("out.{extension}")).collect();
    names.iter().fold(case, |case, name| case.with(&["--report", name]))
}

fn read(ended: &Ended, name: &str) -> String {
    fs::read_to_string(ended.case.path(name))
        .unwrap_or_else(|error| panic!("{name}: {error}: {:#?}", ended.lines))
}

fn again(ended: Ended, arguments: &[&str]) -> Ended {
    ended.case.instead(arguments).run()
}

#[test]
fn a_run_writes_every_report_in_one_go_and_no_secret_into_any() {
    let ended = with_all(breaking()).run();
    // The system deviates: the reports are written all the same, and the exit code is that of the run.
    assert_eq!(ended.outcome(), ("completed".to_owned(), true, 1), "{:#?}", ended.lines);
    for extension in ALL {
        let text = read(&ended, &format!("out.{extension}"));
        assert!(!text.contains("canary"), "{extension}: {text}");
        let written =
            format!("INFO] Report written to {}", ended.case.path(&format!("out.{extension}")).display());
        assert!(ended.says(&written), "{:#?}", ended.lines);
    }
    let summary: serde_json::Value = serde_json::from_str(&read(&ended, "out.json")).unwrap();
    assert_eq!(summary["verdict"]["word"], "not-resilient", "{summary:#}");
    assert_eq!(summary["journal"]["deviated"], true);
    assert!(summary["endpoints"][0]["phases"][1]["errors"].as_u64().unwrap() > 2, "{summary:#}");
    let html = read(&ended, "out.html");
    assert!(
        html.contains("NOT RESILIENT") && html.contains("t &lt;i&gt;&amp; |") && !html.contains("<i>&"),
        "{html}"
    );
    assert!(read(&ended, "out.md").starts_with("## ✗ NOT RESILIENT: t &lt;i&gt;&amp; \\|\n"));
    junit_is_read(&ended.case.path("out.xml"));
    let csv = read(&ended, "out.csv");
    let requests: u64 = summary["endpoints"][0]["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["requests"].as_u64().unwrap())
        .sum();
    assert_eq!(csv.lines().count() as u64, requests + 1, "{csv}");
    browsed(&[ended.case.path("out.html")]);

    // The session is on record: later reports need no more than its name.
    let ended = again(ended, &["report"]);
    assert!(ended.code() == 0 && ended.stdout.starts_with("## ✗ NOT RESILIENT"), "{:#?}", ended.lines);
    let ended = again(ended, &["report", "last", "--format", "json", "-o", "-"]);
    let later: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&later["verdict"]["word"], &later["fault"]["t0"]),
        (&summary["verdict"]["word"], &summary["fault"]["t0"])
    );
    assert!(!ended.stdout.contains("canary") && later["operator"].is_string());
}

/// The XML is read by a reader of JUnit files if there is one, else by a parser of XML.
fn junit_is_read(path: &Path) {
    let script = "import sys
try:
    from junitparser import JUnitXml
    cases = [case for suite in JUnitXml.fromfile(sys.argv[1]) for case in suite]
    bad = sum(bool(case.result) for case in cases)
except ImportError:
    import xml.etree.ElementTree as tree
    cases = list(tree.parse(sys.argv[1]).iter('testcase'))
    bad = sum(any(child.tag in ('failure', 'error', 'skipped') for child in case) for case in cases)
print(len(cases), bad)";
    // The reference's Python has a reader in CI.
    let python = std::env::var_os("CHAOS_PYTHON").unwrap_or_else(|| "python3".into());
    let said = Command::new(python).args(["-c", script]).arg(path).output().unwrap();
    // Hypothesis before and after, two of the method, a rollback, two of the verdict; deviation and verdict are bad.
    assert_eq!(text(&said), "7 2\n", "{}", fs::read_to_string(path).unwrap());
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The Chromium that `CHROMIUM` names, or that is installed.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from("/usr/bin/chromium")).filter(|path| path.exists()))
}

/// Opens pages in Chromium where there is one.
pub(crate) fn browsed(pages: &[PathBuf]) {
    let Some(chromium) = chromium() else {
        return eprintln!("skipped: no Chromium; CHROMIUM names its executable");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/report/page.py");
    let said = Command::new("python3").arg(script).arg(chromium).args(pages).output().unwrap();
    assert_eq!(text(&said), "ok\n");
}

/// Makes a page of each recorded session in a folder.
fn recorded_pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for name in ["before-kill", "before-long", "after-kill", "after-long", "after-hang"] {
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{name}.ctui.gz"));
        let mut unpacked = flate2::read::GzDecoder::new(fs::File::open(packed).unwrap());
        let recording = folder.join(format!("{name}.ctui"));
        std::io::copy(&mut unpacked, &mut fs::File::create(&recording).unwrap()).unwrap();
        let page = folder.join(format!("{name}.html"));
        let program = assert_cmd::cargo::cargo_bin!("chaos-tui");
        let said = Command::new(program)
            .arg("report")
            .arg(recording)
            .arg("-o")
            .arg(&page)
            .env_remove(SUMMARY)
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", text(&said));
        pages.push(page);
    }
    pages
}

#[test]
fn pages_of_recorded_sessions_can_be_read_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    browsed(&recorded_pages(folder.path()));
}

/// Renews the picture of docs/report.md: `cargo test --test run picture -- --ignored`. Two versions of Chromium draw it
/// differently, so it is not compared.
#[test]
#[ignore = "writes docs/images/report.png"]
fn the_picture_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let page =
        recorded_pages(folder.path()).into_iter().find(|page| page.ends_with("after-kill.html")).unwrap();
    picture(&page, 1170, "report.png");
}

/// Draws the top of a page as a picture of the documentation.
pub(crate) fn picture(page: &Path, height: u32, name: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = Command::new("python3")
        .arg(root.join("tests/run/report/page.py"))
        .arg(chromium().expect("a Chromium"))
        .arg(page)
        .args(["--width", "1100", "--height", &height.to_string(), "--shot"])
        .arg(root.join("docs/images").join(name))
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", text(&said));
}

const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

fn quick() -> Case {
    Case::new(&method(&[process("action", "fire", "true", "[]", "")]))
}

#[test]
fn a_run_that_is_interrupted_is_reported() {
    let case = Case::new(&method(&[process("action", "slow", "sleep", "[\"60\"]", "")]));
    let mut running = case.with(&["--report", "out.md"]).start();
    running.wait_for("Action: slow");
    running.signal(libc::SIGTERM);
    let ended = running.end();
    assert_eq!(ended.at("/status"), "interrupted");
    let said = read(&ended, "out.md");
    assert!(said.contains("journal: interrupted") && said.contains("fired slow"), "{said}");
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_played() {
    for (out, code, why) in [
        ("out.pdf", 2, ".html, .md, .json, .xml (JUnit) or .csv"),
        ("out", 2, "is not known by its name"),
        ("-", 2, "name a file"),
        ("none/out.html", 1, "there is no folder"),
    ] {
        let ended = quick().with(&["--report", out]).run();
        assert!(ended.code() == code && ended.says(why) && !ended.has_journal(), "{out}: {:#?}", ended.lines);
    }
}

#[test]
fn a_report_that_fails_at_the_end_does_not_change_the_exit_code() {
    let case = Case::new(&method(&[sh("action", "hide", "mv out gone && touch out", "")]));
    fs::create_dir(case.path("out")).unwrap();
    let ended = case.with(&["--report", "out/a.html", "--report", "b.md"]).run();
    assert_eq!(ended.code(), 0, "{:#?}", ended.lines);
    assert!(
        ended.says("out/a.html: ") && ended.says("ERROR] cannot write the report to") && ended.says("/b.md")
    );
}

#[test]
fn a_report_replaces_an_older_one_and_follows_the_run_only() {
    let ended = quick().file("out.md", "older").with(&["--report", "out.md"]).run();
    assert!(read(&ended, "out.md").starts_with("## ? NOT OBSERVABLE"));
    let left: Vec<_> =
        fs::read_dir(ended.case.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".part")), "{left:?}");
    // Paths are relative to the folder that the run changes to.
    let case = quick();
    fs::create_dir(case.path("sub")).unwrap();
    fs::rename(case.path("experiment.json"), case.path("sub/experiment.json")).unwrap();
    let ended = case.with(&["--change-dir", "sub", "--report", "out.md"]).run();
    assert!(read(&ended, "sub/out.md").starts_with("## ?"));
    let ended = again(ended, &["--change-dir", "sub", "report", "journal.json", "-o", "out.json"]);
    assert!(read(&ended, "sub/out.json").starts_with('{'));
    // Every line of a console in JSON is JSON.
    let ended = quick().with(&["--log-format", "json", "--report", "out.md"]).run();
    assert!(ended.says("Report written to"));
    assert!(
        ended.lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{:#?}",
        ended.lines
    );
    // Without a report nothing is written and nothing is said.
    let ended = quick().run();
    assert!(!ended.says("eport"), "{:#?}", ended.lines);
}

#[test]
fn the_summary_of_a_github_job_is_appended_to() {
    let case = quick().file("summary.md", "before\n");
    let file = case.path("summary.md").display().to_string();
    let ended = case.variable(SUMMARY, &file).run();
    assert_eq!(ended.code(), 0);
    let once = read(&ended, "summary.md");
    assert!(once.starts_with("before\n## ? NOT OBSERVABLE"), "{once}");
    let ended = again(ended, &["report"]);
    assert_eq!(read(&ended, "summary.md").matches("## ?").count(), 2);
    let ended = quick().variable(SUMMARY, "/nowhere/summary.md").run();
    assert!(
        ended.code() == 0 && ended.says("WARNING] cannot append to GITHUB_STEP_SUMMARY"),
        "{:#?}",
        ended.lines
    );
}

#[test]
fn a_journal_is_reported_and_the_plug_ins_command_line_is_taken() {
    let ended = quick().run();
    let ended = again(ended, &["report", "journal.json", "-o", "of-journal.html"]);
    assert!(
        ended.code() == 0 && read(&ended, "of-journal.html").contains("this report is made of a journal")
    );
    let ended = again(ended, &["report", "journal.json", "a.html"]);
    assert!(ended.code() == 2 && ended.says("write the report with `-o a.html`"), "{:#?}", ended.lines);
    let ended = again(ended, &["report", "nothing-of-this-name"]);
    assert!(ended.code() == 2 && ended.says("there is no file and no session"), "{:#?}", ended.lines);
    let link = ended.case.path("chaos");
    std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin!("chaos-tui"), &link).unwrap();
    let chaos = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        command.args(arguments).current_dir(ended.case.folder.path()).env_remove(SUMMARY).output().unwrap()
    };
    let said = chaos(&["report", "--export-format=html5", "journal.json", "report.html"]);
    assert!(said.status.success(), "{}", text(&said));
    assert!(read(&ended, "report.html").starts_with("<!DOCTYPE html>"));
    let said = chaos(&["report", "journal.json", "report.md"]);
    assert!(said.status.success() && read(&ended, "report.md").starts_with("## "), "{}", text(&said));
    let said = chaos(&["report", "--export-format=pdf", "journal.json", "report.pdf"]);
    assert!(said.status.code() == Some(2) && text(&said).contains("print the page"), "{}", text(&said));
}

/// Journals of the reference itself, where `CHAOS_BIN` names it.
#[test]
fn journals_of_the_reference_are_reported() {
    let Some(chaos) = std::env::var_os("CHAOS_BIN") else {
        return eprintln!("skipped: CHAOS_BIN is not set");
    };
    let background = process("action", "beside", "sleep", "[\"0.3\"]", r#""background": true"#);
    let cases = [
        ("completed", "true", vec![background, process("probe", "look", "false", "[]", "")]),
        ("deviated", "test -e kept", vec![process("action", "fire", "rm", "[\"kept\"]", "")]),
    ];
    for (name, check, steps) in cases {
        let parts = [
            hypothesis(&[sh("probe", "up", check, r#""tolerance": 0"#)]),
            method(&steps),
            rollbacks(&[process("action", "undo", "true", "[]", "")]),
        ];
        let case = Case::new(&parts.join(",")).file("kept", "");
        let ran = Command::new(&chaos)
            .args(["run", "--rollback-strategy", "always", "experiment.json"])
            .current_dir(case.folder.path())
            .output()
            .unwrap();
        let ended = case.instead(&["report", "journal.json", "-o", "out.html", "-o", "out.xml"]).run();
        assert_eq!(ended.code(), 0, "{name}: {:#?} {}", ended.lines, text(&ran));
        let page = read(&ended, "out.html");
        assert!(page.contains("rollback 'undo' was played"), "{name}: {page}");
        assert_eq!(page.contains("it deviated from its steady state"), name == "deviated", "{name}: {page}");
    }
}
