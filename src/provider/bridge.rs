//! The interface to Python, for functions without a native implementation.

use super::{Call, Native, Outcome};
use futures_util::future::BoxFuture;
use pyvalue::Map;

/// The parameters of a Python function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Each parameter's name, and whether a call must pass it.
    pub parameters: Vec<(String, bool)>,
    /// Whether the function takes any keyword argument (`**kwargs`); `secrets` and `configuration` are not injected
    /// through it.
    pub catch_all: bool,
}

impl Signature {
    /// Whether the function has a parameter of exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|(parameter, _)| parameter == name)
    }
}

impl From<&Native> for Signature {
    fn from(native: &Native) -> Self {
        let parameters = native.parameters.iter();
        Self {
            parameters: parameters.map(|parameter| (parameter.name.to_owned(), parameter.required)).collect(),
            catch_all: false,
        }
    }
}

/// A Python interpreter that runs functions of extensions (experiment-format 13.3).
pub trait Bridge: Send + Sync {
    /// Imports the module and inspects the function; the error is the reason why it cannot be called.
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Result<Signature, String>>;

    /// Calls the function with final keyword arguments.
    fn call<'a>(
        &'a self,
        module: &'a str,
        func: &'a str,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome>;
}
