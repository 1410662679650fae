//! Where a Service can be reached from this machine.

use super::{Connection, Error};
use k8s_openapi::api::core::v1::{Node, Service};
use kube::{Api, ResourceExt, api::ListParams};
use std::collections::BTreeSet;

/// Whether and where a Service can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceReach {
    /// At this URL, without a path.
    At(String),
    /// Not reachable from this machine; the text says why and what to do.
    Advice(String),
    /// There is no such Service.
    Missing,
}

/// Finds the URL of a Service: a load balancer's address, else a node's address with the node port.
pub async fn service_url(
    connection: &Connection,
    namespace: &str,
    name: &str,
) -> Result<ServiceReach, Error> {
    let services: Api<Service> = Api::namespaced(connection.client()?, namespace);
    let found = services.get_opt(name).await;
    let Some(service) = found.map_err(|source| connection.error(format!("get service {name}"), source))?
    else {
        return Ok(ServiceReach::Missing);
    };
    if let Some(url) = load_balancer(&service) {
        return Ok(ServiceReach::At(url));
    }
    let Some(port) = port_of(&service).and_then(|port| port.node_port) else {
        return Ok(ServiceReach::Advice(format!(
            "Service {name} has no address outside the cluster: give it type NodePort, or run \
             `kubectl port-forward -n {namespace} service/{name} 8080:{}` and use http://127.0.0.1:8080",
            port_of(&service).map_or(80, |port| port.port)
        )));
    };
    let nodes: Api<Node> = Api::all(connection.client()?);
    let nodes = nodes.list(&ListParams::default()).await;
    let nodes = nodes.map_err(|source| connection.error("list nodes", source))?;
    Ok(match nodes.iter().find_map(node_address) {
        Some(address) => ServiceReach::At(format!("http://{address}:{port}")),
        None => ServiceReach::Advice(format!(
            "no node has an address: ask your cluster for one and use port {port}"
        )),
    })
}

/// Whether a request to this host and port reaches a Service: by one of its node ports, or by one of its names or
/// addresses.
pub fn is_reached_at(service: &Service, host: &str, port: u16) -> bool {
    node_ports(service).any(|node_port| node_port == port) || hosts(service).contains(host)
}

/// Returns the node ports of a Service.
pub fn node_ports(service: &Service) -> impl Iterator<Item = u16> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    ports.iter().filter_map(|port| u16::try_from(port.node_port?).ok())
}

/// Returns the names and addresses of a Service: in the cluster's DNS, its cluster addresses, its load balancer's.
pub fn hosts(service: &Service) -> BTreeSet<String> {
    let name = service.name_any();
    let namespaced = format!("{name}.{}", service.namespace().unwrap_or_default());
    let full = ["svc", "svc.cluster.local"].map(|suffix| format!("{namespaced}.{suffix}"));
    let spec = service.spec.as_ref();
    let own = spec.and_then(|spec| spec.cluster_ip.clone()).into_iter();
    let external = spec.and_then(|spec| spec.external_ips.clone()).into_iter().flatten();
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
    let balanced =
        balancer.into_iter().flatten().flat_map(|ingress| [ingress.ip.clone(), ingress.hostname.clone()]);
    [name, namespaced].into_iter().chain(full).chain(own).chain(external).chain(balanced.flatten()).collect()
}

fn port_of(service: &Service) -> Option<&k8s_openapi::api::core::v1::ServicePort> {
    service.spec.as_ref()?.ports.as_ref()?.first()
}

fn load_balancer(service: &Service) -> Option<String> {
    let ingress = service.status.as_ref()?.load_balancer.as_ref()?.ingress.as_ref()?.first()?;
    let host = ingress.hostname.as_ref().or(ingress.ip.as_ref())?;
    Some(format!("http://{host}:{}", port_of(service)?.port))
}

/// Prefers the external address: the internal one of a cloud node is rarely reachable from here.
fn node_address(node: &Node) -> Option<String> {
    let addresses = node.status.as_ref()?.addresses.as_ref()?;
    let of = |kind: &str| addresses.iter().find(|address| address.type_ == kind);
    of("ExternalIP").or_else(|| of("InternalIP")).map(|address| address.address.clone())
}
