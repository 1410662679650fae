//! The seam for calling a control's functions.

use crate::experiment::Secrets;
use futures_util::future::BoxFuture;
use pyvalue::{Map, Value};
use tokio_util::sync::CancellationToken;

/// Calls functions of control modules, in Python. A function that the module does not have is no error.
pub trait ControlHost: Send + Sync {
    /// Calls one function. `context` and `arguments` are always passed; `state`, `configuration`, `secrets` and
    /// `experiment` only to parameters of these names (experiment-format 10.2).
    fn call<'a>(&'a self, call: ControlCall<'a>) -> BoxFuture<'a, ControlReply>;
}

#[derive(Clone)]
pub struct ControlCall<'a> {
    /// The Python module.
    pub module: &'a str,
    /// `before_activity_control` and the like.
    pub function: &'a str,
    /// The control's own arguments, substituted.
    pub arguments: Map,
    /// The experiment, hypothesis or activity; none for configuring and cleaning up.
    pub context: Option<&'a Value>,
    /// What the level came to; none before it.
    pub state: Option<&'a Value>,
    /// Where the context is a part of the experiment: its JSON path.
    pub place: Option<&'a str>,
    /// The run's own objects; none while there is only a source.
    pub scene: Option<ControlScene<'a>>,
    /// Whether the function may see the settings.
    pub settings: bool,
    /// Fires when the call must end at once.
    pub cancel: CancellationToken,
}

/// The objects of a run that a function may see.
#[derive(Clone, Copy)]
pub struct ControlScene<'a> {
    /// The live configuration.
    pub configuration: &'a Map,
    /// All scopes.
    pub secrets: &'a Secrets,
    /// The live experiment.
    pub experiment: &'a Map,
}

/// What a call came to: objects it changed, and how it failed.
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
    /// The keys of the experiment that stand for other objects now, rather than for the same ones with another content.
    pub reassigned: Vec<String>,
    /// An exception.
    pub error: Option<ControlError>,
}

/// An exception of a control.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlError {
    /// Any other than the next: the run goes on.
    Ordinary(String),
    /// The engine's interrupt exception: the run turns to its end.
    Interrupt(String),
    /// It asked the program to exit, with a number, a text, or null.
    Exit(Value),
    /// As Ctrl-C raises it.
    KeyboardInterrupt,
    /// None, really: the function did not end by itself, but because it was told to, for this reason.
    Ended(String),
}
