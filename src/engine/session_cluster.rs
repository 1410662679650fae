//! The cluster that a session is about: whether it exists, and whether a fire in it needs a typed name.

use crate::{
    cluster::{Connection, Error},
    experiment::{Activity, ProviderKind, Secrets, substitute},
    provider::{ActivityCluster, Effect, Providers, is_kubernetes, namespace_of},
    runner::{Controls, RunRequest, is_skipped},
};
use pyvalue::Value;

/// Contexts of clusters on this machine: names, and prefixes that end in `-`.
const LOCAL: [&str; 10] = [
    "sandbox",
    "chaos-tui-sandbox",
    "minikube",
    "kind-",
    "k3d-",
    "docker-desktop",
    "rancher-desktop",
    "colima",
    "orbstack",
    "microk8s",
];

/// Whether a fire in this context needs no typed name.
pub(crate) fn allowed(context: Option<&str>, also: &[String]) -> bool {
    context.is_some_and(|context| {
        let local = LOCAL
            .iter()
            .any(|name| if name.ends_with('-') { context.starts_with(name) } else { context == *name });
        local || also.iter().any(|name| name == context)
    })
}

/// Returns the cluster that the session watches, if the experiment is about one that exists: that of the first fault in
/// a cluster, else of the first step. Its namespace is the one that the experiment acts in.
pub(crate) async fn connection(request: &RunRequest, providers: &Providers) -> Option<Connection> {
    let found = of_steps(request, providers).await;
    found.map(|connection| in_namespace(connection, request, providers))
}

/// Returns the namespaces that the steps act in, each once: first that of the first fault, then the others in the
/// file's order.
pub(crate) fn namespaces(request: &RunRequest, providers: &Providers) -> Vec<String> {
    let method = request.experiment.method().iter().filter_map(|entry| entry.activity.as_ref().ok());
    let faults = method.filter(|activity| providers.effect(activity) == Effect::Changes);
    let mut found = Vec::new();
    for activity in faults.chain(activities(request)) {
        let declared = activity.provider.raw.clone().into();
        let provider = substitute(&declared, &request.configuration, &Secrets::default());
        let namespace = provider.as_map().and_then(namespace_of);
        found.extend(namespace.filter(|namespace| !found.contains(namespace)));
    }
    found
}

/// The connection with the namespace that the experiment acts in, if it acts in any.
pub(super) fn in_namespace(
    connection: Connection,
    request: &RunRequest,
    providers: &Providers,
) -> Connection {
    match namespaces(request, providers).first() {
        Some(namespace) => connection.in_namespace(namespace),
        None => connection,
    }
}

async fn of_steps(request: &RunRequest, providers: &Providers) -> Option<Connection> {
    let faults = request.experiment.method().iter().filter_map(|entry| entry.activity.as_ref().ok());
    let faults = faults.filter(|activity| providers.effect(activity) == Effect::Changes);
    for activity in faults.chain(activities(request)).filter(|activity| is_about_cluster(activity)) {
        let provider = &activity.provider;
        let site = providers.cluster_of(provider.kind, &provider.raw, &request.secrets).await;
        match site {
            // A direct connection's server may be a secret, so it is not shown in the header.
            ActivityCluster::Known { connection, .. } if !connection.is_direct() => return Some(connection),
            _ => {}
        }
    }
    if touches_cluster(request) || providers.is_cluster_chosen_by_option() {
        providers.default_cluster().await
    } else {
        None
    }
}

/// Whether any activity is about Kubernetes.
pub(crate) fn touches_cluster(request: &RunRequest) -> bool {
    activities(request).any(is_about_cluster)
}

fn activities(request: &RunRequest) -> impl Iterator<Item = &Activity> {
    let experiment = &request.experiment;
    let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    entries.filter_map(|entry| entry.activity.as_ref().ok())
}

fn is_about_cluster(activity: &Activity) -> bool {
    let module = activity.provider.raw.get("module").and_then(Value::as_str).unwrap_or_default();
    activity.provider.kind == ProviderKind::Python
        && (module.starts_with("chaosk8s.") || module.starts_with("chaosgremlin."))
}

/// Returns why the first step that needs a cluster will find none; sends no request. Nothing can be said once a step
/// was called that may create or choose a cluster: a program, a function unknown here, a control.
pub(crate) async fn needs_missing_cluster(request: &RunRequest, providers: &Providers) -> Option<Error> {
    let experiment = &request.experiment;
    if request.controls.has_globals() || Controls::are_declared(experiment) {
        return None;
    }
    let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice()).unwrap_or_default();
    let entries = probes.iter().chain(experiment.method()).chain(experiment.rollbacks());
    let activities = entries.filter_map(|entry| entry.activity.as_ref().ok());
    for activity in activities.filter(|activity| !is_skipped(activity, request.options.dry)) {
        if may_choose(activity, providers) {
            return None;
        }
        let provider = &activity.provider;
        if let ActivityCluster::Missing(error) =
            providers.cluster_of(provider.kind, &provider.raw, &request.secrets).await
        {
            return Some(error);
        }
    }
    None
}

/// Whether calling the activity may create a cluster or choose one for the activities that follow.
pub(crate) fn may_choose(activity: &Activity, providers: &Providers) -> bool {
    let text = |key: &str| activity.provider.raw.get(key).and_then(Value::as_str).unwrap_or_default();
    match activity.provider.kind {
        ProviderKind::Http => false,
        ProviderKind::Process => true,
        ProviderKind::Python => {
            !is_kubernetes(text("module")) && providers.native(text("module"), text("func")).is_none()
        }
    }
}

/// Whether the experiment is about a cluster that cannot be found.
pub(crate) async fn is_missing(request: &RunRequest, providers: &Providers) -> bool {
    touches_cluster(request) && needs_missing_cluster(request, providers).await.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::ClusterSettings, experiment::Environment, provider::kubernetes::Kubernetes, test_support,
    };
    use std::sync::Arc;

    #[test]
    fn the_namespace_of_the_fault_comes_first_and_the_contexts_only_if_no_step_names_any() {
        let step = |kind: &str, module: &str, func: &str, arguments: &str| {
            format!(
                r#"{{"type": "{kind}", "name": "{func}", "provider": {{"type": "python", "module": "{module}",
                    "func": "{func}", "arguments": {arguments}}}}}"#
            )
        };
        let count = |ns: &str| step("probe", "chaosk8s.pod.probes", "count_pods", ns);
        let kill = step("action", "chaosk8s.pod.actions", "terminate_pods", r#"{"ns": "db"}"#);
        let nodes = step("action", "chaosk8s.node.actions", "cordon_node", "{}");
        let attack = step(
            "action",
            "chaosgremlin.actions",
            "attack",
            r#"{"labels": {"k8s.container.name": "app", "k8s.pod.namespace": "web"}}"#,
        );
        let settings = ClusterSettings::new(|_| None);
        let providers =
            Providers::new(Environment::default()).with_catalogue(Arc::new(Kubernetes::new(settings)));
        for (steps, expected) in [
            (vec![count(r#"{"ns": "shop"}"#), kill.clone(), count("{}")], vec!["db", "shop", "default"]),
            (vec![count("{}")], vec!["default"]),
            (vec![nodes.clone()], vec![]),
            (vec![nodes, attack], vec!["web"]),
        ] {
            let text = format!(r#"{{"title": "t", "description": "d", "method": [{}]}}"#, steps.join(", "));
            assert_eq!(namespaces(&test_support::request(&text), &providers), expected, "{text}");
        }
    }
}
