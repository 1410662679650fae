//! The cluster's network on one machine's loopback.
//!
//! **Addresses.** Every pod and every Service has an address of its own in a block of 127.0.0.0/8 that this sandbox
//! took for itself (see `block`). A container listens on the port its manifest names. Where another program's
//! wildcard listener keeps us from that port, a free one is used instead; [`PodAddress::port`] knows which, and the
//! endpoints say so.
//!
//! **Services.** Each port of a Service is a listener that forwards connections, in turn, to the endpoints that have
//! *reached the network*: a change of endpoints takes effect after a delay ([`Delays`]), as it does on a cluster
//! whose nodes learn of it later than the control plane.
//!
//! **What happens to a packet**, and why the sandbox goes to such lengths: on plain loopback a dead process refuses
//! at once, and no user would ever wait. On a cluster, packets to a pod that is gone are dropped.
//!
//! | the connection's endpoint | new connection | established connection |
//! | --- | --- | --- |
//! | alive | forwarded | carried |
//! | gone, the network has not noticed | accepted, **swallowed** | goes silent |
//! | container dead in a living pod, not noticed | accepted, **swallowed** | goes silent |
//! | none left, and the network knows it | **refused** | stays as it was |
//!
//! What was swallowed stays swallowed until the client leaves, even when the pod is back: its packets belong to a
//! connection the new process never heard of. The proxy answers `connect` itself, so a client sees a missing answer
//! where a real network would also let the connection attempt hang; both look like waiting to a user.

mod connections;
mod forward;
mod gate;
mod ip_pool;
mod pods;
mod propagation;
mod service_proxy;
mod services;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use pods::{ListeningProcess, PodAddress};
pub use propagation::Delays;
pub use services::{NODE_PORTS, ServiceKey, ServicePort};

use connections::Listeners;
use ip_pool::IpPool;
use pods::PodAddresses;
use services::Services;

/// The network of one sandbox; cheap to clone.
#[derive(Debug, Clone)]
pub struct Network(Arc<NetworkState>);

#[derive(Debug)]
struct NetworkState {
    delays: Delays,
    block: Mutex<IpPool>,
    lifelines: Arc<Listeners>,
    pods: Mutex<PodAddresses>,
    services: Mutex<Services>,
}

impl Network {
    /// A network of its own, beside those of other sandboxes on this machine.
    pub fn new(delays: Delays) -> Self {
        Self(Arc::new(NetworkState {
            delays,
            block: Mutex::new(IpPool::claim()),
            lifelines: Arc::new(Listeners::default()),
            pods: Mutex::new(PodAddresses::default()),
            services: Mutex::new(Services::default()),
        }))
    }
}

/// Nothing is left half-done inside one of these locks, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why the network could not do something.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The block is used up.
    #[error("no address is left for another {0}; delete some")]
    Exhausted(&'static str),
    /// Every node port is taken.
    #[error("no node port between 30000 and 32767 is free on this machine")]
    NoNodePort,
    /// Another program listens there.
    #[error("cannot listen on {addresses:?}: {source}")]
    Taken {
        /// What was needed.
        addresses: Vec<std::net::SocketAddr>,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The system refused even a free port.
    #[error("no port can be had on {ip}: {source}")]
    NoPort {
        /// The address.
        ip: std::net::IpAddr,
        /// The system's answer.
        source: std::io::Error,
    },
}
