//! The pods to which a port-forward leads, and whether one of them still exists.

use super::ForwardTarget;
use k8s_openapi::api::{
    core::v1::Pod,
    discovery::v1::{EndpointConditions, EndpointSlice},
};
use kube::{Api, Client, ResourceExt, api::ListParams};
use std::collections::BTreeMap;

/// Label of a slice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// A port of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodPort {
    pub(super) pod: String,
    /// Empty if it is not known.
    pub(super) uid: String,
    pub(super) port: u16,
}

/// The pods that get traffic now, by name: those that are ready; if none is, those that end but still serve, as
/// kube-proxy does.
pub(super) async fn serving(client: &Client, target: &ForwardTarget) -> Result<Vec<PodPort>, kube::Error> {
    let (namespace, service, port) = match target {
        ForwardTarget::Pod { pod, port, .. } => {
            return Ok(vec![PodPort { pod: pod.clone(), uid: String::new(), port: *port }]);
        }
        ForwardTarget::Service { namespace, service, port_name, .. } => (namespace, service, port_name),
    };
    let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), namespace);
    let slices = slices.list(&ListParams::default().labels(&format!("{SERVICE_NAME}={service}"))).await?;
    Ok(of_slices(&slices.items, port))
}

fn of_slices(slices: &[EndpointSlice], port_name: &str) -> Vec<PodPort> {
    let mut found: [BTreeMap<String, PodPort>; 2] = Default::default();
    let [ready, ending] = &mut found;
    for slice in slices {
        let mut ports = slice.ports.iter().flatten();
        let port = ports.find(|port| port.name.as_deref().unwrap_or_default() == port_name);
        let Some(port) = port.and_then(|port| u16::try_from(port.port?).ok()) else { continue };
        for endpoint in &slice.endpoints {
            let Some(pod) =
                endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"))
            else {
                continue;
            };
            let unknown = EndpointConditions::default();
            let conditions = endpoint.conditions.as_ref().unwrap_or(&unknown);
            // Unknown counts as ready (discovery.k8s.io/v1).
            let into = if conditions.ready.unwrap_or(true) {
                &mut *ready
            } else if conditions.serving == Some(true) && conditions.terminating == Some(true) {
                &mut *ending
            } else {
                continue;
            };
            if let Some(name) = &pod.name {
                let uid = pod.uid.clone().unwrap_or_default();
                into.insert(name.clone(), PodPort { pod: name.clone(), uid, port });
            }
        }
    }
    let [ready, ending] = found;
    if ready.is_empty() { ending } else { ready }.into_values().collect()
}

/// Whether the pod still runs and is not about to be deleted.
pub(super) async fn stays(client: &Client, namespace: &str, pod: &PodPort) -> Result<bool, kube::Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let found = pods.list(&ListParams::default().fields(&format!("metadata.name={}", pod.pod))).await?;
    Ok(found.items.iter().any(|found| {
        let phase = found.status.as_ref().and_then(|status| status.phase.as_deref());
        let same = pod.uid.is_empty() || found.uid().as_ref() == Some(&pod.uid);
        same && found.metadata.deletion_timestamp.is_none() && phase == Some("Running")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn slice(family: &str, endpoints: &[Value]) -> EndpointSlice {
        serde_json::from_value(
            json!({"metadata": {"name": family}, "addressType": family, "endpoints": endpoints,
            "ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 8081}]}),
        )
        .unwrap()
    }

    fn endpoint(pod: &str, ready: bool, terminating: bool) -> Value {
        json!({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": pod, "uid": pod},
            "conditions": {"ready": ready, "serving": ready || terminating, "terminating": terminating}})
    }

    #[test]
    fn ready_pods_get_traffic_and_ending_ones_only_if_none_is_ready() {
        let names = |endpoints: &[Value], port: &str| -> Vec<(String, u16)> {
            let slices = [slice("IPv4", endpoints), slice("IPv6", endpoints)];
            of_slices(&slices, port).into_iter().map(|found| (found.pod, found.port)).collect()
        };
        let all = [endpoint("b", true, false), endpoint("a", true, false), endpoint("c", false, true)];
        let found = names(&all, "http");
        assert_eq!(
            found,
            [("a".to_owned(), 8080), ("b".to_owned(), 8080)],
            "each once, whatever its addresses"
        );
        assert_eq!(names(&all, "admin")[0].1, 8081);
        assert_eq!(names(&all[2..], "http"), [("c".to_owned(), 8080)]);
        assert!(names(&[endpoint("d", false, false)], "http").is_empty());
        assert!(
            names(&all, "other").is_empty() && names(&[json!({"addresses": ["1.2.3.4"]})], "http").is_empty()
        );
    }
}
