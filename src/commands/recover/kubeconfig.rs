//! The kubeconfig that a recovery reads: that of its session, with the context that was current then.

use super::left::{LeftBehind, joined};
use crate::{cluster::ClusterSettings, commands::prepare::Refusal};

/// Chooses the context of steps that name none themselves.
const CONTEXT: &str = "KUBERNETES_CONTEXT";

/// Environment variables that lead the steps of a recovery to the clusters of its session.
pub(crate) struct SessionKubeconfig {
    variables: Vec<(&'static str, String)>,
    /// Owns the file that `KUBECONFIG` names.
    _settings: ClusterSettings,
}

impl SessionKubeconfig {
    /// Checks that the contexts of the session lead to the servers of then. If one does not, and no step is known to need a
    /// cluster, programs get no kubeconfig: none of them reaches another cluster.
    ///
    /// # Errors
    /// If a context is gone or leads elsewhere, and `needs_cluster`.
    pub(super) async fn of(left: &LeftBehind, needs_cluster: bool) -> Result<Self, Refusal> {
        let (header, settings) = (&left.header, left.cluster_settings());
        let current = header.current_cluster.as_ref().or(header.cluster.as_ref());
        let mut variables = Vec::new();
        variables.extend(joined(&header.options.kubeconfig).map(|list| ("KUBECONFIG", list)));
        // An empty variable counts as unset.
        let then = header.options.context_variable.clone();
        let now = std::env::var_os(CONTEXT).map(|_| String::new());
        variables.extend(then.or(now).map(|context| (CONTEXT, context)));
        let mut unreachable = None;
        for cluster in header.cluster.iter().chain(&header.current_cluster).filter(|it| it.is_named()) {
            unreachable = unreachable.or(left.connect(cluster).await.err());
        }
        match (unreachable, current.filter(|cluster| cluster.is_named())) {
            (Some(why), _) if needs_cluster => return Err(Refusal::invalid(why)),
            (Some(why), _) => {
                tracing::warn!("the programs of the recovery get no kubeconfig: {why}");
                variables.push(("KUBECONFIG", "/dev/null".to_owned()));
            }
            (None, Some(current)) => {
                let Some(path) = settings.kubeconfig_with_current(&current.context) else {
                    let why =
                        format!("no kubeconfig can be written with the current context {}", current.context);
                    return Err(Refusal::invalid(why));
                };
                variables.push(("KUBECONFIG", path));
            }
            (None, None) => {}
        }
        Ok(Self { variables, _settings: settings })
    }

    /// The variables; of two values of one the later counts.
    pub(super) fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }
}
