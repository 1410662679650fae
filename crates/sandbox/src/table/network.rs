//! Tables of Services, endpoints, network policies and ingresses.

use super::{
    Column,
    cell::{at_most_three, created, items, name, none_if_empty, pairs, selector, text, text_or_none},
    narrow, texts, wide,
};
use jiff::Timestamp;
use serde_json::Value;

pub(super) const SERVICE: &[Column] = &[
    narrow("Name"),
    narrow("Type"),
    narrow("Cluster-IP"),
    narrow("External-IP"),
    narrow("Port(s)"),
    narrow("Age"),
    wide("Selector"),
];

pub(super) fn service(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let ports = items(&spec["ports"]).map(|port| {
        let node_port = port["nodePort"].as_i64().filter(|&port| port > 0);
        let node_port = node_port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{node_port}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP"))
    });
    texts([
        name(object),
        text(&spec["type"]),
        text_or_none(&spec["clusterIP"]),
        external_address(object),
        none_if_empty(ports.collect::<Vec<_>>().join(",")),
        created(object, now),
        pairs(&spec["selector"]),
    ])
}

fn external_address(service: &Value) -> String {
    let spec = &service["spec"];
    let kind = text(&spec["type"]);
    if kind == "ExternalName" {
        return text(&spec["externalName"]);
    }
    let mut addresses: Vec<String> = Vec::new();
    if kind == "LoadBalancer" {
        let ingress = items(&service["status"]["loadBalancer"]["ingress"]);
        addresses.extend(
            ingress.map(|at| if at["ip"].is_string() { text(&at["ip"]) } else { text(&at["hostname"]) }),
        );
    }
    addresses.extend(items(&spec["externalIPs"]).map(text));
    match (addresses.is_empty(), kind.as_str()) {
        (true, "LoadBalancer") => "<pending>".into(),
        (true, _) => "<none>".into(),
        (false, _) => addresses.join(","),
    }
}

pub(super) const ENDPOINTS: &[Column] = &[narrow("Name"), narrow("Endpoints"), narrow("Age")];

pub(super) fn endpoints(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in items(&object["subsets"]) {
        for address in items(&subset["addresses"]) {
            let ip = text(&address["ip"]);
            let ports = items(&subset["ports"]).filter_map(|port| port["port"].as_i64());
            let with_ports: Vec<String> = ports.map(|port| format!("{ip}:{port}")).collect();
            if with_ports.is_empty() { all.push(ip) } else { all.extend(with_ports) }
        }
    }
    texts([name(object), at_most_three(&all), created(object, now)])
}

pub(super) const ENDPOINT_SLICE: &[Column] =
    &[narrow("Name"), narrow("AddressType"), narrow("Ports"), narrow("Endpoints"), narrow("Age")];

pub(super) fn endpoint_slice(object: &Value, now: Timestamp) -> Vec<Value> {
    let ports: Vec<String> = items(&object["ports"]).map(|port| port["port"].to_string()).collect();
    let ports = if ports.is_empty() { "<unset>".into() } else { at_most_three(&ports) };
    let addresses = items(&object["endpoints"]).flat_map(|endpoint| items(&endpoint["addresses"]).map(text));
    let addresses = at_most_three(&addresses.collect::<Vec<_>>());
    let addresses = if addresses == "<none>" { "<unset>".into() } else { addresses };
    texts([name(object), text(&object["addressType"]), ports, addresses, created(object, now)])
}

pub(super) const NETWORK_POLICY: &[Column] = &[narrow("Name"), narrow("Pod-Selector"), narrow("Age")];

pub(super) fn network_policy(object: &Value, now: Timestamp) -> Vec<Value> {
    texts([name(object), selector(&object["spec"]["podSelector"]), created(object, now)])
}

pub(super) const INGRESS: &[Column] =
    &[narrow("Name"), narrow("Class"), narrow("Hosts"), narrow("Address"), narrow("Ports"), narrow("Age")];

pub(super) fn ingress(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let hosts: Vec<String> =
        items(&spec["rules"]).map(|r| text(&r["host"])).filter(|h| !h.is_empty()).collect();
    let hosts = if hosts.is_empty() { "*".into() } else { at_most_three(&hosts) };
    let at = items(&object["status"]["loadBalancer"]["ingress"]).map(|at| text(&at["ip"]));
    let ports = if items(&spec["tls"]).next().is_some() { "80, 443" } else { "80" };
    texts([
        name(object),
        text_or_none(&spec["ingressClassName"]),
        hosts,
        at.collect::<Vec<_>>().join(","),
        ports.into(),
        created(object, now),
    ])
}
