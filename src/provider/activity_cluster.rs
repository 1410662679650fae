//! The cluster that an activity acts in, as far as it can be determined before the activity runs.

use super::{flat_secrets, gremlin};
use crate::{
    cluster::{ClusterSettings, Connection, Error, Identity},
    experiment::{ProviderKind, Secrets},
};
use pyvalue::{Map, Value};

/// The cluster of an activity.
pub enum ActivityCluster {
    /// The activity uses no cluster, as far as can be determined.
    NoCluster,
    /// The activity uses this cluster.
    Known {
        connection: Connection,
        /// Whether no other cluster is possible. A process, or a Python function outside the Kubernetes extension, is
        /// given this cluster but may choose another one by itself.
        sure: bool,
    },
    /// The activity needs a cluster, and none can be found; the reason.
    Missing(Error),
}

impl ActivityCluster {
    /// The connection to the cluster, if it is known.
    pub fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Known { connection, .. } => Some(connection),
            Self::NoCluster | Self::Missing(_) => None,
        }
    }

    /// The identity of the cluster, for comparisons; `None` where there is no cluster.
    pub fn identity(&self) -> Option<Identity> {
        self.connection().map(Connection::identity)
    }
}

/// Whether the module belongs to the Kubernetes extension (`chaosk8s`), whose rules for choosing a cluster are known.
pub fn is_kubernetes(module: &str) -> bool {
    module == "chaosk8s" || module.starts_with("chaosk8s.")
}

/// Chooses the cluster by the same rules as the provider that executes the activity.
pub(super) async fn find(
    settings: &ClusterSettings,
    kind: ProviderKind,
    provider: &Map,
    secrets: &Secrets,
) -> ActivityCluster {
    let given = |found: Result<Connection, Error>| match found {
        Ok(connection) => ActivityCluster::Known { connection, sure: false },
        Err(_) => ActivityCluster::NoCluster,
    };
    match kind {
        ProviderKind::Http => ActivityCluster::NoCluster,
        ProviderKind::Process => given(Connection::choose_for_programs(settings).await),
        ProviderKind::Python => {
            let module = provider.get("module").and_then(Value::as_str).unwrap_or_default();
            // A Gremlin activity's secrets are credentials for Gremlin; its target containers are looked up in the
            // run's cluster.
            let scopes = provider.get("secrets").filter(|_| module != gremlin::MODULE);
            let mut own = scopes.and_then(|scopes| flat_secrets(scopes, secrets).ok()).unwrap_or_default();
            settings.apply_to_secrets(&mut own);
            let found = Connection::choose(settings, &own).await;
            match found {
                Ok(connection) if is_kubernetes(module) => ActivityCluster::Known { connection, sure: true },
                Err(error) if is_kubernetes(module) => ActivityCluster::Missing(error),
                found => given(found),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::map;

    const CONFIG: &str = r#"{"current-context": "production", "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {}}], "contexts": [
            {"name": "production", "context": {"cluster": "c", "user": "u"}},
            {"name": "staging", "context": {"cluster": "c", "user": "u"}}]}"#;

    /// The context that a call would act in, and whether it is certain; an empty context for no cluster.
    async fn context(settings: &ClusterSettings, kind: ProviderKind, provider: &str) -> (String, bool) {
        let secrets = Secrets::new(map(r#"{"k8s": {"KUBERNETES_CONTEXT": "staging"}}"#));
        match find(settings, kind, &map(provider), &secrets).await {
            ActivityCluster::Known { connection, sure } => (connection.context().to_owned(), sure),
            ActivityCluster::NoCluster => (String::new(), false),
            ActivityCluster::Missing(_) => (String::new(), true),
        }
    }

    #[tokio::test]
    async fn options_win_then_the_steps_own_secrets_then_the_variables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, CONFIG).unwrap();
        let shown = path.display().to_string();
        let settings = move |context: Option<&'static str>| {
            let shown = shown.clone();
            ClusterSettings::new(move |name| match name {
                "KUBECONFIG" => Some(shown.clone()),
                "KUBERNETES_CONTEXT" => context.map(str::to_owned),
                _ => None,
            })
        };
        const NATIVE: &str = r#"{"module": "chaosk8s.pod.actions", "func": "terminate_pods"}"#;
        const OWN: &str =
            r#"{"module": "chaosk8s.pod.actions", "func": "terminate_pods", "secrets": ["k8s"]}"#;
        const OTHER: &str = r#"{"module": "mine", "func": "f", "secrets": ["k8s"]}"#;
        let (python, process) = (ProviderKind::Python, ProviderKind::Process);
        let sure = |name: &str| (name.to_owned(), true);
        let given = |name: &str| (name.to_owned(), false);

        let none = settings(None);
        assert_eq!(context(&none, python, NATIVE).await, sure("production"));
        assert_eq!(context(&none, python, OWN).await, sure("staging"));
        assert_eq!(context(&none, python, OTHER).await, given("staging"));
        assert_eq!(context(&none, process, "{}").await, given("production"));
        assert_eq!(context(&none, ProviderKind::Http, "{}").await, given(""));

        let variable = settings(Some("staging"));
        assert_eq!(context(&variable, python, NATIVE).await, sure("staging"));
        assert_eq!(context(&variable, process, "{}").await, given("production"), "kubectl does not know it");

        let mut option = settings(None);
        option.context = Some("production".to_owned());
        assert_eq!(context(&option, python, OWN).await, sure("production"));
        assert_eq!(context(&option, python, OTHER).await, given("production"));
        option.context = Some("staging".to_owned());
        assert_eq!(context(&option, process, "{}").await, given("staging"));

        option.kubeconfig = Some(folder.path().join("not-yet"));
        assert_eq!(context(&option, python, NATIVE).await, sure(""), "missing, and nowhere else");
        assert_eq!(context(&option, process, "{}").await, given(""));
    }
}
