//! What validation can learn of functions.

use super::Providers;
use crate::experiment::{ControlCheck, Described, Parameter, Signatures, Value};
use futures_util::future::{BoxFuture, FutureExt, ready};

/// The native functions first, then whoever knows Python.
pub struct KnownFunctions<'a> {
    providers: &'a Providers,
    python: &'a dyn Signatures,
}

impl<'a> KnownFunctions<'a> {
    /// Native functions of these providers, and Python's; [`NoPython`](crate::experiment::NoPython) without one.
    pub fn new(providers: &'a Providers, python: &'a dyn Signatures) -> Self {
        Self { providers, python }
    }
}

impl Signatures for KnownFunctions<'_> {
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Described> {
        let Some(native) = self.providers.native(module, func) else {
            return self.python.describe(module, func);
        };
        let parameters = native.parameters.iter();
        let described = Described::Function {
            parameters: parameters
                .map(|parameter| Parameter { name: parameter.name.to_owned(), required: parameter.required })
                .collect(),
            catch_all: false,
            advice: Vec::new(),
        };
        ready(described).boxed()
    }

    fn control<'a>(&'a self, module: &'a str, declaration: &'a Value) -> BoxFuture<'a, ControlCheck> {
        self.python.control(module, declaration)
    }
}
