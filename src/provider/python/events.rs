//! Events that the Python worker reports outside of answers.

use crate::session::event::Level;
use futures_util::future::BoxFuture;
use std::{fmt, path::PathBuf, sync::Arc};

/// An event that extensions cause while their functions run.
#[derive(Clone, Debug, PartialEq)]
pub enum PythonEvent {
    /// A record of the logger `chaostoolkit`, or a message of the bridge itself.
    Logged {
        level: Level,
        /// One line or several; contains secrets if the extension logs them.
        message: String,
        /// Where the extension logged it, `module:line`.
        place: String,
    },
    /// A line on its standard output or error, or a part of one.
    Printed {
        /// With its line end, if it has one; contains secrets and escape sequences if the extension prints them.
        text: String,
        stream: PrintStream,
    },
    /// Code outside a foreground call requested the end of the run with this exit code: 20 with rollbacks, 30 without.
    Exit { code: i64 },
    /// The worker received a SIGTERM, which is meant for the run.
    Terminated,
    /// A call changed the environment or directory that later processes inherit.
    EnvironmentChanged(EnvironmentChange),
    /// A function returned a value that JSON cannot represent; it is replaced by its text.
    Unserialisable {
        /// `module.function`.
        function: String,
    },
}

/// The streams on which extensions print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintStream {
    Stdout,
    Stderr,
}

/// Changes of the environment and the current directory.
#[derive(Clone, Default, PartialEq)]
pub struct EnvironmentChange {
    /// Variables by name; `None` for a removed one.
    pub environment: Vec<(String, Option<String>)>,
    /// The new current directory.
    pub directory: Option<PathBuf>,
}

/// Shows names only: values may be secrets.
impl fmt::Debug for EnvironmentChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.environment.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Surroundings")
            .field("environment", &names)
            .field("directory", &self.directory)
            .finish()
    }
}

/// Receives Python's events in order. The answer of a call is delivered only after all earlier events have been
/// processed.
pub type Listener = Arc<dyn Fn(PythonEvent) -> BoxFuture<'static, ()> + Send + Sync>;
