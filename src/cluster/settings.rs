//! What the program was told about clusters, before any file is read.

use super::export::{Export, Exported};
use pyvalue::Map;
use std::{fmt, path::PathBuf, sync::Arc};

type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Options and environment variables that choose a cluster. Options win.
#[derive(Clone)]
pub struct ClusterSettings {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    variable: Lookup,
    export: Arc<Export>,
}

impl ClusterSettings {
    /// Settings without options; `variable` looks an environment variable up, as the run sees it.
    pub fn new(variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { kubeconfig: None, context: None, variable: Arc::new(variable), export: Arc::default() }
    }

    /// Whether an option chooses the cluster, over whatever steps and variables say.
    pub fn names_cluster(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// The variables that tell programs and Python of what the options choose, `None` for those that they must not see.
    /// Nothing without options.
    pub fn exported(&self) -> Exported {
        match self.names_cluster() {
            true => self.export.variables(self),
            false => Exported::new(),
        }
    }

    /// Removes what was written for [`Settings::exported`].
    pub fn withdraw(&self) {
        self.export.withdraw();
    }

    /// Takes out of a step's secrets, and puts in, what the options decide.
    pub fn overrule(&self, secrets: &mut Map) {
        if self.names_cluster() {
            secrets.shift_remove("KUBERNETES_HOST");
        }
        if let (Some(context), Some(secret)) = (&self.context, secrets.get_mut("KUBERNETES_CONTEXT")) {
            *secret = context.as_str().into();
        }
    }

    /// An environment variable; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for ClusterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("kubeconfig", &self.kubeconfig)
            .field("context", &self.context)
            .finish()
    }
}
