//! What the program was told about clusters, before any file is read.

use std::{fmt, path::PathBuf, sync::Arc};

type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Options and environment variables that choose a cluster. Options win.
#[derive(Clone)]
pub struct Settings {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    variable: Lookup,
}

impl Settings {
    /// Settings without options; `variable` looks an environment variable up, as the run sees it.
    pub fn new(variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { kubeconfig: None, context: None, variable: Arc::new(variable) }
    }

    /// Settings from the environment of the process.
    pub fn from_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// An environment variable; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("kubeconfig", &self.kubeconfig)
            .field("context", &self.context)
            .finish()
    }
}
