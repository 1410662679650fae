//! The settings for starting Python.

use super::{LazyInterpreter, Listener};
use crate::{cluster, experiment::LiveEnvironment, session::event::Level};
use pyvalue::Value;

/// The settings for starting Python.
#[derive(Clone)]
pub struct PythonSettings {
    pub interpreter: LazyInterpreter,
    /// The environment at the start of the interpreter; the module search path is the interpreter's own and
    /// `PYTHONPATH`.
    pub environment: LiveEnvironment,
    /// The cluster settings; functions cannot change what their command-line options set.
    pub cluster: Option<cluster::ClusterSettings>,
    /// The loaded settings, for the engine's helpers: an empty mapping if there is no file, null if the file is empty.
    pub settings: Value,
    /// The minimum level of the log records that are forwarded.
    pub level: Level,
    /// Receives Python's events.
    pub listener: Listener,
}

impl PythonSettings {
    /// The variables that are set for every call, whatever functions have set before.
    pub(super) fn fixed_variables(&self) -> cluster::Exported {
        self.cluster.as_ref().map(cluster::ClusterSettings::exported).unwrap_or_default()
    }
}
