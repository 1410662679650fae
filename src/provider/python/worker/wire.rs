//! The line format of requests and answers: `{…}` to the worker, `<id> {…}` from it.

use super::super::PythonEvent;
use crate::{cluster::Exported, session::event::Level};
use pyvalue::{Map, Value, parse_json};

/// The maximum number of bytes of an answer. A larger result fails its activity; it would also make the journal
/// unreadable.
pub(crate) const LIMIT: usize = 16 << 20;

/// A request to the worker.
pub(crate) struct Request {
    op: &'static str,
    foreground: bool,
    fields: Map,
}

impl Request {
    pub(crate) fn hello(settings: Value, level: Level) -> Self {
        let limit = i64::try_from(LIMIT).unwrap_or(i64::MAX);
        let fields =
            [("settings", settings), ("level", Value::Int(number_of(level))), ("limit", Value::Int(limit))];
        Self::new("hello", true, fields)
    }

    pub(crate) fn settings(settings: Value) -> Self {
        Self::new("settings", true, [("settings", settings)])
    }

    pub(crate) fn describe(module: &str, func: &str) -> Self {
        Self::new("describe", true, [("module", module.into()), ("func", func.into())])
    }

    /// `shared` is whether `arguments` contain the run's configuration, whose changes are reported.
    pub(crate) fn call(module: &str, func: &str, arguments: Map, shared: bool, foreground: bool) -> Self {
        let fields = [
            ("module", module.into()),
            ("func", func.into()),
            ("arguments", arguments.into()),
            ("shared", shared.into()),
        ];
        Self::new("call", foreground, fields)
    }

    /// `place` is the path of the context in the experiment, as a list of steps, if the context is part of the
    /// experiment.
    pub(crate) fn control(module: &str, func: &str, arguments: Map, live: Map, place: Value) -> Self {
        let fields = [
            ("module", module.into()),
            ("func", func.into()),
            ("arguments", arguments.into()),
            ("live", live.into()),
            ("place", place),
        ];
        Self::new("control", true, fields)
    }

    pub(crate) fn check(module: &str, declaration: Value) -> Self {
        let fields =
            [("module", module.into()), ("func", "validate_control".into()), ("declaration", declaration)];
        Self::new("check", true, fields)
    }

    /// Calls the handlers of a run's event with these arguments.
    pub(crate) fn event(name: &str, arguments: Vec<Value>) -> Self {
        let fields =
            [("module", "chaoslib.run".into()), ("func", name.into()), ("arguments", arguments.into())];
        Self::new("event", true, fields)
    }

    fn new<const N: usize>(op: &'static str, foreground: bool, fields: [(&str, Value); N]) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { op, foreground, fields }
    }

    /// Adds variables that are set during this request, whatever functions have set before.
    pub(crate) fn with_variables(mut self, variables: Exported) -> Self {
        if !variables.is_empty() {
            let held =
                variables.into_iter().map(|(name, value)| (name, value.map_or(Value::Null, Value::Text)));
            self.fields.insert("held".to_owned(), Value::Map(held.collect()));
        }
        self
    }

    pub(crate) fn line(self, id: u64) -> String {
        let mut message: Map = self.fields.into_iter().map(|(name, field)| (name, marked(field))).collect();
        message.insert("op".to_owned(), self.op.into());
        message.insert("id".to_owned(), Value::Int(i64::try_from(id).unwrap_or(i64::MAX)));
        message.insert("foreground".to_owned(), self.foreground.into());
        Value::Map(message).to_json() + "\n"
    }
}

/// The only key of the mapping that stands for a date, which JSON has not.
const DATE: &str = "chaos-tui:date";

/// The value with its dates marked, so that functions get Python's own.
fn marked(value: Value) -> Value {
    match value {
        Value::Time(iso) => Map::from_iter([(DATE.to_owned(), iso.to_string().into())]).into(),
        Value::List(list) => list.into_iter().map(marked).collect::<Vec<_>>().into(),
        Value::Map(map) => map.into_iter().map(|(key, item)| (key, marked(item))).collect::<Map>().into(),
        value => value,
    }
}

