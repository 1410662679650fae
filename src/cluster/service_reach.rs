//! How a Service is reached from this machine: by its load balancer, a node port, an Ingress, or a port-forward of our
//! own. The first address that accepts a connection is used.

use super::{
    Connection, Error, ServiceAddress,
    forward::{Forward, ForwardTarget, Obstacle},
};
use futures_util::future::join_all;
use k8s_openapi::api::{
    core::v1::{Node, Service, ServicePort},
    networking::v1::{Ingress, IngressBackend},
};
use kube::{Api, ResourceExt, api::ListParams};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// The timeout of a connection attempt: an address that does not answer within it is not that of a node nearby.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The maximum number of nodes whose port is tried.
const NODES: usize = 3;

/// A way to a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    LoadBalancer,
    NodePort,
    Ingress,
    PortForward,
}

/// A Service that is reached at an address.
#[derive(Clone, Debug)]
pub struct ReachedService {
    pub namespace: String,
    pub name: String,
    pub kind: RouteKind,
    /// Scheme, host and port.
    pub url: String,
    /// The `Host` header that an Ingress needs, unless the URL names that host.
    pub host: Option<String>,
    /// The port-forward, which lives as long as this.
    pub forward: Option<Forward>,
}

/// `port-forward to service/my-consumer-service`, `node port of service/my-consumer-service`.
impl fmt::Display for ReachedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.host) {
            (RouteKind::LoadBalancer, _) => f.write_str("load balancer of ")?,
            (RouteKind::NodePort, _) => f.write_str("node port of ")?,
            (RouteKind::Ingress, Some(host)) => write!(f, "ingress {host} of ")?,
            (RouteKind::Ingress, None) => f.write_str("ingress of ")?,
            (RouteKind::PortForward, _) => f.write_str("port-forward to ")?,
        }
        write!(f, "service/{}", self.name)
    }
}

/// The port-forwards of a session, each of which is used by all that want the same.
#[derive(Clone, Debug, Default)]
pub struct Forwards(Arc<Mutex<Vec<ReachedService>>>);

impl Forwards {
    /// A port-forward to a port of a Service; an existing one if there is.
    async fn to(
        &self,
        connection: &Connection,
        service: &Service,
        port: &ServicePort,
    ) -> Result<ReachedService, Error> {
        let (namespace, name) = (service.namespace().unwrap_or_default(), service.name_any());
        let target = ForwardTarget::Service {
            namespace: namespace.clone(),
            service: name.clone(),
            port_name: port.name.clone().unwrap_or_default(),
        };
        let same = |known: &&ReachedService| known.forward.as_ref().is_some_and(|it| *it.target() == target);
        if let Some(known) = self.lock().iter().find(same) {
            return Ok(known.clone());
        }
        let forward = Forward::start(connection, target.clone()).await?;
        let url = format!("{}://{}", scheme(port), forward.address());
        let (kind, host, forward) = (RouteKind::PortForward, None, Some(forward));
        let made = ReachedService { namespace, name, kind, url, host, forward };
        self.lock().push(made.clone());
        Ok(made)
    }

