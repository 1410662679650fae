//! What the worker's answers mean.

use super::{Surroundings, wire::LIMIT};
use crate::{
    experiment::{Map, Value},
    provider::{Outcome, Signature},
};

/// One answer.
pub(super) struct Answer {
    kind: String,
    fields: Map,
}

impl Answer {
    /// `None` when the message is no answer.
    pub fn new(message: Value) -> Option<Self> {
        let Value::Map(mut fields) = message else { return None };
        match fields.shift_remove("kind") {
            Some(Value::Text(kind)) => Some(Self { kind, fields }),
            _ => None,
        }
    }

    /// What the call changed around itself, if anything.
    pub fn surroundings(&mut self) -> Option<Surroundings> {
        let environment = match self.fields.shift_remove("environment") {
            Some(Value::Map(changed)) => {
                changed.into_iter().map(|(name, text)| (name, text.as_str().map(str::to_owned))).collect()
            }
            _ => Vec::new(),
        };
        let directory = self.text("directory").map(Into::into);
        let moved = !environment.is_empty() || directory.is_some();
        moved.then_some(Surroundings { environment, directory })
    }

    /// The outcome of a call.
    pub fn into_outcome(mut self) -> Outcome {
        match self.kind.as_str() {
            "ok" => Outcome::Done(self.fields.shift_remove("value").unwrap_or_default()),
            "failed" => Outcome::Failed { message: self.message(), trace: self.trace() },
            "exit" => Outcome::Exit { code: self.integer("code") },
            "too_large" => Outcome::Failed {
                message: format!(
                    "the result takes {} MiB as JSON, and at most {} are taken; return less of it",
                    self.integer("size") >> 20,
                    LIMIT >> 20
                ),
                trace: Vec::new(),
            },
            _ => Outcome::Broke { message: self.message() },
        }
    }

    /// The parameters of a function, or why it has none.
    pub fn into_signature(self) -> Result<Signature, String> {
        match (self.fields.get("parameters"), self.fields.get("no_signature")) {
            (Some(Value::List(parameters)), _) => Ok(signature(parameters)),
            (_, Some(Value::Text(why))) => Err(why.clone()),
            _ => Err(self.message()),
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str)
    }

    fn message(&self) -> String {
        self.text("message").unwrap_or("Python gave no reason").to_owned()
    }

    fn integer(&self, key: &str) -> i64 {
        match self.fields.get(key) {
            Some(Value::Int(integer)) => *integer,
            _ => 1,
        }
    }

    fn trace(&mut self) -> Vec<String> {
        match self.fields.shift_remove("trace") {
            Some(Value::List(lines)) => lines.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

fn signature(parameters: &[Value]) -> Signature {
    let mut signature = Signature::default();
    for parameter in parameters {
        match parameter.as_list() {
            Some([_, Value::Text(kind), _]) if kind == "VAR_KEYWORD" => signature.catch_all = true,
            Some([_, Value::Text(kind), _]) if kind == "VAR_POSITIONAL" => {}
            Some([Value::Text(name), _, Value::Bool(required)]) => {
                signature.parameters.push((name.clone(), *required));
            }
            _ => {}
        }
    }
    signature
}
