//! Configures the network for Services, like kube-proxy: opens their ports and sets their endpoints.

use super::{endpoints::SERVICE_LABEL, engine::Controller};
use crate::{
    network::{Network, ServicePort},
    provisioning::DISPLACED,
    recorder::EventRecorder,
    store::{Key, LabelSelector, Object, Resource, Selectors, Status, Store},
};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    time::Duration,
};

/// The delay before retrying to listen on a port that another program uses.
const RETRY: Duration = Duration::from_secs(2);

pub(super) struct ServiceProxy {
    pub network: Network,
    pub recorder: EventRecorder,
    /// The last warning about each Service's node ports, so that a warning is not repeated.
    pub last_warnings: HashMap<Key, String>,
}

impl Controller for ServiceProxy {
    type Key = Key;

    fn affected_keys(&self, _: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::Services => vec![object.key()],
            Resource::EndpointSlices => {
                let service = object.labels.get(SERVICE_LABEL);
                service.map(|name| (object.namespace.clone(), name.clone())).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::Services, &key.0, &key.1) else {
            self.last_warnings.remove(key);
            self.network.remove_service(key);
            return Ok(None);
        };
        let service = object.value();
        let words = service["metadata"]["annotations"][DISPLACED].as_str().unwrap_or_default();
        if self.last_warnings.get(key).is_none_or(|said| said != words) {
            if !words.is_empty() {
                self.recorder.warning(&object, "NodePortTaken", words);
            }
            self.last_warnings.insert(key.clone(), words.to_owned());
        }
        let slices = slices(store, key);
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        let exposed: Vec<ServicePort> = ports.filter_map(|port| exposed(port, &slices)).collect();
        match self.network.expose(key, &exposed) {
            Ok(()) => Ok(None),
            Err(error) => {
                self.recorder.warning(&object, "FailedToListen", &error.to_string());
                Ok(Some(RETRY))
            }
        }
    }
}

fn slices(store: &Store, (namespace, name): &Key) -> Vec<Value> {
    let Ok(selector) = LabelSelector::parse(&format!("{SERVICE_LABEL}={name}")) else { return Vec::new() };
    let listing = store.list(Resource::EndpointSlices, Some(namespace), &Selectors::labels(selector));
    listing.objects.iter().map(|slice| slice.value()).collect()
}

fn number(value: &Value) -> Option<u16> {
    u16::try_from(value.as_u64()?).ok()
}

/// Returns a Service's port with its ready endpoints. Only TCP is supported.
fn exposed(port: &Value, slices: &[Value]) -> Option<ServicePort> {
    if port["protocol"].as_str().is_some_and(|protocol| protocol != "TCP") {
        return None;
    }
    let name = |port: &Value| port["name"].as_str().unwrap_or_default().to_owned();
    let mut endpoints = BTreeSet::new();
    for slice in slices {
        let served =
            slice["ports"].as_array().into_iter().flatten().find(|served| name(served) == name(port));
        let Some(target) = served.and_then(|served| number(&served["port"])) else { continue };
        for endpoint in slice["endpoints"].as_array().into_iter().flatten() {
            if endpoint["conditions"]["ready"] == false {
                continue;
            }
            let addresses = endpoint["addresses"].as_array().into_iter().flatten();
            endpoints.extend(
                addresses
                    .filter_map(|address| address.as_str()?.parse().ok())
                    .map(|ip: std::net::IpAddr| SocketAddr::new(ip, target)),
            );
        }
    }
    Some(ServicePort { port: number(&port["port"])?, node_port: number(&port["nodePort"]), endpoints })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ports_meet_by_name_and_only_ready_endpoints_count() {
        let slice = json!({
            "ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 9090}],
            "endpoints": [
                {"addresses": ["127.77.0.1"], "conditions": {"ready": true}},
                {"addresses": ["127.77.0.2"], "conditions": {"ready": false}},
            ],
        });
        let port = json!({"name": "http", "port": 80, "nodePort": 30123});
        let found = exposed(&port, &[slice]).unwrap();
        let endpoints = BTreeSet::from(["127.77.0.1:8080".parse().unwrap()]);
        assert_eq!(found, ServicePort { port: 80, node_port: Some(30123), endpoints });
        let unnamed =
            json!({"ports": [{"name": "", "port": 8080}], "endpoints": [{"addresses": ["127.77.0.1"]}]});
        assert_eq!(exposed(&json!({"port": 80}), &[unnamed]).unwrap().endpoints.len(), 1);
        assert_eq!(exposed(&json!({"port": 53, "protocol": "UDP"}), &[]), None);
    }
}
