//! Options and environment variables about clusters, before any file is read.

use super::{
    choice,
    export::{Export, Exported},
};
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
    /// Creates settings without options; `variable` looks up an environment variable, as the run sees it.
    pub fn new(variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { kubeconfig: None, context: None, variable: Arc::new(variable), export: Arc::default() }
    }

    /// Whether an option chooses the cluster, which overrides steps and environment variables.
    pub fn names_cluster(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// Returns the paths of the kubeconfig files that the option or the environment names, whether or not they exist.
    pub fn kubeconfig_files(&self) -> Vec<PathBuf> {
        choice::kubeconfig_paths(self).0
    }

    /// Returns the environment variables that pass the choice of the options on to programs and Python; `None` for one
    /// that must be unset. Empty without options.
    pub fn exported(&self) -> Exported {
        if self.names_cluster() { self.export.variables(self) } else { Exported::new() }
    }

    /// Writes a private kubeconfig in which this context is the current one, and returns its path. It is deleted with
    /// the last clone of these settings. `None` if no file has the context, or it cannot be written.
    pub fn kubeconfig_with_current(&self, context: &str) -> Option<String> {
        self.export.own(self, context)
    }

    /// Deletes the file that was written for [`ClusterSettings::exported`].
    pub fn delete_exported(&self) {
        self.export.withdraw();
    }

    /// Applies the options to a step's secrets: removes `KUBERNETES_HOST` and overrides `KUBERNETES_CONTEXT`.
    pub fn apply_to_secrets(&self, secrets: &mut Map) {
        if self.names_cluster() {
            secrets.shift_remove("KUBERNETES_HOST");
        }
        if let (Some(context), Some(secret)) = (&self.context, secrets.get_mut("KUBERNETES_CONTEXT")) {
            *secret = context.as_str().into();
        }
    }

    /// Returns an environment variable; an empty one counts as unset.
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
