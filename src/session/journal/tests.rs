use super::{HostInfo, Journal, write};
use crate::session::{
    Event, EventKind,
    event::{ActivityOutcome, HypothesisPhase, RunId, RunStatus, Section, StepRef},
};
use pyvalue::{Value, parse_json};

struct JournalFixture {
    journal: Journal,
    moments: u64,
}

impl JournalFixture {
    fn new() -> Self {
        let machine = HostInfo { platform: "Linux".to_owned(), node: "host".to_owned() };
        let mut recorded = Self { journal: Journal::new(machine), moments: 0 };
        recorded.tell(EventKind::RunStarted {
            title: "t".to_owned(),
            hypothesis_strategy: String::new(),
            rollback_strategy: String::new(),
            dry: None,
            experiment: parse_json(r#"{"title": "t", "dry": null}"#).unwrap(),
        });
        recorded
    }

    fn tell(&mut self, what: EventKind) {
        let at = format!("2026-11-22T13:30:{:02}.5Z", self.moments).parse().unwrap();
        self.journal.apply(&Event { seq: self.moments, at, what });
        self.moments += 1;
    }

    fn began(&mut self, run: u64, section: Section, index: usize) {
        let entry = parse_json(&format!(r#"{{"activity": {run}, "output": null}}"#)).unwrap();
        let step = StepRef { section, index };
        self.tell(EventKind::ActivityStarted { run: RunId(run), step, name: String::new(), entry });
    }

    fn ran(&mut self, run: u64, section: Section, index: usize) {
        self.began(run, section, index);
        let entry = parse_json(&format!(r#"{{"activity": {run}, "output": 1}}"#)).unwrap();
        let outcome = ActivityOutcome {
            trouble: None,
            succeeded: Some(true),
            tolerance_met: None,
            summary: String::new(),
            seconds: 0.0,
        };
        self.tell(EventKind::ActivityEnded {
            run: RunId(run),
            step: StepRef { section, index },
            outcome,
            entry,
        });
    }

    fn at(&self, path: &str) -> String {
        let value = path.split('.').fold(self.journal.value(), |value, key| match key.parse::<usize>() {
            Ok(index) => value.as_list().and_then(|list| list.get(index)).cloned().unwrap_or_default(),
            Err(_) => value.get(key).cloned().unwrap_or_default(),
        });
        value.to_json()
    }
}

#[test]
fn c102_a_minimal_journal() {
    let mut recorded = JournalFixture::new();
    recorded.tell(EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    let expected = r#"{"chaoslib-version": "1.44.0", "platform": "Linux", "node": "host", "experiment": {"title": "t", "dry": null}, "start": "2026-11-22T13:30:00.500000+00:00", "status": "completed", "deviated": false, "steady_states": {"before": null, "after": null, "during": []}, "run": [], "rollbacks": [], "end": "2026-11-22T13:30:01.500000+00:00", "duration": 1.0}"#;
    assert_eq!(recorded.journal.value().to_json(), expected);
}

#[test]
fn entries_stand_where_they_belong_in_order_of_their_start() {
    let mut recorded = JournalFixture::new();
    let during = HypothesisPhase::During;
    recorded.tell(EventKind::HypothesisStarted { phase: HypothesisPhase::Before, title: String::new() });
    recorded.ran(0, Section::Before, 0);
    recorded.tell(EventKind::HypothesisEnded {
        phase: HypothesisPhase::Before,
        met: true,
        deviating: None,
        skipped: 0,
    });
    recorded.began(1, Section::Method, 0);
    recorded.tell(EventKind::HypothesisStarted { phase: during, title: String::new() });
    recorded.ran(2, Section::During, 0);
    recorded.ran(3, Section::Method, 1);
    recorded.tell(EventKind::HypothesisEnded {
        phase: during,
        met: false,
        deviating: Some("p".to_owned()),
        skipped: 0,
    });
    recorded.tell(EventKind::HypothesisStarted { phase: during, title: String::new() });
    recorded.began(4, Section::During, 0);
    recorded.tell(EventKind::HypothesisEnded { phase: during, met: false, deviating: None, skipped: 0 });
    recorded.ran(5, Section::Rollbacks, 0);
    assert_eq!(recorded.at("steady_states.before.steady_state_met"), "true");
    assert_eq!(recorded.at("steady_states.before.probes.0.activity"), "0");
    assert_eq!(recorded.at("run"), r#"[{"activity": 1, "output": null}, {"activity": 3, "output": 1}]"#);
    assert_eq!(recorded.at("steady_states.during.0.probes.0.activity"), "2");
    assert_eq!(recorded.at("steady_states.during.1"), "null", "a pass without a verdict is not shown");
    assert_eq!(recorded.at("rollbacks.0.activity"), "5");
}

#[test]
fn a_probe_that_is_asked_again_takes_the_place_of_its_first_answer() {
    let mut recorded = JournalFixture::new();
    recorded.tell(EventKind::HypothesisStarted { phase: HypothesisPhase::Before, title: String::new() });
    recorded.ran(0, Section::Before, 0);
    recorded.ran(1, Section::Before, 1);
    recorded.ran(2, Section::Before, 1);
    recorded.tell(EventKind::HypothesisEnded {
        phase: HypothesisPhase::Before,
        met: true,
        deviating: None,
        skipped: 0,
    });
    let probes = recorded.at("steady_states.before.probes");
    assert_eq!(probes, r#"[{"activity": 0, "output": 1}, {"activity": 2, "output": 1}]"#);
}

#[test]
fn amendments_replace() {
    let mut recorded = JournalFixture::new();
    recorded.ran(0, Section::Method, 0);
    recorded.tell(EventKind::EntryAmended { run: RunId(0), entry: "edited".into() });
    assert_eq!(recorded.at("run.0"), "\"edited\"");
    recorded.tell(EventKind::JournalAmended { journal: Value::Int(5) });
    assert_eq!(recorded.journal.value(), 5.into());
}

#[test]
fn c102_c108_the_file_is_complete_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    let journal = parse_json(r#"{"a": ["é"]}"#).unwrap();
    write(&"older, and a good deal longer than what takes its place".into(), &path).unwrap();
    write(&journal, &path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\n  \"a\": [\n    \"é\"\n  ]\n}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let error = write(&journal, &folder.path().join("missing/journal.json")).unwrap_err().to_string();
    assert!(error.contains("missing/journal.json") && error.contains("--journal-path"), "{error}");
}

#[test]
fn the_file_may_be_read_by_whom_a_plain_one_may_and_keeps_what_somebody_set() {
    use std::{fs, os::unix::fs::PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let [path, plain] = ["journal.json", "plain"].map(|name| folder.path().join(name));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    fs::write(&plain, "").unwrap();
    write(&"new".into(), &path).unwrap();
    assert_eq!(mode(&path), mode(&plain));
    // No usual umask removes or adds these bits.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).unwrap();
    write(&"newer".into(), &path).unwrap();
    assert_eq!((mode(&path) & 0o777, fs::read_to_string(&path).unwrap()), (0o622, "\"newer\"".to_owned()));
}

#[test]
fn what_cannot_be_written_beside_its_place_is_written_in_place() {
    let folder = tempfile::tempdir().unwrap();
    // The longest possible file name: no name beside it can be longer.
    let path = folder.path().join("j".repeat(255));
    write(&"older, and longer".into(), &path).unwrap();
    write(&"journal".into(), &path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "\"journal\"");
}

#[test]
fn this_machine_has_a_name() {
    let machine = HostInfo::current();
    assert!(machine.platform.contains('-') && !machine.node.is_empty(), "{machine:?}");
}

#[test]
fn what_a_terminal_would_obey_is_escaped_and_stays_the_same_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    let text = "é \u{1b}[31m \u{9b}31m \u{7f} \u{202e}x \u{85}";
    let journal = Value::Map([("t\u{9d}".to_owned(), text.into())].into_iter().collect());
    write(&journal, &path).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("é \\u001b[31m \\u009b31m \\u007f \\u202ex \\u0085"), "{written}");
    assert!(!written.chars().any(|c| c.is_control() && c != '\n'), "{written:?}");
    assert_eq!(parse_json(&written).unwrap(), journal);
}
