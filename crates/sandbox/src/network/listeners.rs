//! Tracking of the addresses on which processes listen.

use super::filter::PacketFilter;
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// The listening processes by address. The entry of a process is removed when it dies, whatever the status of its pod.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    pub(super) filter: PacketFilter,
    living: Mutex<HashMap<SocketAddr, CancellationToken>>,
}

/// The treatment of packets to an address.
pub(super) enum PacketFate {
    /// A process listens there; the token is cancelled when it dies.
    Delivered(CancellationToken),
    /// The pod exists but does not listen on that port: the connection is refused.
    Refused,
    /// No process is there, or a network policy forbids it: packets are dropped without an answer.
    Swallowed,
}

impl Listeners {
    /// Registers a process that listens on `addresses`.
    pub(super) fn begin(&self, addresses: &[SocketAddr]) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().extend(addresses.iter().map(|address| (*address, token.clone())));
        token
    }

    /// Removes a process: connections to it no longer receive any data.
    pub(super) fn end(&self, addresses: &[SocketAddr], token: &CancellationToken) {
        token.cancel();
        let mut living = self.lock();
        for address in addresses {
            if living.get(address).is_some_and(CancellationToken::is_cancelled) {
                living.remove(address);
            }
        }
    }

    pub(super) fn fate(&self, source: IpAddr, address: SocketAddr) -> PacketFate {
        if !self.filter.permits(source, address) {
            return PacketFate::Swallowed;
        }
        let living = self.lock();
        match living.get(&address) {
            Some(token) => PacketFate::Delivered(token.clone()),
            // On a shared address the processes of other pods do not show whether this pod exists.
            None if address.ip() != std::net::Ipv4Addr::LOCALHOST
                && living.keys().any(|other| other.ip() == address.ip()) =>
            {
                PacketFate::Refused
            }
            None => PacketFate::Swallowed,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, CancellationToken>> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn the_dead_swallow_and_a_wrong_port_of_the_living_refuses() {
        let lifelines = Listeners::default();
        let address: SocketAddr = "127.77.0.1:8080".parse().unwrap();
        let other: SocketAddr = "127.77.0.1:9090".parse().unwrap();
        assert!(matches!(lifelines.fate(OUTSIDE, address), PacketFate::Swallowed));
        let first = lifelines.begin(&[address]);
        assert!(matches!(lifelines.fate(OUTSIDE, address), PacketFate::Delivered(_)));
        assert!(matches!(lifelines.fate(OUTSIDE, other), PacketFate::Refused));
        lifelines.end(&[address], &first);
        assert!(first.is_cancelled());
        assert!(matches!(lifelines.fate(OUTSIDE, address), PacketFate::Swallowed));
    }

    #[test]
    fn the_late_end_of_one_run_does_not_end_the_next() {
        let lifelines = Listeners::default();
        let address: SocketAddr = "127.77.0.1:8080".parse().unwrap();
        let first = lifelines.begin(&[address]);
        let second = lifelines.begin(&[address]);
        lifelines.end(&[address], &first);
        assert!(!second.is_cancelled());
        assert!(matches!(lifelines.fate(OUTSIDE, address), PacketFate::Delivered(_)));
    }
}
