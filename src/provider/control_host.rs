//! The interface for calling the functions of controls.

use crate::experiment::Secrets;
use futures_util::future::BoxFuture;
use pyvalue::{Map, Value};
use tokio_util::sync::CancellationToken;

/// Calls functions of control modules, in Python. A function that the module does not define is not an error.
pub trait ControlHost: Send + Sync {
    /// Calls one function. `context` and `arguments` are always passed; `state`, `configuration`, `secrets` and
    /// `experiment` only to parameters of these names (experiment-format 10.2).
    fn call<'a>(&'a self, call: ControlCall<'a>) -> BoxFuture<'a, ControlReply>;
}

#[derive(Clone)]
pub struct ControlCall<'a> {
    /// The Python module.
    pub module: &'a str,
    /// The function's name, such as `before_activity_control`.
    pub function: &'a str,
    /// The control's own arguments, substituted.
    pub arguments: Map,
    /// The experiment, hypothesis or activity; `None` for configuring and cleaning up.
    pub context: Option<&'a Value>,
    /// The outcome of the level that the control applies to; `None` before the level has ended.
    pub state: Option<&'a Value>,
    /// The JSON path of the context, if the context is part of the experiment.
    pub place: Option<&'a str>,
    /// The run's objects; `None` as long as only the experiment's source is known.
    pub run_objects: Option<ControlRunObjects<'a>>,
    /// Whether the function may receive the settings.
    pub settings: bool,
    /// Cancelled when the call must end at once.
    pub cancel: CancellationToken,
}

/// The objects of a run that a function may receive.
#[derive(Clone, Copy)]
pub struct ControlRunObjects<'a> {
    /// The live configuration.
    pub configuration: &'a Map,
    /// All secret scopes.
    pub secrets: &'a Secrets,
    /// The live experiment.
    pub experiment: &'a Map,
}

/// The result of a call: the objects it changed, and its exception.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControlReply {
    /// The context, if changed.
    pub context: Option<Value>,
    /// The state, if changed.
    pub state: Option<Value>,
    /// The configuration, if changed.
    pub configuration: Option<Map>,
    /// The experiment, if changed.
    pub experiment: Option<Map>,
    /// The keys of the experiment whose values were replaced by other objects, rather than changed in place.
    pub reassigned: Vec<String>,
    /// The exception that the function raised.
    pub error: Option<ControlError>,
}

/// An exception of a control.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlError {
    /// Any exception but those below: the run continues.
    Exception(String),
    /// The engine's interrupt exception: the run is interrupted.
    Interrupt(String),
    /// The function asked the program to exit, with a number, a text, or null.
    Exit(Value),
    /// A `KeyboardInterrupt`, as Ctrl-C raises it.
    KeyboardInterrupt,
    /// Not an exception: the function was ended by the runner; the reason.
    Ended(String),
}
