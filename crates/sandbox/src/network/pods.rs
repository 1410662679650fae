//! Pods on the network: their addresses, and the processes that make them reachable.

use super::connections::Listeners;
use super::ip_pool::usable_port;
use super::{Network, NetworkError, lock};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The pods that have an address, by uid.
pub(super) type PodAddresses = HashMap<String, PodAddress>;

/// A pod's address, and the ports its containers really listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodAddress {
    ip: IpAddr,
    ports: BTreeMap<u16, u16>,
}

impl PodAddress {
    /// The pod's IP.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The port that stands for the manifest's `wanted`: nearly always the same one.
    pub fn port(&self, wanted: u16) -> u16 {
        self.ports.get(&wanted).copied().unwrap_or(wanted)
    }

    /// Where a connection to the manifest's port `wanted` has to go.
    pub fn socket(&self, wanted: u16) -> SocketAddr {
        SocketAddr::new(self.ip, self.port(wanted))
    }

    /// The ports that another program kept us from, with their stand-ins.
    pub fn displaced(&self) -> impl Iterator<Item = (u16, u16)> {
        self.ports.iter().map(|(wanted, real)| (*wanted, *real)).filter(|(wanted, real)| wanted != real)
    }
}

/// A process that listens. While it is held, connections reach it; dropped, they are swallowed.
#[derive(Debug)]
pub struct ListeningProcess {
    lifelines: Arc<Listeners>,
    addresses: Vec<SocketAddr>,
    token: CancellationToken,
}

impl Drop for ListeningProcess {
    fn drop(&mut self) {
        self.lifelines.end(&self.addresses, &self.token);
    }
}

impl Network {
    /// Gives a pod its address and settles which ports its containers listen on.
    ///
    /// # Errors
    /// When the block is used up, or the system has no port to give.
    pub fn join(&self, pod_uid: &str, ports: &[u16]) -> Result<PodAddress, NetworkError> {
        let ip = lock(&self.0.block).pod().ok_or(NetworkError::Exhausted("pod"))?;
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
                    lock(&self.0.block).release(ip);
                    return Err(NetworkError::NoPort { ip, source });
                }
            };
        }
        pods.insert(pod_uid.to_owned(), address.clone());
        Ok(address)
    }

    /// Whether pods can listen on this port: no program of this machine holds it on every address.
    pub fn is_free(&self, port: u16) -> bool {
        lock(&self.0.block).is_free(port)
    }

    /// Takes a pod's address back.
    pub fn leave(&self, pod_uid: &str) {
        if let Some(address) = lock(&self.0.pods).remove(pod_uid) {
            lock(&self.0.block).release(address.ip);
        }
    }

    /// A pod's address.
    pub fn pod(&self, pod_uid: &str) -> Option<PodAddress> {
        lock(&self.0.pods).get(pod_uid).cloned()
    }

    /// Notes that a container's process listens on these ports of the manifest from now on.
    pub fn appear(&self, address: &PodAddress, ports: &[u16]) -> ListeningProcess {
        self.appear_at(ports.iter().map(|port| address.socket(*port)).collect())
    }

    /// Notes that something that is no pod listens at these addresses: Services may lead there.
    pub fn appear_at(&self, addresses: Vec<SocketAddr>) -> ListeningProcess {
        let lifelines = Arc::clone(&self.0.lifelines);
        let token = lifelines.begin(&addresses);
        ListeningProcess { lifelines, addresses, token }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Delays;
    use super::*;

    #[tokio::test]
    async fn a_pod_gets_an_address_and_gives_it_back() {
        let network = Network::new(Delays::NONE);
        let one = network.join("1", &[8080]).unwrap();
        let two = network.join("2", &[8080]).unwrap();
        assert_ne!(one.socket(8080), two.socket(8080));
        assert_eq!(network.pod("1"), Some(one));
        network.leave("1");
        assert_eq!(network.pod("1"), None);
    }

    #[tokio::test]
    async fn a_port_held_by_a_wildcard_listener_is_displaced_and_said_to_be() {
        let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let network = Network::new(Delays::NONE);
        let address = network.join("1", &[wanted]).unwrap();
        assert_eq!(address.displaced().collect::<Vec<_>>(), [(wanted, address.port(wanted))]);
        assert_ne!(address.port(wanted), wanted);
    }
}
