//! Services on the network: their allocated addresses and ports, and their open listeners.

use super::{Network, NetworkError, ip_pool::usable_port, lock, service_proxy::ServiceListener};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
};

/// A Service's namespace and name.
pub type ServiceKey = (String, String);

/// The range of node ports, for Services of type `NodePort`.
pub const NODE_PORTS: std::ops::RangeInclusive<u16> = 30000..=32767;

/// The state of all Services.
#[derive(Debug, Default)]
pub(super) struct Services(HashMap<ServiceKey, Service>);

#[derive(Debug)]
struct Service {
    ip: IpAddr,
    /// The Service's ports, with the ports on which the network actually listens.
    ports: BTreeMap<u16, u16>,
    node_ports: BTreeMap<u16, NodePort>,
    open: BTreeMap<u16, OpenService>,
}

#[derive(Debug)]
struct NodePort {
    number: u16,
    /// Prevents other sandboxes from claiming the number while the node port is not listening: a port that is only
    /// bound does not.
    _claim: Option<TcpListener>,
}

#[derive(Debug)]
struct OpenService {
    listener: ServiceListener,
    node_port: Option<u16>,
}

/// One port of a Service and its endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// The Service's port.
    pub port: u16,
    /// The port on the node, for type `NodePort`.
    pub node_port: Option<u16>,
    /// The addresses to which connections are forwarded.
    pub endpoints: BTreeSet<SocketAddr>,
}

impl Network {
    /// Returns the cluster IP of a Service with these ports; repeated calls return the same address.
    ///
    /// # Errors
    /// Fails when all addresses are in use or the operating system has no free port.
    pub fn cluster_ip(&self, service: &ServiceKey, ports: &[u16]) -> Result<IpAddr, NetworkError> {
        let mut services = lock(&self.0.services);
        let known = services.0.get(service).map(|service| service.ip);
        let ip = match known {
            Some(ip) => ip,
            None => lock(&self.0.ip_pool).service().ok_or(NetworkError::Exhausted("Service"))?,
        };
        let taken: BTreeSet<u16> = services
            .0
            .values()
            .filter(|other| other.ip == ip)
            .flat_map(|other| other.ports.values().copied())
            .collect();
        let entry = services.0.entry(service.clone()).or_insert_with(|| Service {
            ip,
            ports: BTreeMap::new(),
            node_ports: BTreeMap::new(),
            open: BTreeMap::new(),
        });
        for port in ports {
            if !entry.ports.contains_key(port) {
                let given = |port| taken.contains(&port) || entry.ports.values().any(|other| *other == port);
                let real =
                    usable_port(ip, *port, given).map_err(|source| NetworkError::NoPort { ip, source })?;
                entry.ports.insert(*port, real);
            }
        }
        Ok(ip)
    }

    /// Returns the node port for a Service's port: the requested one if it is free, else a free one. Repeated calls
    /// return the same port; so does the next sandbox, unless another program has taken the port meanwhile.
    ///
    /// # Errors
    /// Fails when the Service has no cluster IP yet or no node port is free.
    pub fn node_port(
        &self,
        service: &ServiceKey,
        port: u16,
        asked: Option<u16>,
    ) -> Result<u16, NetworkError> {
        let mut services = lock(&self.0.services);
        let known = services.0.get(service).and_then(|service| service.node_ports.get(&port));
        let present = known.map(|known| known.number);
        if let Some(number) = present.filter(|_| asked.is_none() || asked == present) {
            return Ok(number);
        }
        let given: BTreeSet<u16> = services.0.values().flat_map(Service::numbers).collect();
        let claim = |number: u16| if given.contains(&number) { None } else { claim(number) };
        let found = match (asked.and_then(&claim), present) {
            (Some(claimed), _) => claimed,
            (None, Some(number)) => return Ok(number),
            (None, None) => candidates(service, port).find_map(claim).ok_or(NetworkError::NoNodePort)?,
        };
        let number = found.number;
        let entry = services.0.get_mut(service).ok_or(NetworkError::NoNodePort)?;
        entry.node_ports.insert(port, found);
        Ok(number)
    }

    /// Returns the Service that uses a node port.
    pub fn node_port_owner(&self, node_port: u16) -> Option<ServiceKey> {
        let services = lock(&self.0.services);
        let mut all = services.0.iter();
        all.find(|(_, service)| service.numbers().any(|number| number == node_port))
            .map(|(key, _)| key.clone())
    }

    /// Returns the socket address on which a Service's port actually listens.
    pub fn service_socket(&self, service: &ServiceKey, port: u16) -> Option<SocketAddr> {
        let services = lock(&self.0.services);
        let service = services.0.get(service)?;
        Some(SocketAddr::new(service.ip, *service.ports.get(&port)?))
    }

