//! At which addresses a Service answers.

use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use std::collections::BTreeSet;

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
