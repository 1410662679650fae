//! The Kubernetes permissions that each function needs (kubernetes-catalog 7).

use crate::{cluster::Permission, provider::Native};
use pyvalue::{Map, Value};

/// API group, resource, and the verbs used on it.
type Need = (&'static str, &'static str, &'static [&'static str]);

const PODS: Need = ("", "pods", &["list"]);
const DELETE_PODS: Need = ("", "pods", &["list", "delete"]);
const NODES: Need = ("", "nodes", &["list"]);
const PATCH_NODES: Need = ("", "nodes", &["list", "patch"]);
const DEPLOYMENTS: Need = ("apps", "deployments", &["list"]);
const WATCH_DEPLOYMENTS: Need = ("apps", "deployments", &["watch"]);

/// Functions and the permissions they need in the call's namespace.
const IN_NAMESPACE: &[(&[&str], &[Need])] = &[
    (
        &[
            "all_pods_healthy",
            "all_microservices_healthy",
            "pods_in_phase",
            "pods_not_in_phase",
            "pods_in_conditions",
            "count_pods",
            "count_min_pods",
            "pod_is_not_available",
            "microservice_is_not_available",
        ],
        &[PODS],
    ),
    (&["read_pod_logs", "read_microservices_logs"], &[PODS, ("", "pods/log", &["get"])]),
    (&["terminate_pods", "delete_pods"], &[DELETE_PODS]),
    (&["exec_in_pods"], &[PODS, ("", "pods/exec", &["get", "create"])]),
    (
        &[
            "deployment_available_and_healthy",
            "deployment_partially_available",
            "microservice_available_and_healthy",
        ],
        &[DEPLOYMENTS],
    ),
    (&["deployment_fully_available", "deployment_not_fully_available"], &[WATCH_DEPLOYMENTS]),
    (
        &["deployment_is_fully_available", "deployment_is_not_fully_available"],
        &[DEPLOYMENTS, WATCH_DEPLOYMENTS],
    ),
    (&["create_deployment", "start_microservice"], &[("apps", "deployments", &["create"])]),
    (&["delete_deployment"], &[("apps", "deployments", &["list", "delete"])]),
    (
        &["scale_deployment", "scale_microservice", "rollout_deployment"],
        &[("apps", "deployments", &["patch"])],
    ),
    (
        &["kill_microservice"],
        &[
            ("apps", "deployments", &["list", "delete"]),
            ("apps", "replicasets", &["list", "delete"]),
            DELETE_PODS,
        ],
    ),
    (&["delete_replica_set"], &[("apps", "replicasets", &["list", "delete"])]),
    (&["create_statefulset"], &[("apps", "statefulsets", &["create"])]),
    (&["scale_statefulset"], &[("apps", "statefulsets", &["patch"])]),
    (&["remove_statefulset"], &[("apps", "statefulsets", &["list", "delete"])]),
    (
        &["statefulset_fully_available", "statefulset_not_fully_available"],
        &[("apps", "statefulsets", &["watch"])],
    ),
    (&["create_daemon_set"], &[("apps", "daemonsets", &["create"])]),
    (&["update_daemon_set"], &[("apps", "daemonsets", &["patch"])]),
    (&["delete_daemon_set"], &[("apps", "daemonsets", &["list", "delete"])]),
    (
        &["daemon_set_available_and_healthy", "daemon_set_partially_available"],
        &[("apps", "daemonsets", &["list"])],
    ),
    (
        &["daemon_set_fully_available", "daemon_set_not_fully_available"],
        &[("apps", "daemonsets", &["watch"])],
    ),
    (&["create_service_endpoint"], &[("", "services", &["create"])]),
    (&["delete_service", "remove_service_endpoint"], &[("", "services", &["delete"])]),
    (&["service_is_initialized", "service_endpoint_is_initialized"], &[("", "services", &["list"])]),
    (&["secret_exists"], &[("", "secrets", &["list"])]),
    (&["create_secret"], &[("", "secrets", &["create"])]),
    (&["delete_secret"], &[("", "secrets", &["delete"])]),
    (
        &["deny_all_ingress", "deny_all_egress", "allow_dns_access", "create_network_policy"],
        &[("networking.k8s.io", "networkpolicies", &["create"])],
    ),
    (
        &[
            "remove_deny_all_ingress",
            "remove_deny_all_egress",
            "remove_allow_dns_access",
            "remove_network_policy",
        ],
        &[("networking.k8s.io", "networkpolicies", &["delete"])],
    ),
    (&["create_ingress"], &[("networking.k8s.io", "ingresses", &["create"])]),
    (&["update_ingress"], &[("networking.k8s.io", "ingresses", &["patch"])]),
    (&["delete_ingress"], &[("networking.k8s.io", "ingresses", &["delete"])]),
    (&["ingress_exists"], &[("networking.k8s.io", "ingresses", &["list"])]),
];

