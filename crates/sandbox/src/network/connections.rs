//! Which addresses have a living process behind them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// The processes that listen, by address. A process that died is not in it, whatever its pod's status still says.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    living: Mutex<HashMap<SocketAddr, CancellationToken>>,
}

/// Where a packet to an address ends up.
pub(super) enum PacketFate {
    /// A process is there; the token is cancelled when it dies.
    Delivered(CancellationToken),
    /// The pod is there, but not on that port: its system refuses.
    Refused,
    /// Nobody is there to refuse.
    Swallowed,
}

impl Listeners {
    /// Notes that a process listens on `addresses` from now on.
    pub(super) fn begin(&self, addresses: &[SocketAddr]) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().extend(addresses.iter().map(|address| (*address, token.clone())));
        token
    }

    /// Notes that it is gone: every connection to it goes silent.
    pub(super) fn end(&self, addresses: &[SocketAddr], token: &CancellationToken) {
        token.cancel();
        let mut living = self.lock();
        for address in addresses {
            if living.get(address).is_some_and(CancellationToken::is_cancelled) {
                living.remove(address);
            }
        }
    }

    pub(super) fn fate(&self, address: SocketAddr) -> PacketFate {
        let living = self.lock();
        match living.get(&address) {
            Some(token) => PacketFate::Delivered(token.clone()),
            // On a shared address the neighbours' processes say nothing about this pod.
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

    #[test]
    fn the_dead_swallow_and_a_wrong_port_of_the_living_refuses() {
        let lifelines = Listeners::default();
        let address: SocketAddr = "127.77.0.1:8080".parse().unwrap();
        let other: SocketAddr = "127.77.0.1:9090".parse().unwrap();
        assert!(matches!(lifelines.fate(address), PacketFate::Swallowed));
        let first = lifelines.begin(&[address]);
        assert!(matches!(lifelines.fate(address), PacketFate::Delivered(_)));
        assert!(matches!(lifelines.fate(other), PacketFate::Refused));
        lifelines.end(&[address], &first);
        assert!(first.is_cancelled());
        assert!(matches!(lifelines.fate(address), PacketFate::Swallowed));
    }

    #[test]
    fn the_late_end_of_one_run_does_not_end_the_next() {
        let lifelines = Listeners::default();
        let address: SocketAddr = "127.77.0.1:8080".parse().unwrap();
        let first = lifelines.begin(&[address]);
        let second = lifelines.begin(&[address]);
        lifelines.end(&[address], &first);
        assert!(!second.is_cancelled());
        assert!(matches!(lifelines.fate(address), PacketFate::Delivered(_)));
    }
}
