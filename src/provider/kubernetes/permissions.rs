//! The Kubernetes permissions that each function needs (kubernetes-catalog 7): for its call, for the prediction of what
//! it would hit, and for the undo kit.

use crate::{
    cluster::{Permission, PermissionUse},
    provider::Native,
};
use pyvalue::{Map, Value};

/// API group, resource, and the verbs used on it.
type Need = (&'static str, &'static str, &'static [&'static str]);

const PODS: Need = ("", "pods", &["list"]);
const DELETE_PODS: Need = ("", "pods", &["list", "delete"]);
const NODES: Need = ("", "nodes", &["list"]);
const PATCH_NODES: Need = ("", "nodes", &["list", "patch"]);
const DEPLOYMENTS: Need = ("apps", "deployments", &["list"]);
const WATCH_DEPLOYMENTS: Need = ("apps", "deployments", &["watch"]);
const STATEFULSETS: Need = ("apps", "statefulsets", &["list"]);
const DAEMONSETS: Need = ("apps", "daemonsets", &["list"]);
const SERVICES: Need = ("", "services", &["list"]);
/// Restoring is a server-side apply, which patches or creates.
const RESTORE: &[&str] = &["get", "patch", "create"];

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

/// What is looked up before the call, in its namespace: the target card's objects, and those that READY misses.
const LOOKED_UP: &[(&[&str], &[Need])] = &[
    (DELETE_POD_FUNCTIONS, &[PODS, ("apps", "deployments", &["get"]), SERVICES]),
    (&["exec_in_pods", "deny_all_ingress", "deny_all_egress"], &[PODS]),
    (
        &[
            "kill_microservice",
            "delete_deployment",
            "scale_deployment",
            "scale_microservice",
            "rollout_deployment",
        ],
        &[DEPLOYMENTS, PODS, SERVICES],
    ),
    (&["remove_statefulset", "scale_statefulset"], &[STATEFULSETS, PODS, SERVICES]),
    (&["delete_daemon_set"], &[DAEMONSETS, PODS, SERVICES]),
    (&["delete_replica_set"], &[("apps", "replicasets", &["list"]), PODS, SERVICES]),
    (
        &["delete_service", "remove_service_endpoint"],
        &[SERVICES, ("discovery.k8s.io", "endpointslices", &["list"])],
    ),
    (&["deployment_fully_available", "deployment_not_fully_available"], &[DEPLOYMENTS]),
    (&["statefulset_fully_available", "statefulset_not_fully_available"], &[STATEFULSETS]),
    (&["daemon_set_fully_available", "daemon_set_not_fully_available", "update_daemon_set"], &[DAEMONSETS]),
];

/// What the undo kit reads before the call and would write after it, in the call's namespace. A pod is taken to have an
/// owner that re-creates it, so pods themselves are not written.
const UNDONE: &[(&[&str], &[Need])] = &[
    (DELETE_POD_FUNCTIONS, OWNERS),
    (
        &[
            "kill_microservice",
            "delete_deployment",
            "scale_deployment",
            "scale_microservice",
            "rollout_deployment",
        ],
        &[("apps", "deployments", RESTORE), SERVICES, PODS],
    ),
    (&["remove_statefulset", "scale_statefulset"], &[("apps", "statefulsets", RESTORE), SERVICES, PODS]),
    (&["delete_daemon_set"], &[("apps", "daemonsets", RESTORE), SERVICES, PODS]),
    (&["delete_replica_set"], &[("apps", "replicasets", RESTORE), SERVICES, PODS]),
    (&["delete_service", "remove_service_endpoint"], &[("", "services", RESTORE)]),
    (
        &["delete_ingress", "update_ingress"],
        &[("networking.k8s.io", "ingresses", &["list"]), ("networking.k8s.io", "ingresses", RESTORE)],
    ),
    // A policy that did not exist is removed again.
    (
        &["deny_all_ingress", "deny_all_egress", "allow_dns_access", "create_network_policy"],
        &[("networking.k8s.io", "networkpolicies", &["get", "delete"])],
    ),
    (
        &[
            "remove_deny_all_ingress",
            "remove_deny_all_egress",
            "remove_allow_dns_access",
            "remove_network_policy",
        ],
        &[("networking.k8s.io", "networkpolicies", RESTORE)],
    ),
];

