//! The initial objects of a cluster.

use super::{
    authorization::Policy,
    network::{Network, ServiceKey},
    provisioning,
    store::{Resource, Status, Store, time},
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The names of the cluster's nodes: two, so that one can be drained.
const NODES: [&str; 2] = ["sandbox-1", "sandbox-2"];
/// The Kubernetes version, the same as in the API's `/version`.
const VERSION: &str = "v1.33.0";
/// The port of the Service `kubernetes`.
const API_PORT: u16 = 443;

/// Creates the namespaces, the nodes and the Service `kubernetes`, as in a new cluster. The namespace controller adds
/// the default objects of each namespace, such as its service account.
///
/// # Errors
/// Fails when the network has no free address for the Service.
pub(super) fn create(store: &Store, network: &Network) -> Result<(), Status> {
    for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        store.mutate(Resource::Namespaces, "", namespace, |_| {
            Ok(Some(json!({
                "metadata": {"labels": {"kubernetes.io/metadata.name": namespace}},
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            })))
        })?;
    }
    for name in NODES {
        store.mutate(Resource::Nodes, "", name, |_| Ok(Some(node(name))))?;
    }
    let mut service = json!({
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP",
            "ports": [{"name": "https", "port": API_PORT, "targetPort": API_PORT, "protocol": "TCP"}],
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    });
    provisioning::provision_service(network, None, &mut service)?;
    store.mutate(Resource::Services, "default", "kubernetes", |_| Ok(Some(service)))?;
    Ok(())
}

/// Creates the `ServiceAccounts` of a policy in the namespaces that exist.
///
/// # Errors
/// Fails when the store refuses an object.
pub(super) fn create_accounts(store: &Store, policy: &Policy) -> Result<(), Status> {
    for account in policy.accounts() {
        if store.get(Resource::Namespaces, "", &account.namespace).is_some() {
            store.mutate(Resource::ServiceAccounts, &account.namespace, &account.name, |before| {
                Ok(Some(before.unwrap_or_else(|| json!({"metadata": {}}))))
            })?;
        }
    }
    Ok(())
}

/// Writes the endpoints of the Service `kubernetes`, which are the API's address.
///
/// # Errors
/// Fails when the store refuses an object.
pub(super) fn announce_api(store: &Store, address: SocketAddr) -> Result<(), Status> {
    let (ip, port) = (address.ip().to_string(), address.port());
    let ports = json!([{"name": "https", "port": port, "protocol": "TCP"}]);
    let key: ServiceKey = ("default".to_owned(), "kubernetes".to_owned());
    store.mutate(Resource::Endpoints, &key.0, &key.1, |_| {
        let subset = json!({"addresses": [{"ip": ip}], "ports": ports});
        Ok(Some(json!({"metadata": {}, "subsets": [subset]})))
    })?;
    store.mutate(Resource::EndpointSlices, &key.0, &key.1, |_| {
        Ok(Some(json!({
            "metadata": {"labels": {"kubernetes.io/service-name": key.1}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [ip], "conditions": {"ready": true}}],
            "ports": ports,
        })))
    })?;
    Ok(())
}

fn node(name: &str) -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let system = std::env::consts::OS;
    let now = time::now();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    let kernel =
        std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "unknown".to_owned());
    let resources = json!({"cpu": "4", "memory": "8Gi", "ephemeral-storage": "20Gi", "pods": "110"});
    json!({
        "metadata": {
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/arch": architecture,
                "kubernetes.io/os": system,
                "beta.kubernetes.io/arch": architecture,
                "beta.kubernetes.io/os": system,
            },
        },
        "spec": {},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
            "nodeInfo": {
                "architecture": architecture,
                "bootID": uuid::Uuid::new_v4().to_string(),
                "containerRuntimeVersion": concat!("chaos-tui://", env!("CARGO_PKG_VERSION")),
                "kernelVersion": kernel.trim(),
                "kubeProxyVersion": VERSION,
                "kubeletVersion": VERSION,
                "machineID": uuid::Uuid::new_v4().simple().to_string(),
                "operatingSystem": system,
                "osImage": "chaos-tui sandbox",
                "systemUUID": uuid::Uuid::new_v4().to_string(),
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{super::network::Delays, *};

    #[tokio::test]
    async fn a_cluster_is_born_with_what_strict_clients_ask_for() {
        let store = Store::new();
        let network = Network::new(Delays::NONE);
        create(&store, &network).unwrap();
        announce_api(&store, "127.0.0.1:6443".parse().unwrap()).unwrap();
        let node = store.get(Resource::Nodes, "", "sandbox-1").unwrap().value();
        for key in [
            "architecture",
            "bootID",
            "containerRuntimeVersion",
            "kernelVersion",
            "kubeProxyVersion",
            "kubeletVersion",
            "machineID",
            "operatingSystem",
            "osImage",
            "systemUUID",
        ] {
            assert!(node["status"]["nodeInfo"][key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
        }
        let service = store.get(Resource::Services, "default", "kubernetes").unwrap().value();
        assert!(service["spec"]["clusterIP"].as_str().unwrap().starts_with("127."));
        let endpoints = store.get(Resource::Endpoints, "default", "kubernetes").unwrap().value();
        assert_eq!(endpoints["subsets"][0]["ports"][0]["port"], 6443);
        for namespace in ["default", "kube-system"] {
            assert!(store.get(Resource::Namespaces, "", namespace).is_some());
        }
    }
}
