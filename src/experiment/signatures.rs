//! What validation has to know of Python functions; whoever can call them tells.

use futures_util::future::BoxFuture;
use pyvalue::Value;

/// A Python function as validation sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Described {
    /// A plain function.
    Function {
        parameters: Vec<Parameter>,
        /// Whether it takes any keyword (`**kwargs`).
        catch_all: bool,
        /// What should be known about it.
        advice: Vec<Advice>,
    },
    /// The module is there, the function is not.
    Missing {
        /// Functions the module has, for a suggestion.
        functions: Vec<String>,
    },
    /// The module cannot be imported.
    ImportError(String),
    /// Importing or inspecting it raised something else.
    Broken(String),
    /// Nobody here can tell, and why: there is no Python, or it was not asked.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// Whether a call must give it.
    pub required: bool,
}

/// What should be known before a function is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It does not work as it is, and why.
    Broken(String),
    /// There is a better one.
    Deprecated(String),
    /// What it does stays until something takes it back.
    Lasting,
}

/// How a control's module took its declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlCheck {
    /// Nothing to say.
    Accepted,
    /// The module cannot be imported: a warning.
    ImportError(String),
    /// Its own `validate_control` raised this: class and message.
    Refused(String),
    /// Nobody here can tell.
    Unknown,
}

/// Tells validation about Python: native functions first, then the bridge.
pub trait Signatures: Send + Sync {
    /// Describes a function of a module.
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Described>;

    /// Imports a control's module and lets it validate the declaration.
    fn control<'a>(&'a self, module: &'a str, declaration: &'a Value) -> BoxFuture<'a, ControlCheck>;
}
