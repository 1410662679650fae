//! Answers validation's questions about functions and controls (experiment-format 3.1).

use super::{PythonBridge, worker::Request};
use crate::experiment::{ControlCheck, Described, Signatures};
use futures_util::{FutureExt, future::BoxFuture};
use pyvalue::Value;

impl Signatures for PythonBridge {
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Described> {
        let described = async move {
            match self.description(module, func).await {
                Ok(description) => description.into_described(),
                Err(reason) => Described::Unknown(reason),
            }
        };
        described.boxed()
    }

    fn control<'a>(&'a self, module: &'a str, declaration: &'a Value) -> BoxFuture<'a, ControlCheck> {
        let checked = async move {
            match self.import(module, Request::check(module, declaration.clone())).await {
                Err(_) => ControlCheck::Unknown,
                Ok(answer) => match answer.kind() {
                    "ok" => ControlCheck::Accepted,
                    "import_error" => ControlCheck::ImportError(self.import_error(&answer.message())),
                    // The reference shows its own exceptions without their class names.
                    _ => ControlCheck::Refused(answer.words().unwrap_or_else(|| answer.message())),
                },
            }
        };
        checked.boxed()
    }
}
