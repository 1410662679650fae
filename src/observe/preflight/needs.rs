//! All that a session needs in a cluster: READY asks for it, and `chaos-tui rbac` prints it.

use crate::{
    cluster::{ClusterSettings, Permission, PermissionUse},
    experiment::Secrets,
    observe::kubelets::LEASES,
    provider::{gremlin::Gremlin, permissions},
};
use pyvalue::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The kinds that the live view watches (`observe/pods/watchers.rs`).
const VIEW: [(&str, &str); 5] = [
    ("", "pods"),
    ("", "services"),
    ("", "events"),
    ("apps", "deployments"),
    ("discovery.k8s.io", "endpointslices"),
];

/// What is needed to find where a Service is reached, and to forward a port to one of its pods where it is not. The
/// WebSocket of a port-forward is opened by `GET`, which since Kubernetes 1.35 needs `create`, too.
const ADDRESS: [(&str, &str, &str); 6] = [
    ("", "services", "get"),
    ("", "services", "list"),
    ("networking.k8s.io", "ingresses", "list"),
    ("", "pods", "list"),
    ("", "pods/portforward", "get"),
    ("", "pods/portforward", "create"),
];

/// The functions that may hit pods for which READY looks for a disruption budget.
const BUDGETED: [&str; 4] = ["terminate_pods", "kill_microservice", "delete_deployment", "attack"];

/// A session's use of a cluster.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClusterUse<'a> {
    /// The namespaces that are watched, first the one that READY looks into; none in a cluster in which only steps act.
    pub namespaces: &'a [String],
    /// Whether users' requests are sent, so that their pods are read for the circuit breaker's state.
    pub users: bool,
    /// Whether a step requests a URL, for which a Service's address is offered if it does not answer.
    pub requests: bool,
}

/// Permissions, with all that each is needed for. A permission in a namespace is left out if it is needed everywhere.
pub type Needs = BTreeMap<Permission, BTreeSet<PermissionUse>>;

/// Returns the needs of calls with these providers, and of the session around them.
pub fn needs<'a>(
    calls: impl IntoIterator<Item = &'a Map>,
    secrets: &Secrets,
    settings: &ClusterSettings,
    cluster: ClusterUse<'_>,
) -> Needs {
    let gremlin = Gremlin::new(settings.clone());
    let mut all = Needs::new();
    let mut add = |permission, usage| {
        all.entry(permission).or_default().insert(usage);
    };
    let first = cluster.namespaces.first().map(String::as_str);
    for provider in calls {
        for (needed, usage) in permissions(provider, &gremlin, secrets) {
            add(needed, usage);
        }
        let func = provider.get("func").and_then(Value::as_str).unwrap_or_default();
        if first.is_some() && BUDGETED.contains(&func) {
            add(Permission::new("policy", "poddisruptionbudgets", "list", first), PermissionUse::Budgets);
        }
    }
    for namespace in cluster.namespaces {
        let namespace = Some(namespace.as_str());
        for (group, resource) in VIEW {
            for verb in ["list", "watch"] {
                add(Permission::new(group, resource, verb, namespace), PermissionUse::View);
            }
        }
        add(Permission::new("", "pods/log", "get", namespace), PermissionUse::View);
        if cluster.users {
            for (resource, verb) in [("services", "list"), ("pods", "list"), ("pods/proxy", "get")] {
                add(Permission::new("", resource, verb, namespace), PermissionUse::Breaker);
            }
        }
    }
    if first.is_some() {
        add(Permission::new("coordination.k8s.io", "leases", "get", Some(LEASES)), PermissionUse::Kubelets);
        for verb in ["get", "create", "update", "delete"] {
            add(Permission::new("coordination.k8s.io", "leases", verb, first), PermissionUse::Operators);
        }
    }
    if let (Some(namespace), true) = (first, cluster.requests) {
        for (group, resource, verb) in ADDRESS {
            add(Permission::new(group, resource, verb, Some(namespace)), PermissionUse::Address);
        }
        add(Permission::new("", "nodes", "list", None), PermissionUse::Address);
    }
    merged(all)
}

