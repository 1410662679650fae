//! Pods on the network: their addresses and their listening processes.

use super::{Network, NetworkError, ip_pool::usable_port, listeners::Listeners, lock};
use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// The addresses of the pods, by pod UID.
pub(super) type PodAddresses = HashMap<String, PodAddress>;

/// A pod's address, and the ports on which its containers actually listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodAddress {
    ip: IpAddr,
    ports: BTreeMap<u16, u16>,
}

impl PodAddress {
    /// Returns the pod's IP address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Returns the actual port for the manifest's port `wanted`: nearly always the same.
    pub fn port(&self, wanted: u16) -> u16 {
        self.ports.get(&wanted).copied().unwrap_or(wanted)
    }

    /// Returns the socket address for the manifest's port `wanted`.
    pub fn socket(&self, wanted: u16) -> SocketAddr {
        SocketAddr::new(self.ip, self.port(wanted))
    }

    /// Returns the ports that other programs use, with their replacements.
    pub fn replaced_ports(&self) -> impl Iterator<Item = (u16, u16)> {
        self.ports.iter().map(|(wanted, real)| (*wanted, *real)).filter(|(wanted, real)| wanted != real)
    }
}

/// A listening process. While it exists, connections reach the process; after it is dropped they are swallowed.
#[derive(Debug)]
pub struct ListeningProcess {
    listeners: Arc<Listeners>,
    addresses: Vec<SocketAddr>,
    token: CancellationToken,
}

impl Drop for ListeningProcess {
    fn drop(&mut self) {
        self.listeners.end(&self.addresses, &self.token);
    }
}

impl Network {
    /// Assigns an address to a pod and selects the ports on which its containers listen.
    ///
    /// # Errors
    /// Fails when all addresses are in use or the operating system has no free port.
    pub fn allocate_address(&self, pod_uid: &str, ports: &[u16]) -> Result<PodAddress, NetworkError> {
        let ip = lock(&self.0.ip_pool).pod().ok_or(NetworkError::Exhausted("pod"))?;
        let mut pods = lock(&self.0.pods);
        let mut address = PodAddress { ip, ports: BTreeMap::new() };
        for wanted in ports {
            let given = |port| {
                address
                    .ports
                    .values()
                    .chain(pods.values().filter(|pod| pod.ip == ip).flat_map(|pod| pod.ports.values()))
                    .any(|other| *other == port)
            };
            match usable_port(ip, *wanted, given) {
                Ok(real) => address.ports.insert(*wanted, real),
                Err(source) => {
                    lock(&self.0.ip_pool).release(ip);
                    return Err(NetworkError::NoPort { ip, source });
                }
            };
        }
        pods.insert(pod_uid.to_owned(), address.clone());
        Ok(address)
    }

    /// Returns whether pods can listen on this port: no program of this machine uses it on every address.
    pub fn is_free(&self, port: u16) -> bool {
        lock(&self.0.ip_pool).is_free(port)
    }

    /// Releases a pod's address.
    pub fn release_address(&self, pod_uid: &str) {
        if let Some(address) = lock(&self.0.pods).remove(pod_uid) {
            lock(&self.0.ip_pool).release(address.ip);
        }
    }

    /// Returns a pod's address.
    pub fn pod(&self, pod_uid: &str) -> Option<PodAddress> {
        lock(&self.0.pods).get(pod_uid).cloned()
    }

    /// Registers that a container's process listens on these ports of its manifest.
    pub fn register_listener(&self, address: &PodAddress, ports: &[u16]) -> ListeningProcess {
        self.register_listeners_at(ports.iter().map(|port| address.socket(*port)).collect())
    }

    /// Registers listeners that do not belong to a pod, so that Services can forward to them.
    pub fn register_listeners_at(&self, addresses: Vec<SocketAddr>) -> ListeningProcess {
        let lifelines = Arc::clone(&self.0.listeners);
        let token = lifelines.begin(&addresses);
        ListeningProcess { listeners: lifelines, addresses, token }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Delays, *};

    #[tokio::test]
    async fn a_pod_gets_an_address_and_gives_it_back() {
        let network = Network::new(Delays::NONE);
        let one = network.allocate_address("1", &[8080]).unwrap();
        let two = network.allocate_address("2", &[8080]).unwrap();
        assert_ne!(one.socket(8080), two.socket(8080));
        assert_eq!(network.pod("1"), Some(one));
        network.release_address("1");
        assert_eq!(network.pod("1"), None);
    }

    #[tokio::test]
    async fn a_port_held_by_a_wildcard_listener_is_displaced_and_said_to_be() {
        let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let network = Network::new(Delays::NONE);
        let address = network.allocate_address("1", &[wanted]).unwrap();
        assert_eq!(address.replaced_ports().collect::<Vec<_>>(), [(wanted, address.port(wanted))]);
        assert_ne!(address.port(wanted), wanted);
    }
}
