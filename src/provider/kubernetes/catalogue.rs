//! The table of all native functions by module and name, with the aliases.

use super::{
    chaosmesh, custom, daemonset, deployment, entry::Entry, legacy, namespace, networking, node, pod,
    service, statefulset,
};
use crate::provider::Native;
use std::sync::LazyLock;

/// The entries of each module.
static MODULES: &[&[Entry]] = &[
    pod::actions::ENTRIES,
    pod::probes::ENTRIES,
    deployment::ACTIONS,
    deployment::PROBES,
    service::ACTIONS,
    service::PROBES,
    legacy::ACTIONS,
    legacy::PROBES,
    statefulset::ACTIONS,
    statefulset::PROBES,
    statefulset::REPLICASET_ACTIONS,
    daemonset::ACTIONS,
    daemonset::PROBES,
    node::actions::ENTRIES,
    node::probes::ENTRIES,
    networking::ACTIONS,
    networking::PROBES,
    namespace::ACTIONS,
    namespace::PROBES,
    namespace::SECRET_ACTIONS,
    namespace::SECRET_PROBES,
    namespace::EVENT_PROBES,
    custom::ACTIONS,
    custom::PROBES,
    chaosmesh::NETWORK_ACTIONS,
    chaosmesh::NETWORK_PROBES,
    chaosmesh::STRESS_ACTIONS,
    chaosmesh::STRESS_PROBES,
];

/// Functions that can also be called through another module because the reference imports them there
/// (kubernetes-catalog 2.0): other module, own module, functions.
static ALIASES: &[(&str, &str, &[&str])] = &[
    (
        "chaosk8s.probes",
        "chaosk8s.pod.probes",
        &["all_pods_healthy", "pod_is_not_available", "read_pod_logs"],
    ),
    (
        "chaosk8s.probes",
        "chaosk8s.deployment.probes",
        &["deployment_available_and_healthy", "deployment_fully_available", "deployment_not_fully_available"],
    ),
    ("chaosk8s.probes", "chaosk8s.service.probes", &["service_is_initialized"]),
    (
        "chaosk8s.actions",
        "chaosk8s.deployment.actions",
        &["create_deployment", "delete_deployment", "scale_deployment"],
    ),
    ("chaosk8s.actions", "chaosk8s.pod.actions", &["delete_pods"]),
    ("chaosk8s.probes", "chaosk8s.secret.probes", &["secret_exists"]),
    ("chaosk8s.actions", "chaosk8s.replicaset.actions", &["delete_replica_set"]),
    ("chaosk8s.actions", "chaosk8s.service.actions", &["delete_service"]),
    (
        "chaosk8s.chaosmesh.network.actions",
        "chaosk8s.crd.actions",
        &["create_custom_object", "delete_custom_object"],
    ),
    (
        "chaosk8s.chaosmesh.stress.actions",
        "chaosk8s.crd.actions",
        &["create_custom_object", "delete_custom_object"],
    ),
    (
        "chaosk8s.chaosmesh.network.probes",
        "chaosk8s.crd.probes",
        &["get_custom_object", "list_custom_objects"],
    ),
    (
        "chaosk8s.chaosmesh.stress.probes",
        "chaosk8s.crd.probes",
        &["get_custom_object", "list_custom_objects"],
    ),
];

fn entries() -> impl Iterator<Item = &'static Entry> {
    MODULES.iter().flat_map(|entries| entries.iter())
}

/// All functions under all their modules.
pub(super) fn functions() -> &'static [Native] {
    static ALL: LazyLock<Vec<Native>> = LazyLock::new(|| {
        let aliases = ALIASES.iter().flat_map(|(module, own, funcs)| {
            let natives = funcs.iter().filter_map(|func| entry(own, func));
            natives.map(move |entry| Native { module, ..entry.native })
        });
        entries().map(|entry| entry.native).chain(aliases).collect()
    });
    &ALL
}

/// The native function for a Python module and function name, if there is one.
pub fn resolve(module: &str, func: &str) -> Option<&'static Native> {
    functions().iter().find(|native| native.func == func && native.module == module)
}

/// The entry for a module and function name, also for an alias.
pub(super) fn entry(module: &str, func: &str) -> Option<&'static Entry> {
    let own = |module: &str| entries().find(|e| e.native.func == func && e.native.module == module);
    let alias = || {
        let mut aliases = ALIASES.iter();
        aliases.find(|(other, _, funcs)| *other == module && funcs.contains(&func)).map(|(_, home, _)| *home)
    };
    own(module).or_else(|| alias().and_then(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_leads_home() {
        for (module, own, funcs) in ALIASES {
            for func in *funcs {
                assert!(entry(own, func).is_some(), "{own}.{func}");
                assert_eq!(
                    resolve(module, func).map(|native| native.module),
                    Some(*module),
                    "{module}.{func}"
                );
            }
        }
    }

    #[test]
    fn addresses_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for native in functions() {
            assert!(seen.insert((native.module, native.func)), "{}.{} twice", native.module, native.func);
        }
    }
}