/// Functions and the permissions they need in the whole cluster.
const IN_CLUSTER: &[(&[&str], &[Need])] = &[
    (
        &[
            "get_nodes",
            "get_all_node_status_conditions",
            "all_nodes_must_be_ready_to_schedule",
            "verify_nodes_condition",
            "nodes_must_be_healthy",
        ],
        &[NODES],
    ),
    (&["cordon_node", "uncordon_node"], &[PATCH_NODES]),
    (&["drain_nodes"], &[PATCH_NODES, ("", "pods", &["list", "get"]), ("", "pods/eviction", &["create"])]),
    (&["namespace_exists"], &[("", "namespaces", &["list"])]),
    (&["create_namespace"], &[("", "namespaces", &["create"])]),
    (&["delete_namespace"], &[("", "namespaces", &["delete"])]),
    (&["get_events"], &[("events.k8s.io", "events", &["list"])]),
];

/// All permissions that a call with these arguments needs; empty for functions on custom objects, whose API group is
/// not fixed.
pub fn permissions(native: &Native, arguments: &Map) -> Vec<Permission> {
    let namespace =
        arguments.get("ns").and_then(Value::as_str).filter(|ns| !ns.is_empty()).unwrap_or("default");
    let namespaced = needs(IN_NAMESPACE, native.func).map(|need| (need, Some(namespace)));
    let cluster = needs(IN_CLUSTER, native.func).map(|need| (need, None));
    let each = namespaced.chain(cluster).flat_map(|((group, resource, verbs), namespace)| {
        verbs.iter().map(move |verb| Permission {
            group,
            resource,
            verb,
            namespace: namespace.map(str::to_owned),
        })
    });
    each.collect()
}

fn needs(table: &'static [(&[&str], &[Need])], func: &str) -> impl Iterator<Item = Need> {
    table.iter().filter(move |(funcs, _)| funcs.contains(&func)).flat_map(|(_, needs)| needs.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::kubernetes::catalogue;

    /// Functions that need no permission, or whose permissions depend on their arguments.
    fn is_free(native: &Native) -> bool {
        native.func == "should_be_found_in_logs"
            || native.module.starts_with("chaosk8s.crd")
            || native.module.starts_with("chaosk8s.chaosmesh")
    }

    #[test]
    fn every_function_has_its_needs_and_no_need_is_orphaned() {
        for native in catalogue::functions().iter().filter(|native| !is_free(native)) {
            assert!(!permissions(native, &Map::default()).is_empty(), "{}.{}", native.module, native.func);
        }
        for (funcs, _) in IN_NAMESPACE.iter().chain(IN_CLUSTER) {
            for func in *funcs {
                assert!(
                    catalogue::functions().iter().any(|native| native.func == *func),
                    "{func} is not native"
                );
            }
        }
    }

    #[test]
    fn in_words() {
        let native = catalogue::resolve("chaosk8s.pod.actions", "terminate_pods").unwrap();
        let arguments = Map::from_iter([("ns".to_owned(), Value::from("shop"))]);
        let words: Vec<String> = permissions(native, &arguments).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["list pods in shop", "delete pods in shop"]);
    }
}