/// Moves what is needed in a namespace to the same permission in the whole cluster, if that is needed too.
fn merged(all: Needs) -> Needs {
    let (everywhere, namespaced): (Needs, Needs) =
        all.into_iter().partition(|(permission, _)| permission.namespace.is_none());
    let mut merged = everywhere;
    for (permission, uses) in namespaced {
        let everywhere = Permission { namespace: None, ..permission.clone() };
        let key = if merged.contains_key(&everywhere) { everywhere } else { permission };
        merged.entry(key).or_default().extend(uses);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(module: &str, func: &str) -> Map {
        let pairs = [("type", "python"), ("module", module), ("func", func)];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
    }

    fn words(calls: &[Map], cluster: ClusterUse<'_>) -> Vec<String> {
        let settings = ClusterSettings::new(|_| None);
        let all = needs(calls, &Secrets::default(), &settings, cluster);
        all.iter()
            .map(|(permission, uses)| {
                let uses: Vec<String> = uses.iter().map(ToString::to_string).collect();
                format!("{permission}: {}", uses.join(", "))
            })
            .collect()
    }

    #[test]
    fn what_is_needed_everywhere_is_not_needed_in_a_namespace_too() {
        let drain = provider("chaosk8s.node.actions", "drain_nodes");
        let namespaces = ["shop".to_owned()];
        let cluster = ClusterUse { namespaces: &namespaces, ..ClusterUse::default() };
        let found = words(&[drain], cluster);
        assert!(
            found.contains(&"list pods in all namespaces: drain_nodes, live view".to_owned()),
            "{found:?}"
        );
        assert!(found.contains(&"watch pods in shop: live view".to_owned()), "{found:?}");
        assert!(!found.iter().any(|words| words.starts_with("list pods in shop")), "{found:?}");
    }

    #[test]
    fn only_what_the_session_does_is_needed() {
        let namespaces = ["shop".to_owned(), "db".to_owned()];
        let watched = ClusterUse { namespaces: &namespaces, ..ClusterUse::default() };
        let view = words(&[], watched);
        assert_eq!(view.len(), 27, "{view:?}");
        let other = view.iter().filter(|words| !words.ends_with("live view"));
        let operators = |verb: &str| format!("{verb} leases in shop: warning of a second operator");
        let mut wanted: Vec<String> = ["create", "delete", "get", "update"].map(operators).into();
        wanted.insert(2, "get leases in kube-node-lease: silence of kubelets".to_owned());
        assert_eq!(other.cloned().collect::<Vec<_>>(), wanted);
        let users = words(&[], ClusterUse { users: true, requests: true, ..watched });
        let more: Vec<&String> = users.iter().filter(|words| !words.ends_with("live view")).collect();
        assert!(more.iter().any(|words| words.starts_with("get pods/proxy in db")), "{more:?}");
        assert!(more.iter().any(|words| words.starts_with("list nodes in all namespaces")), "{more:?}");
        let kill = provider("chaosk8s.pod.actions", "terminate_pods");
        let budgets = "list poddisruptionbudgets in shop: note on disruption budgets".to_owned();
        assert!(words(std::slice::from_ref(&kill), watched).contains(&budgets));
        assert!(!words(&[kill], ClusterUse::default()).iter().any(|words| words.contains("budgets")));
    }

    #[test]
    fn an_attack_without_credentials_may_become_a_deletion() {
        let labels = Map::from_iter([("io.kubernetes.container.name".to_owned(), Value::from("app"))]);
        let arguments = Map::from_iter([("labels".to_owned(), Value::Map(labels))]);
        let mut attack = provider("chaosgremlin.actions", "attack");
        attack.insert("arguments".to_owned(), Value::Map(arguments));
        let found = words(&[attack], ClusterUse::default());
        assert!(
            found.iter().any(|words| words.starts_with("delete pods in default: deletion of")),
            "{found:?}"
        );
        assert!(found.iter().any(|words| words.starts_with("get deployments in default")), "{found:?}");
    }
}
