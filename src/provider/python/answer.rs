//! Interprets the worker's answers.

use super::{EnvironmentChange, worker::LIMIT};
use crate::provider::{ControlError, ControlReply, Outcome};
use pyvalue::{Map, Value, python_text};

pub(super) struct Answer {
    kind: String,
    fields: Map,
}

impl Answer {
    /// Parses an answer; `None` if the message is not an answer.
    pub(super) fn new(message: Value) -> Option<Self> {
        let Value::Map(mut fields) = message else { return None };
        match fields.shift_remove("kind") {
            Some(Value::Text(kind)) => Some(Self { kind, fields }),
            _ => None,
        }
    }

    /// The kind of the answer; the possible kinds depend on the request.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The error message of an answer that is not a success.
    pub(super) fn message(&self) -> String {
        match (self.kind.as_str(), self.text("message")) {
            ("too_large", _) => format!(
                "the result takes {} MiB as JSON, and at most {} are taken; return less of it",
                self.integer("size").unwrap_or_default() >> 20,
                LIMIT >> 20
            ),
            ("exit", _) => format!("Received the exit signal: {}", python_text(&self.code())),
            ("keyboard_interrupt", _) => "Received a termination signal (Ctrl-C)...".to_owned(),
            (_, Some(message)) => message.to_owned(),
            (kind, None) => format!("Python answered '{kind}' without a message"),
        }
    }

    /// The message of one of the engine's own exceptions, without its class name.
    pub(super) fn words(&self) -> Option<String> {
        self.text("words").map(str::to_owned)
    }

    /// Removes and returns what Python listens to of the run, if that has changed: `events`, `records`.
    pub(super) fn take_heard(&mut self) -> Option<Vec<String>> {
        self.fields.contains_key("heard").then(|| texts(self.list("heard")))
    }

    /// Removes and returns a list; empty if there is none.
    pub(super) fn list(&mut self, key: &str) -> Vec<Value> {
        match self.fields.shift_remove(key) {
            Some(Value::List(list)) => list,
            _ => Vec::new(),
        }
    }

    /// Removes and returns the call's changes of environment variables and current directory, if any.
    pub(super) fn take_environment_change(&mut self) -> Option<EnvironmentChange> {
        let environment = match self.fields.shift_remove("environment") {
            Some(Value::Map(changed)) => {
                changed.into_iter().map(|(name, text)| (name, text.as_str().map(str::to_owned))).collect()
            }
            _ => Vec::new(),
        };
        let directory = self.text("directory").map(Into::into);
        let moved = !environment.is_empty() || directory.is_some();
        moved.then_some(EnvironmentChange { environment, directory })
    }

    /// Removes and returns the configuration, if the call changed a value nested in it.
    pub(super) fn configuration(&mut self) -> Option<Map> {
        match self.fields.shift_remove("configuration") {
            Some(Value::Map(configuration)) => Some(configuration),
            _ => None,
        }
    }

    /// The outcome of an activity's call.
    pub(super) fn into_outcome(mut self) -> Outcome {
        match self.kind() {
            "ok" => Outcome::Done(self.fields.shift_remove("value").unwrap_or_default()),
            "failed" | "too_large" => {
                Outcome::Failed { message: self.message(), trace: texts(self.list("trace")) }
            }
            "exit" => Outcome::Exit { code: self.code() },
            "keyboard_interrupt" => Outcome::KeyboardInterrupt,
            _ => Outcome::UnexpectedError { message: self.message() },
        }
    }

    /// The reply of a control's call.
    pub(super) fn into_control_reply(mut self) -> ControlReply {
        let reassigned = texts(self.list("reassigned"));
        let error = match self.kind() {
            "ok" => None,
            "interrupt" => Some(ControlError::Interrupt(self.message())),
            "exit" => Some(ControlError::Exit(self.code())),
            "keyboard_interrupt" => Some(ControlError::KeyboardInterrupt),
            _ => Some(ControlError::Exception(self.message())),
        };
        let Some(Value::Map(mut changed)) = self.fields.shift_remove("changed") else {
            return ControlReply { error, ..ControlReply::default() };
        };
        let mut mapping = |key| match changed.shift_remove(key) {
            Some(Value::Map(mapping)) => Some(mapping),
            _ => None,
        };
        let (configuration, experiment) = (mapping("configuration"), mapping("experiment"));
        let (context, state) = (changed.shift_remove("context"), changed.shift_remove("state"));
        ControlReply { context, state, configuration, experiment, reassigned, error }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str)
    }

    fn integer(&self, key: &str) -> Option<i64> {
        match self.fields.get(key) {
            Some(Value::Int(integer)) => Some(*integer),
            _ => None,
        }
    }

    /// The exit code: a number, a text, or null for none.
    fn code(&self) -> Value {
        self.fields.get("code").cloned().unwrap_or_default()
    }
}

pub(super) fn texts(list: Vec<Value>) -> Vec<String> {
    let text = |value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    };
    list.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::parse_json;

    fn answer(json: &str) -> Answer {
        Answer::new(parse_json(json).unwrap()).unwrap()
    }

    #[test]
    fn answers_become_outcomes() {
        let broke = |message: &str| Outcome::UnexpectedError { message: message.to_owned() };
        let failed = |message: &str, trace: &[&str]| Outcome::Failed {
            message: message.to_owned(),
            trace: trace.iter().map(|line| (*line).to_owned()).collect(),
        };
        let cases = [
            (r#"{"kind": "ok", "value": [1]}"#, Outcome::Done(vec![Value::Int(1)].into())),
            (r#"{"kind": "ok"}"#, Outcome::Done(Value::Null)),
            (r#"{"kind": "failed", "message": "E: x", "trace": ["a\n"]}"#, failed("E: x", &["a\n"])),
            (r#"{"kind": "exit", "code": 20}"#, Outcome::Exit { code: 20.into() }),
            (r#"{"kind": "exit"}"#, Outcome::Exit { code: Value::Null }),
            (r#"{"kind": "keyboard_interrupt"}"#, Outcome::KeyboardInterrupt),
            (r#"{"kind": "broke", "message": "ImportError: m"}"#, broke("ImportError: m")),
            (r#"{"kind": "surprise"}"#, broke("Python answered 'surprise' without a message")),
        ];
        for (json, expected) in cases {
            assert_eq!(answer(json).into_outcome(), expected, "{json}");
        }
        for json in ["1", "{}", r#"{"kind": 1}"#] {
            assert!(Answer::new(parse_json(json).unwrap()).is_none(), "{json}");
        }
    }

    #[test]
    fn surroundings_are_taken_out_once_and_only_if_they_changed() {
        let mut moved = answer(r#"{"kind": "ok", "environment": {"A": "1", "B": null}, "directory": "/x"}"#);
        let expected = EnvironmentChange {
            environment: vec![("A".to_owned(), Some("1".to_owned())), ("B".to_owned(), None)],
            directory: Some("/x".into()),
        };
        assert_eq!(moved.take_environment_change(), Some(expected));
        assert_eq!(answer(r#"{"kind": "ok"}"#).take_environment_change(), None);
    }

    #[test]
    fn controls_reply_with_what_they_changed_even_when_they_fail() {
        let reply =
            answer(r#"{"kind": "interrupt", "message": "stop", "changed": {"state": 1, "secrets": {}}}"#);
        let expected = ControlReply {
            state: Some(Value::Int(1)),
            error: Some(ControlError::Interrupt("stop".to_owned())),
            ..ControlReply::default()
        };
        assert_eq!(reply.into_control_reply(), expected);
    }
}
