//! What it takes to start Python.

use super::{Interpreter, Listener};
use crate::{cluster, experiment::LiveEnvironment, session::event::Level};
use pyvalue::Value;

/// How Python is to be started.
#[derive(Clone)]
pub struct PythonSettings {
    pub interpreter: Interpreter,
    /// Its environment as it is when it starts; the module search path is the interpreter's and `PYTHONPATH`.
    pub environment: LiveEnvironment,
    /// How the cluster is chosen: what options say about it, no function can change.
    pub cluster: Option<cluster::ClusterSettings>,
    /// The loaded settings, for the engine's helpers: an empty mapping without a file, null where it holds nothing.
    pub settings: Value,
    /// The least severe records that extensions' loggers hand over.
    pub level: Level,
    /// Where printed lines go.
    pub prints: PrintTarget,
    /// Takes what Python says.
    pub listener: Listener,
}

/// Where the standard output and error of extensions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintTarget {
    /// To our own, as with the reference.
    Inherited,
    /// To the listener: the terminal is not to be written to.
    Heard,
}

impl PythonSettings {
    /// The variables that hold in every call, whatever functions have set before.
    pub(super) fn held(&self) -> cluster::Exported {
        self.cluster.as_ref().map(cluster::ClusterSettings::exported).unwrap_or_default()
    }
}