/// The same for the whole cluster. A node is never re-created.
const LOOKED_UP_IN_CLUSTER: &[(&[&str], &[Need])] =
    &[(&["drain_nodes"], &[("policy", "poddisruptionbudgets", &["list"])])];
const UNDONE_IN_CLUSTER: &[(&[&str], &[Need])] =
    &[(&["cordon_node", "uncordon_node", "drain_nodes"], &[("", "nodes", &["get", "list", "patch"])])];

const DELETE_POD_FUNCTIONS: &[&str] = &["terminate_pods", "delete_pods"];

/// What is read of the owners of pods, whichever kind they are, and of what stands in front of them.
const OWNERS: &[Need] = &[
    ("apps", "deployments", &["get"]),
    ("apps", "replicasets", &["get"]),
    ("apps", "statefulsets", &["get"]),
    ("apps", "daemonsets", &["get"]),
    SERVICES,
    PODS,
];

/// A permission and what it is needed for.
pub type Needed = (Permission, PermissionUse);

/// All permissions that a call with these arguments needs.
pub fn permissions(native: &Native, arguments: &Map) -> Vec<Needed> {
    let step = PermissionUse::Step(native.func.to_owned());
    let place = namespace_of(native, arguments);
    let place = place.as_deref();
    let mut needed = custom_objects(native, arguments, place);
    let tables = [
        (IN_NAMESPACE, place, &step),
        (IN_CLUSTER, None, &step),
        (LOOKED_UP, place, &PermissionUse::Prediction),
        (UNDONE, place, &PermissionUse::Undo),
        (LOOKED_UP_IN_CLUSTER, None, &PermissionUse::Prediction),
        (UNDONE_IN_CLUSTER, None, &PermissionUse::Undo),
    ];
    for (table, namespace, usage) in tables {
        let rows = table.iter().filter(|(funcs, _)| funcs.contains(&native.func));
        rows.for_each(|(_, needs)| needed.extend(each(needs, namespace, usage)));
    }
    if native.func == "drain_nodes" && place.is_some() {
        needed.extend(each(&[PODS], place, &step));
    }
    needed
}

/// The permissions for the pods with containers of an attack in this namespace: its target card and its undo kit.
pub fn container_permissions(namespace: &str) -> Vec<Needed> {
    let looked_up: &[Need] = &[PODS, ("apps", "deployments", &["get"]), SERVICES];
    let looked_up = each(looked_up, Some(namespace), &PermissionUse::Prediction);
    looked_up.chain(each(OWNERS, Some(namespace), &PermissionUse::Undo)).collect()
}

/// The namespace that a call acts in: its argument `ns`, else `default`. `None` for functions on objects of the whole
/// cluster, except for the namespace of the pods by which nodes are selected.
pub fn namespace_of(native: &Native, arguments: &Map) -> Option<String> {
    let text = |key: &str| arguments.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let takes = |key: &str| native.parameters.iter().any(|parameter| parameter.name == key);
    if takes("ns") && !needs(IN_CLUSTER, native.func) {
        return Some(text("ns").unwrap_or("default").to_owned());
    }
    text("pod_namespace").filter(|_| text("pod_label_selector").is_some()).map(str::to_owned)
}

/// The permissions for custom objects, whose API group is an argument.
fn custom_objects(native: &Native, arguments: &Map, namespace: Option<&str>) -> Vec<Needed> {
    let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let verb = match native.func.split('_').next().unwrap_or_default() {
        "patch" => "patch",
        "delete" => "delete",
        "get" if native.func.ends_with("faults") || native.func.ends_with("stressors") => "list",
        "get" => "get",
        "list" => "list",
        _ => "create",
    };
    let (group, resource) = if native.parameters.iter().any(|parameter| parameter.name == "plural") {
        (text("group"), text("plural"))
    } else if native.module.starts_with("chaosk8s.chaosmesh.network") {
        ("chaos-mesh.org".to_owned(), "networkchaos".to_owned())
    } else if native.module.starts_with("chaosk8s.chaosmesh.stress") {
        ("chaos-mesh.org".to_owned(), "stresschaos".to_owned())
    } else {
        return Vec::new();
    };
    let namespace = namespace.map(str::to_owned);
    let permission = Permission { group: group.into(), resource: resource.into(), verb, namespace };
    vec![(permission, PermissionUse::Step(native.func.to_owned()))]
}

