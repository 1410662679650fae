//! Reports from a journal alone.

use super::pages::page;
use crate::report::{Evidence, ReportFormat};
use serde_json::{Value, json};

/// A journal as `chaos run` of Chaos Toolkit 1.19 writes it, with a background action, a deviation and a rollback.
fn journal() -> Value {
    let entry = |name: &str, kind: &str, path: &str, start: &str, end: &str, status: &str| {
        json!({
            "activity": {"type": kind, "name": name, "provider": {"type": "process", "path": path}},
            "output": {"status": 0, "stdout": "", "stderr": ""},
            "start": format!("2026-11-30T06:24:{start}+00:00"), "status": status,
            "end": format!("2026-11-30T06:24:{end}+00:00"), "duration": 0.5
        })
    };
    let probe = |start: &str, end: &str, met: bool| {
        let mut probe = entry("up", "probe", "true", start, end, "succeeded");
        probe["tolerance_met"] = met.into();
        json!({"steady_state_met": met, "probes": [probe]})
    };
    let mut failed = entry("pull", "action", "false", "42", "43", "failed");
    failed["exception"] =
        json!(["Traceback\n", "chaoslib.exceptions.ActivityFailed: cannot reach http://u:canary-pw@h/\n"]);
    let declared = |name: &str, kind: &str, path: &str| json!({"type": kind, "name": name, "provider": {"type": "process", "path": path}});
    json!({
        "chaoslib-version": "1.44.0", "platform": "Linux", "node": "ci",
        "experiment": {
            "title": "from a journal", "description": "d",
            "secrets": {"s": {"token": {"type": "env", "key": "TOKEN"}}},
            "steady-state-hypothesis": {"title": "h", "probes": [declared("up", "probe", "true")]},
            "method": [declared("slow", "action", "sleep"), declared("pull", "action", "false"), declared("never", "probe", "true")],
            "rollbacks": [declared("undo", "action", "true")]
        },
        "start": "2026-11-30T06:24:40", "status": "completed", "deviated": true,
        "steady_states": {"before": probe("40", "41", true), "after": probe("45", "46", false), "during": [probe("43", "44", true)]},
        "run": [entry("slow", "action", "sleep", "41", "45", "succeeded"), failed],
        "rollbacks": [entry("undo", "action", "true", "46", "47", "succeeded")],
        "end": "2026-11-30T06:24:47+00:00", "duration": 7.0
    })
}

fn evidence(journal: &Value) -> Evidence {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    std::fs::write(&path, serde_json::to_string_pretty(journal).unwrap()).unwrap();
    Evidence::of_file(&path, "journal.json".to_owned()).unwrap()
}

#[test]
fn a_journal_alone_makes_a_report_that_says_what_it_lacks() {
    let evidence = evidence(&journal());
    assert_eq!(evidence.problems, [] as [&str; 0]);
    let page = page(&evidence);
    for said in [
        "NOT OBSERVABLE",
        "from a journal",
        "it deviated from its steady state",
        "nothing else",
        "users were not watched",
        "pods were not watched",
        "the circuit breaker was not watched",
        "rollback &#39;undo&#39; was played",
        "While the method ran the hypothesis was checked 1 time",
    ] {
        assert!(page.contains(said) || page.contains(&said.replace("&#39;", "'")), "{said}: {page}");
    }
    let junit = ReportFormat::Xml.render(&evidence);
    assert!(junit.contains("failures=\"1\" errors=\"1\""), "{junit}");
    for format in [ReportFormat::Html, ReportFormat::Md, ReportFormat::Json, ReportFormat::Xml] {
        assert!(!format.render(&evidence).contains("canary"), "{format:?}");
    }
    insta::assert_snapshot!("markdown-of-a-journal", ReportFormat::Md.render(&evidence));
    insta::assert_snapshot!("junit-of-a-journal", junit);
}

#[test]
fn every_status_and_every_lack_of_one_is_taken() {
    for (status, said) in [
        ("completed", "status of the run: <b>completed</b>"),
        ("failed", "<b>failed</b>"),
        ("aborted", "an unexpected error ended the run"),
        ("interrupted", "the run was interrupted"),
        ("", "the journal has no final status"),
    ] {
        let mut journal = journal();
        journal["status"] = if status.is_empty() { Value::Null } else { status.into() };
        // An interrupted run may lack anything.
        for key in ["end", "duration", "rollbacks", "steady_states"] {
            if status != "completed" {
                journal.as_object_mut().unwrap().remove(key);
            }
        }
        let page = page(&evidence(&journal));
        assert!(page.contains(said), "{status}: {page}");
    }
}

#[test]
fn what_no_step_declares_and_what_is_damaged_is_taken_as_it_is() {
    let mut journal = journal();
    let added = json!({"activity": {"type": "probe", "name": "added by a control", "provider": {"type": "process", "path": "x"}}});
    journal["run"].as_array_mut().unwrap().extend([
        added,
        json!({}),
        json!(5),
        json!({"activity": {"name": 3}}),
    ]);
    journal["experiment"]["method"] = json!("not a list");
    assert!(page(&evidence(&journal)).contains("added by a control"));
}