    /// The port-forward that a URL leads to, if it is one of these.
    pub fn at(&self, url: &str) -> Option<ReachedService> {
        let leads = |known: &&ReachedService| {
            url.strip_prefix(&known.url)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        };
        self.lock().iter().find(leads).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<ReachedService>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the Service that an operator named, in the first of these namespaces that has it, and a way to it.
pub async fn reach_named(
    connection: &Connection,
    address: &ServiceAddress,
    namespaces: &[String],
    forwards: &Forwards,
) -> Result<ReachedService, Error> {
    let wrong = |why: String| Error::Service { service: address.to_string(), why };
    let namespaces = address.namespace.as_ref().map_or(namespaces, std::slice::from_ref);
    for namespace in namespaces {
        let services: Api<Service> = Api::namespaced(connection.client()?, namespace);
        let named = ListParams::default().fields(&format!("metadata.name={}", address.name));
        let found = services.list(&named).await;
        let found = found.map_err(|source| connection.error(format!("find {address}"), source))?;
        let Some(mut service) = found.items.into_iter().find(|service| service.name_any() == address.name)
        else {
            continue;
        };
        service.metadata.namespace.get_or_insert_with(|| namespace.clone());
        let ports =
            || service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default().iter();
        let wanted = |port: &&ServicePort| match &address.port {
            Some(wanted) => port.name.as_ref() == Some(wanted) || port.port.to_string() == *wanted,
            None => true,
        };
        let port = ports().filter(|port| is_tcp(port)).find(wanted).cloned().ok_or_else(|| {
            let known: Vec<String> = ports().map(|port| port.port.to_string()).collect();
            let named = address.port.as_ref().map_or(" TCP port".to_owned(), |port| format!(" port {port}"));
            wrong(format!("it has no{named}; its ports are: {}", known.join(", ")))
        })?;
        return match ways(connection, &service, &port).await.answering.into_iter().next() {
            Some(way) => Ok(way),
            None => forwards.to(connection, &service, &port).await,
        };
    }
    Err(wrong(format!(
        "there is no such Service in namespace {}; write service/NAME.NAMESPACE for another",
        namespaces.join(", ")
    )))
}

/// The ways to a Service, tried one after the other.
#[derive(Debug, Default)]
pub struct TriedWays {
    /// Those that answer, the most direct first.
    pub answering: Vec<ReachedService>,
    /// Those that do not, in words.
    pub failing: Vec<String>,
}

/// Tries all ways to the first port of a Service; last of all a port-forward.
pub async fn reach_all(connection: &Connection, service: &Service, forwards: &Forwards) -> TriedWays {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    let Some(port) = ports.iter().find(|port| is_tcp(port)) else { return TriedWays::default() };
    let mut tried = ways(connection, service, port).await;
    match forwards.to(connection, service, port).await {
        Ok(found) => {
            let check =
                async { if let Some(forward) = &found.forward { forward.check().await } else { Ok(()) } };
            match check.await {
                Ok(()) => tried.answering.push(found),
                Err(obstacle) => tried.failing.push(obstacle_text(&obstacle, &found)),
            }
        }
        Err(error) => tried.failing.push(error.to_string()),
    }
    tried
}

/// What keeps a port-forward from reaching its Service, in words.
pub fn obstacle_text(obstacle: &Obstacle, service: &ReachedService) -> String {
    match obstacle {
        Obstacle::NoReadyPod => format!("no ready pod behind service/{}", service.name),
        Obstacle::Refused => format!("the pods of service/{} refuse connections", service.name),
        Obstacle::Broken(reason) => format!("port-forward broken: {reason}"),
    }
}

/// The addresses of a port, by whether they accept a connection. What may not be listed is left out.
async fn ways(connection: &Connection, service: &Service, port: &ServicePort) -> TriedWays {
    let mut candidates = balancer_addresses(service, port);
    let (nodes, ingresses) =
        tokio::join!(node_addresses(connection, port), ingress_addresses(connection, service, port));
    candidates.extend(nodes);
    candidates.extend(ingresses);
    let (namespace, name) = (service.namespace().unwrap_or_default(), service.name_any());
    let mut found = TriedWays::default();
    for (accepts, Candidate { kind, url, host }) in
        join_all(candidates.into_iter().map(Candidate::tried)).await
    {
        let way = ReachedService {
            namespace: namespace.clone(),
            name: name.clone(),
            kind,
            url,
            host,
            forward: None,
        };
        if accepts {
            found.answering.push(way);
        } else {
            found.failing.push(format!("{} does not answer ({way})", way.url));
        }
    }
    found
}

/// An address that may be reachable.
struct Candidate {
    kind: RouteKind,
    url: String,
    host: Option<String>,
}

impl Candidate {
    /// Whether the address accepts a connection; nothing is sent.
    async fn tried(self) -> (bool, Self) {
        let address = reqwest::Url::parse(&self.url).ok().and_then(|url| {
            let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
            Some((host, url.port_or_known_default()?))
        });
        let accepts = match address {
            Some(address) => matches!(timeout(PATIENCE, TcpStream::connect(address)).await, Ok(Ok(_))),
            None => false,
        };
        (accepts, self)
    }
}

fn balancer_addresses(service: &Service, port: &ServicePort) -> Vec<Candidate> {
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
    let hosts = balancer
        .into_iter()
        .flatten()
        .filter_map(|ingress| ingress.hostname.as_ref().or(ingress.ip.as_ref()));
    let at = |host: &String| Candidate {
        kind: RouteKind::LoadBalancer,
        url: format!("{}://{}:{}", scheme(port), bracketed(host), port.port),
        host: None,
    };
    hosts.map(at).collect()
}

/// Every node serves a node port. The external address of a node comes first: the internal one is rarely reachable.
async fn node_addresses(connection: &Connection, port: &ServicePort) -> Vec<Candidate> {
    let (Some(node_port), Ok(client)) = (port.node_port, connection.client()) else { return Vec::new() };
    let nodes: Api<Node> = Api::all(client);
    let Ok(nodes) = nodes.list(&ListParams::default().limit(NODES as u32)).await else { return Vec::new() };
    let addresses = |kind: &'static str| {
        let all = nodes
            .items
            .iter()
            .take(NODES)
            .filter_map(|node| node.status.as_ref()?.addresses.as_ref())
            .flatten();
        all.filter(move |address| address.type_ == kind).map(|address| address.address.clone())
    };
    let at = |host: String| Candidate {
        kind: RouteKind::NodePort,
        url: format!("{}://{}:{node_port}", scheme(port), bracketed(&host)),
        host: None,
    };
    addresses("ExternalIP").chain(addresses("InternalIP")).map(at).collect()
}

/// An Ingress is asked at the host of its rule; if that name does not resolve here, at its address, with the host as a
/// header, which is only possible without TLS.
async fn ingress_addresses(connection: &Connection, service: &Service, port: &ServicePort) -> Vec<Candidate> {
    let Ok(client) = connection.client() else { return Vec::new() };
    let ingresses: Api<Ingress> = Api::namespaced(client, &service.namespace().unwrap_or_default());
    let Ok(ingresses) = ingresses.list(&ListParams::default()).await else { return Vec::new() };
    let mut found = Vec::new();
    for ingress in &ingresses.items {
        let (Some(spec), Some(address)) = (&ingress.spec, ingress_address(ingress)) else { continue };
        let leads = |backend: &IngressBackend| {
            backend.service.as_ref().is_some_and(|to| {
                let same =
                    to.port.as_ref().is_none_or(|it| it.number == Some(port.port) || it.name == port.name);
                to.name == service.name_any() && same
            })
        };
        let by_rule = spec.rules.iter().flatten().filter(|rule| {
            rule.http.as_ref().is_some_and(|http| http.paths.iter().any(|path| leads(&path.backend)))
        });
        let hosts =
            by_rule.map(|rule| rule.host.clone().filter(|host| !host.is_empty() && !host.contains('*')));
        let default = spec.default_backend.as_ref().is_some_and(leads).then_some(None);
        for host in hosts.chain(default) {
            let encrypted = spec.tls.iter().flatten().any(|tls| {
                host.as_ref().is_some_and(|host| tls.hosts.as_ref().is_some_and(|hosts| hosts.contains(host)))
            });
            let scheme = if encrypted { "https" } else { "http" };
            let (url, host) = match host {
                Some(host) if resolves(&host).await => (format!("{scheme}://{host}"), None),
                Some(_) if encrypted => continue,
                host => (format!("http://{}", bracketed(&address)), host),
            };
            found.push(Candidate { kind: RouteKind::Ingress, url, host });
        }
    }
    found
}

fn ingress_address(ingress: &Ingress) -> Option<String> {
    let address = ingress.status.as_ref()?.load_balancer.as_ref()?.ingress.as_ref()?.first()?;
    address.ip.clone().or_else(|| address.hostname.clone())
}

async fn resolves(host: &str) -> bool {
    let found = timeout(PATIENCE, lookup_host((host, 80))).await;
    found.is_ok_and(|found| found.is_ok_and(|mut found| found.next().is_some()))
}

fn is_tcp(port: &ServicePort) -> bool {
    port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP")
}

fn scheme(port: &ServicePort) -> &'static str {
    let named = port.app_protocol.as_deref().or(port.name.as_deref()).unwrap_or_default();
    if named.to_ascii_lowercase().starts_with("https") || port.port == 443 { "https" } else { "http" }
}

fn bracketed(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
#[path = "service_reach_tests.rs"]
mod tests;