fn each<'a>(
    needs: &'a [Need],
    namespace: Option<&'a str>,
    usage: &'a PermissionUse,
) -> impl Iterator<Item = Needed> + 'a {
    needs.iter().flat_map(move |(group, resource, verbs)| {
        verbs.iter().map(move |verb| (Permission::new(group, resource, verb, namespace), usage.clone()))
    })
}

fn needs(table: &[(&[&str], &[Need])], func: &str) -> bool {
    table.iter().any(|(funcs, _)| funcs.contains(&func))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::kubernetes::catalogue;

    #[test]
    fn every_function_has_its_needs_and_no_need_is_orphaned() {
        for native in catalogue::functions().iter().filter(|native| native.func != "should_be_found_in_logs")
        {
            let calls = permissions(native, &Map::default());
            let calls = calls.iter().filter(|(_, usage)| matches!(usage, PermissionUse::Step(_)));
            assert!(calls.count() > 0, "{}.{}", native.module, native.func);
        }
        let tables = [IN_NAMESPACE, IN_CLUSTER, LOOKED_UP, UNDONE, LOOKED_UP_IN_CLUSTER, UNDONE_IN_CLUSTER];
        for (funcs, _) in tables.into_iter().flatten() {
            for func in *funcs {
                assert!(
                    catalogue::functions().iter().any(|native| native.func == *func),
                    "{func} is not native"
                );
            }
        }
    }

    fn words(module: &str, func: &str, arguments: &[(&str, &str)]) -> Vec<String> {
        let native = catalogue::resolve(module, func).unwrap();
        let arguments =
            arguments.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
        let all = permissions(native, &arguments);
        all.iter().map(|(permission, usage)| format!("{usage}: {permission}")).collect()
    }

    #[test]
    fn in_words() {
        let words = |arguments: &[(&str, &str)]| words("chaosk8s.pod.actions", "terminate_pods", arguments);
        let found = words(&[("ns", "shop")]);
        assert_eq!(found[..2], ["terminate_pods: list pods in shop", "terminate_pods: delete pods in shop"]);
        assert!(found.contains(&"target card: get deployments in shop".to_owned()), "{found:?}");
        assert!(found.contains(&"undo: get statefulsets in shop".to_owned()), "{found:?}");
        assert!(!found.iter().any(|words| words.contains("patch") || words.contains("create")), "{found:?}");
        assert!(words(&[]).iter().all(|words| words.ends_with("in default")));
    }

    #[test]
    fn custom_objects_have_the_group_of_the_arguments_and_nodes_no_namespace() {
        let custom =
            [("group", "mesh.io"), ("version", "v1"), ("plural", "routes"), ("name", "r"), ("ns", "shop")];
        let words = |module, func, arguments: &[(&str, &str)]| words(module, func, arguments);
        assert_eq!(
            words("chaosk8s.crd.actions", "patch_custom_object", &custom),
            ["patch_custom_object: patch routes in shop"]
        );
        assert_eq!(
            words("chaosk8s.crd.probes", "list_cluster_custom_objects", &custom[..3]),
            ["list_cluster_custom_objects: list routes in all namespaces"]
        );
        assert_eq!(
            words("chaosk8s.chaosmesh.stress.probes", "get_stressors", &[]),
            ["get_stressors: list stresschaos in default"]
        );
        let drain = [("pod_label_selector", "a=b"), ("pod_namespace", "shop")];
        let drained = words("chaosk8s.node.actions", "drain_nodes", &drain);
        assert!(drained.contains(&"drain_nodes: list pods in shop".to_owned()), "{drained:?}");
        let cordon = words("chaosk8s.node.actions", "cordon_node", &[]);
        assert!(cordon.iter().all(|words| words.ends_with("in all namespaces")), "{cordon:?}");
    }
}
