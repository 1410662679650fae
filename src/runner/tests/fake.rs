//! Functions whose results a test defines.

use crate::provider::{Call, Catalogue, Effect, Native, Outcome, Parameter};
use futures_util::future::{BoxFuture, FutureExt};
use pyvalue::{Map, Value};
use std::{collections::HashMap, sync::Mutex, time::Duration};

const VALUE: &[Parameter] = &[Parameter { name: "value", required: true }];

const fn native(func: &'static str, effect: Effect) -> Native {
    Native { module: "fake", func, parameters: VALUE, effect }
}

/// The functions of the fake module.
static FUNCTIONS: [Native; 10] = [
    native("give", Effect::Reads),
    native("next", Effect::Reads),
    native("fail", Effect::Reads),
    native("crash", Effect::Reads),
    native("exit", Effect::Reads),
    native("wait", Effect::Reads),
    native("hang", Effect::Reads),
    native("harm", Effect::Changes),
    native("refuse", Effect::Changes),
    native("flop", Effect::Changes),
];

/// Records its calls by the activity's name.
#[derive(Default)]
pub(super) struct Fake {
    calls: Mutex<Vec<String>>,
    /// How often an activity was called, for `next`.
    asked: Mutex<HashMap<String, usize>>,
}

impl Fake {
    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn next(&self, name: &str, values: &[Value]) -> Value {
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(name.to_owned()).or_default();
        let value = values.get(*times).or(values.last()).cloned().unwrap_or_default();
        *times += 1;
        value
    }
}

impl Catalogue for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn functions(&self) -> &'static [Native] {
        &FUNCTIONS
    }

    fn call<'a>(
        &'a self,
        native: &'static Native,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome> {
        let value = arguments.get("value").cloned().unwrap_or_default();
        let seconds = match value {
            Value::Int(seconds) => seconds as f64,
            Value::Float(seconds) => seconds,
            _ => 0.0,
        };
        self.calls.lock().unwrap().push(call.activity.name.clone());
        async move {
            match native.func {
                "next" => match self.next(&call.activity.name, value.as_list().unwrap_or_default()) {
                    Value::Text(failure) => Outcome::failed(failure),
                    value => Outcome::Done(value),
                },
                "refuse" => {
                    (call.report_refusal)("TypeError: nobody may".to_owned());
                    Outcome::failed("TypeError: nobody may")
                }
                "flop" => Outcome::failed("RuntimeError: halfway"),
                "fail" => Outcome::failed("RuntimeError: boom"),
                "crash" => Outcome::UnexpectedError { message: "no such thing".to_owned() },
                "exit" => Outcome::Exit { code: (seconds as i64).into() },
                "wait" => {
                    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                    Outcome::Done(value)
                }
                "hang" => {
                    call.cancel.cancelled().await;
                    Outcome::Cancelled
                }
                _ => Outcome::Done(value),
            }
        }
        .boxed()
    }

    fn targets(&self, native: &'static Native, _: &Map) -> Vec<String> {
        vec![format!("target of {}", native.func)]
    }
}