/// The line that cancels the request `id`, if it is still running.
pub(super) fn cancel(id: u64) -> String {
    format!("{{\"op\": \"cancel\", \"of\": {id}}}\n")
}

/// The line that hands a line of the run to the handlers of the logger. `created` is in seconds since 1970.
pub(super) fn record(level: Level, created: f64, message: &str) -> String {
    let fields = [
        ("op", "record".into()),
        ("level", Value::Int(number_of(level))),
        ("created", Value::Float(created)),
        ("message", message.into()),
    ];
    Value::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).to_json() + "\n"
}

/// The line that ends the worker once it is idle.
pub(super) fn shutdown() -> String {
    "{\"op\": \"shutdown\"}\n".to_owned()
}

/// Splits a line of the worker into the id of the answered request, 0 for a notice, and the JSON text.
pub(super) fn split(line: &str) -> Option<(u64, &str)> {
    let (id, message) = line.split_once(' ')?;
    Some((id.parse().ok()?, message))
}

/// Parses a notice, which the worker sends without a request; `None` for an unknown notice.
pub(super) fn notice(message: &str) -> Option<PythonEvent> {
    let message = parse_json(message).ok()?;
    let text = |key| message.get(key).and_then(Value::as_str);
    match (text("event")?, message.get("level"), message.get("code")) {
        ("log", Some(Value::Int(level)), _) => Some(PythonEvent::Logged {
            level: level_of(*level),
            message: text("message")?.to_owned(),
            place: text("place")?.to_owned(),
        }),
        ("exit", _, Some(Value::Int(code))) => Some(PythonEvent::Exit { code: *code }),
        ("sigterm", _, _) => Some(PythonEvent::Terminated),
        ("unserialisable", _, _) => {
            Some(PythonEvent::Unserialisable { function: text("function")?.to_owned() })
        }
        _ => None,
    }
}

/// Python's number for a log level.
fn number_of(level: Level) -> i64 {
    match level {
        Level::Debug => 10,
        Level::Info => 20,
        Level::Warning => 30,
        Level::Error => 40,
        Level::Critical => 50,
    }
}

/// The log level for Python's number; extensions may use numbers in between.
fn level_of(number: i64) -> Level {
    match number {
        ..20 => Level::Debug,
        20..30 => Level::Info,
        30..40 => Level::Warning,
        40..50 => Level::Error,
        50.. => Level::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_whatever_it_carries() {
        let arguments = Map::from_iter([
            ("text".to_owned(), "a\nb é".into()),
            ("nan".to_owned(), Value::Float(f64::NAN)),
        ]);
        let line = Request::call("m", "f", arguments, false, false).line(7);
        let expected = "{\"module\": \"m\", \"func\": \"f\", \"arguments\": {\"text\": \"a\\nb \\u00e9\", \"nan\": NaN}, \
                        \"shared\": false, \"op\": \"call\", \"id\": 7, \"foreground\": false}\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn lines_of_the_worker_begin_with_the_number_they_answer() {
        assert_eq!(split("12 {\"kind\": \"ok\"}"), Some((12, "{\"kind\": \"ok\"}")));
        for garbage in ["", "12", "x {}", "-1 {}", "{\"kind\": \"ok\"}"] {
            assert_eq!(split(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn notices_are_log_records_and_requests_to_exit() {
        let record = |level, number: i64| {
            let text = format!(r#"{{"event": "log", "level": {number}, "message": "x", "place": "m:3"}}"#);
            assert_eq!(
                notice(&text),
                Some(PythonEvent::Logged { level, message: "x".into(), place: "m:3".into() })
            );
        };
        for level in [Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical] {
            record(level, number_of(level));
        }
        record(Level::Warning, 35);
        assert_eq!(notice(r#"{"event": "exit", "code": 30}"#), Some(PythonEvent::Exit { code: 30 }));
        assert_eq!(notice(r#"{"event": "sigterm"}"#), Some(PythonEvent::Terminated));
        for garbage in ["", "{}", r#"{"event": "log"}"#, r#"{"event": "exit", "code": "x"}"#] {
            assert_eq!(notice(garbage), None, "{garbage}");
        }
    }
}
