//! Every document of the recorded sessions, and of sessions in which little was watched.

mod documents;
mod hostile;
mod journals;
mod pages;

use super::{Evidence, ReportFormat};
use crate::session::{
    Event, EventKind,
    fixtures::{recorded, recorded_lines},
    recording::{Header, Recorder},
};
use std::path::Path;

/// The evidence of a recording.
pub(super) fn evidence(name: &str) -> Evidence {
    of_events(name, recorded(name))
}

/// The evidence of events, as if they were recorded now.
pub(super) fn of_events(name: &str, events: impl IntoIterator<Item = Event>) -> Evidence {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ctui");
    let text: String =
        events.into_iter().map(|event| serde_json::to_string(&event).unwrap() + "\n").collect();
    write(&path, &text);
    Evidence::of_file(&path, format!("{name}.ctui")).unwrap()
}

/// Writes a recording with these lines.
pub(super) fn write(path: &Path, lines: &str) {
    Recorder::create(path, &Header::new(b"")).unwrap();
    let header = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, header + lines).unwrap();
}

/// The events of a recording without those that a test leaves out.
pub(super) fn without(name: &str, out: impl Fn(&EventKind) -> bool) -> Evidence {
    of_events(name, recorded(name).into_iter().filter(|event| !out(&event.what)))
}

/// Checks the summary against its schema.
pub(super) fn valid(evidence: &Evidence) {
    let schema = serde_json::from_str(include_str!("../../../docs/summary.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let value: serde_json::Value = serde_json::from_str(&ReportFormat::Json.render(evidence)).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert_eq!(errors, [] as [&str; 0], "{}", evidence.name);
}

pub(super) fn lines(name: &str) -> Vec<String> {
    recorded_lines(name)
}
