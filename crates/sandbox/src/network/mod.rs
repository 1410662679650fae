//! The cluster's network on the loopback interface of one machine.
//!
//! **Addresses.** Every pod and every Service has its own address in a block of 127.0.0.0/8 that this sandbox has
//! claimed (see `ip_pool`). A container listens on the port that its manifest declares. Where another program's
//! wildcard listener uses that port, a free one is used instead; [`PodAddress::port`] returns it, and the endpoints
//! contain it.
//!
//! **Services.** Each port of a Service is a listener that forwards connections, round-robin, to the endpoints that
//! have *reached the network*: a change of endpoints takes effect after a delay ([`Delays`]), as on a cluster whose
//! nodes learn of it later than the control plane.
//!
//! **Treatment of packets.** On plain loopback a dead process refuses connections at once, so that no user would ever
//! wait. On a cluster, packets to a deleted pod are dropped. The network therefore treats connections as follows:
//!
//! | the connection's endpoint | new connection | established connection |
//! | --- | --- | --- |
//! | alive | forwarded | forwarded |
//! | gone, not yet propagated | accepted, **swallowed** | receives no more data |
//! | container dead in a living pod, not yet propagated | accepted, **swallowed** | receives no more data |
//! | none left, propagated | **refused** | unchanged |
//! | forbidden by a network policy | accepted, **swallowed** | receives no more data |
//!
//! A swallowed connection stays swallowed until the client disconnects, even when the pod is back: the new process does
//! not know the connection. The proxy itself accepts connections, so a client sees a missing response where on a real
//! network the connection attempt could also hang; for a user both are waiting.

mod filter;
mod forward;
mod gate;
mod ip_pool;
mod listeners;
mod pods;
mod propagation;
mod service_proxy;
mod services;

pub use filter::Permits;
use ip_pool::IpPool;
use listeners::Listeners;
use pods::PodAddresses;
pub use pods::{ListeningProcess, PodAddress};
pub use propagation::Delays;
use services::Services;
pub use services::{NODE_PORTS, ServiceKey, ServicePort};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The network of one sandbox; cheap to clone.
#[derive(Debug, Clone)]
pub struct Network(Arc<NetworkState>);

#[derive(Debug)]
struct NetworkState {
    delays: Delays,
    ip_pool: Mutex<IpPool>,
    listeners: Arc<Listeners>,
    pods: Mutex<PodAddresses>,
    services: Mutex<Services>,
}

impl Network {
    /// Creates a network that is separate from those of other sandboxes on this machine.
    pub fn new(delays: Delays) -> Self {
        Self(Arc::new(NetworkState {
            delays,
            ip_pool: Mutex::new(IpPool::claim()),
            listeners: Arc::new(Listeners::default()),
            pods: Mutex::new(PodAddresses::default()),
            services: Mutex::new(Services::default()),
        }))
    }
}

/// Locks a mutex. Poisoning is ignored: no update is left incomplete inside a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error of the network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// All addresses of the block are in use.
    #[error("no free address for another {0}; delete some")]
    Exhausted(&'static str),
    /// All node ports are in use.
    #[error("no node port between 30000 and 32767 is free on this machine")]
    NoNodePort,
    /// Another program listens on an address.
    #[error("cannot listen on {addresses:?}: {source}")]
    Taken {
        /// The requested addresses.
        addresses: Vec<std::net::SocketAddr>,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The operating system could not provide a free port.
    #[error("no free port on {ip}: {source}")]
    NoPort {
        /// The address.
        ip: std::net::IpAddr,
        /// The operating system's error.
        source: std::io::Error,
    },
}