    /// Opens a Service's ports, closes those that it no longer has, and sets the endpoints.
    ///
    /// # Errors
    /// Fails when a port cannot be opened; the other ports are open then, and the next call retries.
    pub fn expose(&self, service: &ServiceKey, exposed: &[ServicePort]) -> Result<(), NetworkError> {
        let mut services = lock(&self.0.services);
        let Some(entry) = services.0.get_mut(service) else { return Ok(()) };
        entry.open.retain(|port, _| exposed.iter().any(|exposed| exposed.port == *port));
        let mut failed = None;
        for ServicePort { port, node_port, endpoints } in exposed {
            let same = entry.open.get(port).is_some_and(|open| open.node_port == *node_port);
            if !same {
                // The old listener is closed first: the new one may need the same address.
                entry.open.remove(port);
                let Some(real) = entry.ports.get(port) else { continue };
                let cluster = SocketAddr::new(entry.ip, *real);
                let node = node_port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
                let addresses: Vec<SocketAddr> = [Some(cluster), node].into_iter().flatten().collect();
                match ServiceListener::open(&addresses, self.0.delays, Arc::clone(&self.0.listeners)) {
                    Ok(front) => {
                        entry.open.insert(*port, OpenService { listener: front, node_port: *node_port });
                    }
                    Err(source) => failed = Some(NetworkError::Taken { addresses, source }),
                }
            }
            if let Some(open) = entry.open.get(port) {
                open.listener.set_endpoints(endpoints.clone());
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Closes all ports of a Service and releases its address.
    pub fn remove_service(&self, service: &ServiceKey) {
        if let Some(gone) = lock(&self.0.services).0.remove(service) {
            lock(&self.0.ip_pool).release(gone.ip);
        }
    }
}

impl Service {
    fn numbers(&self) -> impl Iterator<Item = u16> {
        self.node_ports.values().map(|node_port| node_port.number)
    }
}

/// Claims a free node port. Sandboxes mark their claims by a listener on 127.0.0.2; where that address is not local,
/// two sandboxes that start at the same moment may choose the same number.
fn claim(number: u16) -> Option<NodePort> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
    match TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), number)) {
        Ok(claim) => Some(NodePort { number, _claim: Some(claim) }),
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Some(NodePort { number, _claim: None }),
        Err(_) => None,
    }
}

/// Returns all node ports, beginning at one derived from the Service's name: the same Service gets the same port in the
/// next sandbox, so that its URL stays valid.
fn candidates((namespace, name): &ServiceKey, port: u16) -> impl Iterator<Item = u16> {
    let (first, size) = (*NODE_PORTS.start(), NODE_PORTS.end() - NODE_PORTS.start() + 1);
    let seed = format!("{namespace}/{name}:{port}")
        .bytes()
        .fold(5381_u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte));
    let start = u16::try_from(seed % u32::from(size)).unwrap_or(0);
    (0..size).map(move |step| first + (start + step) % size)
}

#[cfg(test)]
mod tests {
    use super::{super::Delays, *};

    fn key(name: &str) -> ServiceKey {
        ("default".to_owned(), name.to_owned())
    }

    #[tokio::test]
    async fn asking_again_promises_the_same() {
        let network = Network::new(Delays::NONE);
        let ip = network.cluster_ip(&key("web"), &[8080]).unwrap();
        assert_eq!(network.cluster_ip(&key("web"), &[8080, 9090]).unwrap(), ip);
        let node_port = network.node_port(&key("web"), 8080, None).unwrap();
        assert!(NODE_PORTS.contains(&node_port));
        assert_eq!(network.node_port(&key("web"), 8080, None).unwrap(), node_port);
        assert_eq!(network.node_port_owner(node_port), Some(key("web")));
        network.remove_service(&key("web"));
        assert_eq!(network.node_port_owner(node_port), None);
    }

    #[tokio::test]
    async fn sandboxes_that_start_together_share_no_node_port() {
        let networks = [(); 3].map(|()| Network::new(Delays::NONE));
        let promised: BTreeSet<u16> = networks
            .iter()
            .map(|network| {
                network.cluster_ip(&key("web"), &[8080]).unwrap();
                // No port is exposed yet: another sandbox may try to claim a node port at this moment.
                network.node_port(&key("web"), 8080, None).unwrap()
            })
            .collect();
        assert_eq!(promised.len(), networks.len());
    }

    #[tokio::test]
    async fn a_node_port_that_another_program_holds_is_replaced() {
        let taken =
            candidates(&key("any"), 1).find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
        let taken = taken.unwrap();
        let asked = taken.local_addr().unwrap().port();
        let network = Network::new(Delays::NONE);
        network.cluster_ip(&key("web"), &[8080]).unwrap();
        let given = network.node_port(&key("web"), 8080, Some(asked)).unwrap();
        assert_ne!(given, asked);
        drop(taken);
        assert_eq!(
            network.node_port(&key("web"), 8080, Some(asked)).unwrap(),
            asked,
            "once free it is given"
        );
    }

    #[tokio::test]
    async fn ports_open_change_and_close() {
        let network = Network::new(Delays::NONE);
        network.cluster_ip(&key("web"), &[8080]).unwrap();
        let node_port = network.node_port(&key("web"), 8080, None).unwrap();
        let socket = network.service_socket(&key("web"), 8080).unwrap();
        let address = network.allocate_address("1", &[]).unwrap();
        let endpoint = SocketAddr::new(address.ip(), 7);
        let exposed =
            |node_port| ServicePort { port: 8080, node_port, endpoints: BTreeSet::from([endpoint]) };
        for (wanted, node_is_open) in [(Some(node_port), true), (None, false)] {
            network.expose(&key("web"), &[exposed(wanted)]).unwrap();
            while tokio::net::TcpStream::connect(socket).await.is_err() {
                tokio::task::yield_now().await;
            }
            assert_eq!(tokio::net::TcpStream::connect(("127.0.0.1", node_port)).await.is_ok(), node_is_open);
        }
        network.expose(&key("web"), &[]).unwrap();
        while tokio::net::TcpStream::connect(socket).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
