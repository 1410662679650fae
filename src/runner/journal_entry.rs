//! The journal entry of one call, with its keys in order (experiment-format 11.5).

use crate::{
    experiment::Activity,
    session::{
        clock::{iso, seconds_between},
        event::Timestamp,
    },
};
use pyvalue::{Map, Value};

/// The start of the last line of a failure.
const FAILED: &str = "chaoslib.exceptions.ActivityFailed";

/// What the reference prints between the original exception and the failure it leads to.
const BETWEEN: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";

/// A journal entry that is being built.
#[derive(Clone, Debug)]
pub(super) struct JournalEntry {
    started: Timestamp,
    fields: Map,
}

/// How a call ended, as the journal records it.
pub(super) enum Result<'a> {
    Succeeded(&'a Value),
    Failed {
        message: &'a str,
        trace: &'a [String],
    },
    /// Cut short, or ended by an unexpected error: the entry has no status.
    Cut,
}

impl JournalEntry {
    pub(super) fn begun(activity: &Activity, started: Timestamp) -> Self {
        let fields = [
            ("activity", activity.raw.clone().into()),
            ("output", Value::Null),
            ("start", iso(started).into()),
        ];
        Self { started, fields: fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect() }
    }

    /// Completes the entry. Returns how long the call took, in seconds.
    pub(super) fn end(&mut self, result: Result<'_>, ended: Timestamp) -> f64 {
        match result {
            Result::Succeeded(output) => {
                self.set("output", output.clone());
                self.set("status", "succeeded".into());
            }
            Result::Failed { message, trace } => {
                self.set("status", "failed".into());
                self.set("exception", exception(message, trace));
            }
            Result::Cut => {}
        }
        let seconds = seconds_between(self.started, ended);
        self.set("end", iso(ended).into());
        self.set("duration", Value::Float(seconds));
        seconds
    }

    pub(super) fn set_tolerance_met(&mut self, met: bool) {
        self.set("tolerance_met", met.into());
    }

    /// Replaces the entry with the fields that a control returned.
    pub(super) fn replace(&mut self, fields: Map) {
        self.fields = fields;
    }

    pub(super) fn value(&self) -> Value {
        self.fields.clone().into()
    }

    /// Returns the output, which a control may have changed.
    pub(super) fn output(&self) -> Value {
        self.fields.get("output").cloned().unwrap_or_default()
    }

    /// Whether the status is `failed`; a control may have changed it.
    pub(super) fn has_failed(&self) -> bool {
        self.fields.get("status").and_then(Value::as_str) == Some("failed")
    }

    fn set(&mut self, key: &str, value: Value) {
        self.fields.insert(key.to_owned(), value);
    }
}

fn exception(message: &str, trace: &[String]) -> Value {
    let between = (!trace.is_empty()).then(|| BETWEEN.to_owned());
    let last = match message {
        "" => format!("{FAILED}\n"),
        message => format!("{FAILED}: {message}\n"),
    };
    trace.iter().cloned().chain(between).chain([last]).map(Value::Text).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::{JournalEntry, Result};
    use crate::experiment::Activity;
    use pyvalue::parse_json;

    fn entry() -> JournalEntry {
        let raw = r#"{"name": "a", "type": "probe", "provider": {"type": "http"}}"#;
        let activity = Activity::declared(parse_json(raw).unwrap().as_map().unwrap(), "$").unwrap();
        JournalEntry::begun(&activity, "2026-11-22T13:30:24.5Z".parse().unwrap())
    }

    fn keys(entry: &JournalEntry) -> Vec<String> {
        entry.value().as_map().unwrap().keys().cloned().collect()
    }

    #[test]
    fn c102_keys_come_in_the_order_of_the_journal() {
        let ended = "2026-11-22T13:30:25.75Z".parse().unwrap();
        let mut met = entry();
        assert_eq!(met.end(Result::Succeeded(&5.into()), ended), 1.25);
        met.set_tolerance_met(true);
        assert_eq!(keys(&met), ["activity", "output", "start", "status", "end", "duration", "tolerance_met"]);
        let mut failed = entry();
        failed.end(Result::Failed { message: "nope", trace: &[] }, ended);
        assert_eq!(keys(&failed), ["activity", "output", "start", "status", "exception", "end", "duration"]);
        let mut cut = entry();
        cut.end(Result::Cut, ended);
        assert_eq!(keys(&cut), ["activity", "output", "start", "end", "duration"]);
    }

    #[test]
    fn c061_the_last_line_of_a_failure_has_its_form() {
        let lines = |message: &str, trace: &[String]| {
            let mut entry = entry();
            entry.end(Result::Failed { message, trace }, "2026-11-22T13:30:25Z".parse().unwrap());
            let value = entry.value();
            let lines = value.get("exception").and_then(|it| it.as_list()).unwrap().to_vec();
            lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let failed = "chaoslib.exceptions.ActivityFailed";
        assert_eq!(lines("RuntimeError: boom", &[]), [format!("{failed}: RuntimeError: boom\n")]);
        let traced = lines("x", &["Traceback\n".to_owned()]);
        assert_eq!((traced.len(), traced[2].as_str()), (3, format!("{failed}: x\n").as_str()));
        assert_eq!(lines("", &[]), [format!("{failed}\n")]);
    }
}
