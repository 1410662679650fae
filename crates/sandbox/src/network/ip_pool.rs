//! The IP addresses of one sandbox.
//!
//! On Linux all of 127.0.0.0/8 is local, so each sandbox claims a block `127.N.0.0/16` that no other sandbox uses and
//! assigns a separate address to every pod and every Service. Where only 127.0.0.1 is local (macOS), all share that
//! address and differ by port; the other network modules need not distinguish the two cases.

use rand::seq::SliceRandom;
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
};

/// A listener on this port of a block's last address claims the block; the operating system releases it with the
/// process.
const CLAIM_PORT: u16 = 4719;
/// The number of addresses per row (third byte) of a block: `.1` to `.250`.
const ROW: u32 = 250;
/// The number of rows for pods, and also for Services.
const ROWS: u32 = 125;

/// Allocates addresses.
#[derive(Debug)]
pub(super) struct IpPool {
    /// The second byte of the addresses, or `None` when all share 127.0.0.1.
    second: Option<u8>,
    pods: IpRange,
    services: IpRange,
    _claim: Option<TcpListener>,
}

#[derive(Debug, Default)]
struct IpRange {
    taken: BTreeSet<u32>,
    next: u32,
}

impl IpPool {
    /// Claims a free block.
    pub(super) fn claim() -> Self {
        let mut candidates: Vec<u8> = (64..=250).collect();
        candidates.shuffle(&mut rand::rng());
        let local = TcpListener::bind((Ipv4Addr::new(127, 64, 0, 1), 0)).is_ok();
        let claimed = candidates.iter().filter(|_| local).find_map(|&second| {
            TcpListener::bind((Ipv4Addr::new(127, second, 255, 254), CLAIM_PORT))
                .ok()
                .map(|claim| (second, claim))
        });
        // A program that listens on 0.0.0.0:4719 prevents every claim: then the block is chosen at random without a
        // claim.
        let (second, claim) = match claimed {
            Some((second, claim)) => (Some(second), Some(claim)),
            None => (candidates.first().copied().filter(|_| local), None),
        };
        Self { second, pods: IpRange::default(), services: IpRange::default(), _claim: claim }
    }

    /// Returns whether the port is free on an unassigned address, which shows that no wildcard listener uses it on all
    /// addresses.
    pub(super) fn is_free(&self, port: u16) -> bool {
        TcpListener::bind((self.second.map_or(Ipv4Addr::LOCALHOST, last), port)).is_ok()
    }

    /// Allocates an address for a pod; `None` when all are in use.
    pub(super) fn pod(&mut self) -> Option<IpAddr> {
        let Some(second) = self.second else { return Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) };
        self.pods.take().map(|number| address(second, 0, number))
    }

    /// Allocates an address for a Service; `None` when all are in use.
    pub(super) fn service(&mut self) -> Option<IpAddr> {
        let Some(second) = self.second else { return Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) };
        self.services.take().map(|number| address(second, 128, number))
    }

    /// Releases an address.
    pub(super) fn release(&mut self, ip: IpAddr) {
        let IpAddr::V4(ip) = ip else { return };
        let [_, second, row, column] = ip.octets();
        if self.second != Some(second) || column == 0 {
            return;
        }
        let number = |row: u8| u32::from(row) * ROW + u32::from(column) - 1;
        match row.checked_sub(128) {
            Some(row) => self.services.taken.remove(&number(row)),
            None => self.pods.taken.remove(&number(row)),
        };
    }
}

impl IpRange {
    /// Returns the next free number. Numbers are assigned in a cycle instead of filling gaps, so that a stale route to
    /// a deleted pod does not lead to its successor.
    fn take(&mut self) -> Option<u32> {
        let size = ROW * ROWS;
        let free =
            (0..size).map(|step| (self.next + step) % size).find(|number| !self.taken.contains(number))?;
        self.taken.insert(free);
        self.next = (free + 1) % size;
        Some(free)
    }
}

/// Returns the address of a block that is never assigned.
fn last(second: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, second, 255, 254)
}

fn address(second: u8, first_row: u8, number: u32) -> IpAddr {
    let row = u8::try_from(number / ROW).unwrap_or(u8::MAX).saturating_add(first_row);
    let column = u8::try_from(number % ROW + 1).unwrap_or(u8::MAX);
    IpAddr::V4(Ipv4Addr::new(127, second, row, column))
}

/// Returns the port to use for `wanted`: the same port, or any free one when `wanted` is already assigned or used by
/// another program (a listener on 0.0.0.0 uses the port on every address).
pub(super) fn usable_port(ip: IpAddr, wanted: u16, given: impl Fn(u16) -> bool) -> std::io::Result<u16> {
    if !given(wanted) && TcpListener::bind(SocketAddr::new(ip, wanted)).is_ok() {
        return Ok(wanted);
    }
    loop {
        let free = TcpListener::bind(SocketAddr::new(ip, 0))?.local_addr()?.port();
        if !given(free) {
            return Ok(free);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> IpPool {
        IpPool { second: Some(77), pods: IpRange::default(), services: IpRange::default(), _claim: None }
    }

    #[test]
    fn pods_and_services_have_addresses_of_their_own() {
        let mut block = block();
        assert_eq!(block.pod().unwrap().to_string(), "127.77.0.1");
        assert_eq!(block.pod().unwrap().to_string(), "127.77.0.2");
        assert_eq!(block.service().unwrap().to_string(), "127.77.128.1");
        for _ in 0..ROW - 2 {
            block.pod();
        }
        assert_eq!(block.pod().unwrap().to_string(), "127.77.1.1");
    }

    #[test]
    fn a_released_address_comes_back_only_after_the_others() {
        let mut block = block();
        let first = block.pod().unwrap();
        block.release(first);
        assert_ne!(block.pod(), Some(first));
        for _ in 0..ROW * ROWS - 2 {
            block.pod().unwrap();
        }
        assert_eq!(block.pod(), Some(first));
        assert_eq!(block.pod(), None);
        let service = block.service().unwrap();
        block.release(service);
        assert_eq!(block.pod(), None, "a Service's address is not a pod's");
    }

    #[test]
    #[expect(clippy::used_underscore_binding, reason = "otherwise it is only held")]
    fn two_sandboxes_do_not_share_a_block() {
        let (one, other) = (IpPool::claim(), IpPool::claim());
        if one._claim.is_some() && other._claim.is_some() {
            assert_ne!(one.second, other.second);
        }
    }

    #[test]
    fn a_port_that_another_program_holds_is_replaced() {
        let taken = TcpListener::bind("0.0.0.0:0").unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_ne!(usable_port(ip, wanted, |_| false).unwrap(), wanted);
        drop(taken);
        assert_eq!(usable_port(ip, wanted, |_| false).unwrap(), wanted);
        assert_ne!(usable_port(ip, wanted, |port| port == wanted).unwrap(), wanted);
    }
}
