//! The interface through which validation queries Python functions and controls.

use futures_util::future::BoxFuture;
use pyvalue::Value;

/// The description of a Python function for validation.
#[derive(Clone, Debug, PartialEq)]
pub enum Described {
    /// A plain function.
    Function {
        parameters: Vec<Parameter>,
        /// Whether the function takes any keyword argument (`**kwargs`).
        catch_all: bool,
        /// Known problems of the function.
        advice: Vec<Advice>,
    },
    /// The module exists, but not the function.
    Missing {
        /// The functions of the module, for a suggestion.
        functions: Vec<String>,
    },
    /// The module cannot be imported.
    ImportError(String),
    /// Importing the module or inspecting the function raised another exception.
    Broken(String),
    /// The function cannot be described; the reason: there is no Python, or it was not asked.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// Whether a call must pass the parameter.
    pub required: bool,
}

/// A known problem of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The function does not work; the reason.
    Broken(String),
    /// There is a better function.
    Deprecated(String),
    /// The function's effect lasts until it is reverted.
    Lasting,
}

/// The result of checking a control's declaration by its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlCheck {
    /// The module accepts the declaration.
    Accepted,
    /// The module cannot be imported: a warning.
    ImportError(String),
    /// The module's own `validate_control` raised an exception: class and message.
    Refused(String),
    /// The control cannot be checked.
    Unknown,
}

/// Describes Python functions and checks controls for validation: native functions first, then the bridge.
pub trait Signatures: Send + Sync {
    /// Describes a function of a module.
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Described>;

    /// Imports a control's module and calls its validation of the declaration.
    fn control<'a>(&'a self, module: &'a str, declaration: &'a Value) -> BoxFuture<'a, ControlCheck>;
}
