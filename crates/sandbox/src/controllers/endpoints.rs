//! The endpoints controller: maintains the Endpoints and `EndpointSlices` of every Service with a selector.

use super::{
    engine::Controller,
    naming,
    ownership::{self, is_terminating},
    pod,
};
use crate::{
    network::Network,
    store::{Key, LabelSelector, Object, Resource, Selectors, Status, Store},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The label of a slice that contains the name of its Service.
pub(super) const SERVICE_LABEL: &str = "kubernetes.io/service-name";

pub(super) struct Endpoints {
    /// Maps container ports to the ports on which the processes actually listen.
    pub network: Network,
}

/// A pod as an endpoint of a Service.
struct Endpoint {
    address: Value,
    ip: String,
    node: Value,
    target: Value,
    ready: bool,
    terminating: bool,
}

/// Endpoints grouped by the ports they serve, of which there is nearly always only one set.
type Groups = BTreeMap<String, (Value, Vec<Endpoint>)>;

impl Controller for Endpoints {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, previous: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::Services => vec![object.key()],
            Resource::Pods => {
                let services = store.list(Resource::Services, Some(&object.namespace), &Selectors::default());
                let selects = |service: &Value| {
                    selector(service).is_some_and(|selector| {
                        selector.matches(&object.labels)
                            || previous.is_some_and(|previous| selector.matches(&previous.labels))
                    })
                };
                services.objects.iter().filter(|service| selects(&service.value())).map(|s| s.key()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::Services, &key.0, &key.1) else {
            // Endpoints have their Service's name and no owner reference; the garbage collector removes the slices.
            store.mutate(Resource::Endpoints, &key.0, &key.1, |_| Ok(None))?;
            return Ok(None);
        };
        let service = object.value();
        let Some(selector) = selector(&service) else { return Ok(None) };
        let groups = self.groups(store, &service, selector, &key.0);
        write_endpoints(store, &object, &groups)?;
        write_slices(store, &object, groups)?;
        Ok(None)
    }
}

/// Returns the selector of a Service; `None` for Services whose endpoints are managed elsewhere.
fn selector(service: &Value) -> Option<LabelSelector> {
    LabelSelector::of_service(&service["spec"]["selector"]).filter(|selector| !selector.is_empty())
}

impl Endpoints {
    fn groups(&self, store: &Store, service: &Value, selector: LabelSelector, namespace: &str) -> Groups {
        let mut groups = Groups::new();
        let publish_all = service["spec"]["publishNotReadyAddresses"] == true;
        for object in store.list(Resource::Pods, Some(namespace), &Selectors::labels(selector)).objects {
            let pod = object.value();
            let Some(ip) = pod["status"]["podIP"].as_str().filter(|_| !pod::is_finished(&pod)) else {
                continue;
            };
            let ports = self.ports(service, &pod, &object.uid);
            let target =
                json!({"kind": "Pod", "namespace": namespace, "name": object.name, "uid": object.uid});
            let mut address = json!({"ip": ip, "targetRef": target});
            if pod["spec"]["nodeName"].is_string() {
                address["nodeName"] = pod["spec"]["nodeName"].clone();
            }
            let endpoint = Endpoint {
                address,
                ip: ip.to_owned(),
                node: pod["spec"]["nodeName"].clone(),
                target,
                ready: pod::is_ready(&pod) || publish_all,
                terminating: is_terminating(&pod),
            };
            groups.entry(ports.to_string()).or_insert_with(|| (ports, Vec::new())).1.push(endpoint);
        }
        groups
    }

    /// Returns the Service's ports as this pod serves them.
    fn ports(&self, service: &Value, pod: &Value, uid: &str) -> Value {
        let address = self.network.pod(uid);
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        ports
            .filter_map(|port| {
                let wanted = target_port(port, pod)?;
                let real = address.as_ref().map_or(wanted, |address| address.port(wanted));
                let protocol = port["protocol"].as_str().unwrap_or("TCP");
                let mut served = json!({"port": real, "protocol": protocol});
                if let Some(name) = port["name"].as_str() {
                    served["name"] = name.into();
                }
                Some(served)
            })
            .collect()
    }
}

/// Returns the container port of a Service's port: by number, by name, or the same number.
fn target_port(port: &Value, pod: &Value) -> Option<u16> {
    let number = |value: &Value| u16::try_from(value.as_u64()?).ok();
    match &port["targetPort"] {
        Value::Null => number(&port["port"]),
        Value::String(name) => name.parse().ok().or_else(|| {
            let containers = pod["spec"]["containers"].as_array()?.iter();
            let mut ports =
                containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
            number(&ports.find(|port| port["name"] == name.as_str())?["containerPort"])
        }),
        value => number(value),
    }
}

fn write_endpoints(store: &Store, service: &Object, groups: &Groups) -> Result<(), Status> {
    let mut subsets = Vec::new();
    for (ports, endpoints) in groups.values() {
        let addresses = |ready: bool| -> Vec<Value> {
            let wanted = endpoints.iter().filter(|endpoint| !endpoint.terminating && endpoint.ready == ready);
            wanted.map(|endpoint| endpoint.address.clone()).collect()
        };
        let mut subset = json!({});
        for (key, addresses) in [("addresses", addresses(true)), ("notReadyAddresses", addresses(false))] {
            if !addresses.is_empty() {
                subset[key] = addresses.into();
            }
        }
        if subset.as_object().is_some_and(|subset| !subset.is_empty()) {
            subset["ports"] = ports.clone();
            subsets.push(subset);
        }
    }
    let labels = service.labels.clone();
    store.mutate(Resource::Endpoints, &service.namespace, &service.name, |known| {
        let mut endpoints = known.unwrap_or_else(|| json!({"metadata": {"labels": labels}}));
        if subsets.is_empty() {
            endpoints.as_object_mut().map(|fields| fields.shift_remove("subsets"));
        } else {
            endpoints["subsets"] = subsets.into();
        }
        Ok(Some(endpoints))
    })?;
    Ok(())
}

fn write_slices(store: &Store, service: &Object, mut groups: Groups) -> Result<(), Status> {
    if groups.is_empty() {
        groups.insert("[]".to_owned(), (json!([]), Vec::new()));
    }
    let mut kept = Vec::new();
    // The first slice keeps its name when the ports change, so that watchers see one slice change.
    for (place, (ports, endpoints)) in groups.into_values().enumerate() {
        let seed = format!("{}{place}", service.uid);
        let suffix: String = naming::encode_hash(naming::hash(seed.as_bytes())).chars().take(5).collect();
        let name = format!("{}-{suffix}", service.name);
        let endpoints: Vec<Value> = endpoints.iter().map(slice_endpoint).collect();
        let ports = slice_ports(ports);
        let mut labels = json!(service.labels);
        labels[SERVICE_LABEL] = service.name.as_str().into();
        labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io".into();
        store.mutate(Resource::EndpointSlices, &service.namespace, &name, |known| {
            let mut slice = known.unwrap_or_else(|| {
                let owners = json!([ownership::reference(service)]);
                json!({"metadata": {"generateName": format!("{}-", service.name), "ownerReferences": owners}})
            });
            slice["metadata"]["labels"] = labels;
            slice["addressType"] = "IPv4".into();
            slice["endpoints"] = endpoints.into();
            slice["ports"] = ports;
            Ok(Some(slice))
        })?;
        kept.push(name);
    }
    for child in store.children(&service.uid) {
        if child.resource == Resource::EndpointSlices && !kept.contains(&child.name) {
            store.mutate(Resource::EndpointSlices, &child.namespace, &child.name, |_| Ok(None))?;
        }
    }
    Ok(())
}

/// Sets missing port names to an empty name, which slices always have and Endpoints omit.
fn slice_ports(mut ports: Value) -> Value {
    for port in ports.as_array_mut().into_iter().flatten() {
        if port["name"].is_null() {
            port["name"] = "".into();
        }
    }
    ports
}

fn slice_endpoint(endpoint: &Endpoint) -> Value {
    json!({
        "addresses": [endpoint.ip],
        "conditions": {
            "ready": endpoint.ready && !endpoint.terminating,
            "serving": endpoint.ready,
            "terminating": endpoint.terminating,
        },
        "nodeName": endpoint.node,
        "targetRef": endpoint.target,
    })
}
