//! What Python says unasked.

use crate::session::event::Level;
use futures_util::future::BoxFuture;
use std::{fmt, path::PathBuf, sync::Arc};

/// One thing that extensions say, or do around themselves, while their functions run.
#[derive(Clone, Debug, PartialEq)]
pub enum PythonEvent {
    /// A record of the logger `chaostoolkit`, or a word of the bridge itself.
    Logged {
        level: Level,
        /// One line or several, with secrets, if the extension logs them.
        message: String,
        /// Where the extension logged it, `module:line`.
        place: String,
    },
    /// A line on its standard output or error; only with [`Prints::Heard`](super::Prints::Heard).
    Printed {
        /// Without its line end.
        line: String,
    },
    /// Something outside a foreground call asked the run to end with this code: 20 with rollbacks, 30 without.
    Exit { code: i64 },
    /// A SIGTERM, which is meant for the run.
    Terminated,
    /// A call changed what later processes inherit.
    Moved(EnvironmentChange),
    /// A function gave what JSON cannot hold; its text is kept in its place.
    Unserialisable {
        /// `module.function`.
        function: String,
    },
}

/// Changes of the environment and the current directory.
#[derive(Clone, Default, PartialEq)]
pub struct EnvironmentChange {
    /// Variables by name; `None` for one that is gone.
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

/// Takes what Python says, in order. The answer of a call comes only after what was said before it has been taken.
pub type Listener = Arc<dyn Fn(PythonEvent) -> BoxFuture<'static, ()> + Send + Sync>;
