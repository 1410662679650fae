//! The addresses of one sandbox.
//!
//! On Linux all of 127.0.0.0/8 is local, so each sandbox takes a block `127.N.0.0/16` that no other one holds and
//! gives every pod and every Service an address of its own. Where only 127.0.0.1 is local (macOS), everything shares
//! that address and is told apart by port; the rest of the network does not notice.

use rand::seq::SliceRandom;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// Holding this port on a block's last address is holding the block; the system lets go of it with the process.
const CLAIM_PORT: u16 = 4719;
/// Addresses in a row of a block: `.1` to `.250`.
const ROW: u32 = 250;
/// Rows for pods and as many for Services.
const ROWS: u32 = 125;

/// Hands out addresses.
#[derive(Debug)]
pub(super) struct IpPool {
    /// The second byte, or none when everything shares 127.0.0.1.
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
    /// Takes a free block.
    pub(super) fn claim() -> Self {
        let mut candidates: Vec<u8> = (64..=250).collect();
        candidates.shuffle(&mut rand::rng());
        let local = TcpListener::bind((Ipv4Addr::new(127, 64, 0, 1), 0)).is_ok();
        let claimed = candidates.iter().filter(|_| local).find_map(|&second| {
            TcpListener::bind((Ipv4Addr::new(127, second, 255, 254), CLAIM_PORT))
                .ok()
                .map(|claim| (second, claim))
        });
        // Some program on 0.0.0.0:4719 would refuse us every claim: then chance alone keeps sandboxes apart.
        let (second, claim) = match claimed {
            Some((second, claim)) => (Some(second), Some(claim)),
            None => (candidates.first().copied().filter(|_| local), None),
        };
        Self { second, pods: IpRange::default(), services: IpRange::default(), _claim: claim }
    }

    /// Whether this port is free on an address that is nobody's: then no wildcard listener takes it on all of them.
    pub(super) fn is_free(&self, port: u16) -> bool {
        TcpListener::bind((self.second.map_or(Ipv4Addr::LOCALHOST, last), port)).is_ok()
    }

    /// An address for a pod, or none when all are taken.
    pub(super) fn pod(&mut self) -> Option<IpAddr> {
        let Some(second) = self.second else { return Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) };
        self.pods.take().map(|number| address(second, 0, number))
    }

    /// An address for a Service, or none when all are taken.
    pub(super) fn service(&mut self) -> Option<IpAddr> {
        let Some(second) = self.second else { return Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) };
        self.services.take().map(|number| address(second, 128, number))
    }

    /// Takes an address back.
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
    /// The next free number. It goes round instead of filling gaps, so that a stale route to a pod that is gone does
    /// not lead to the one that came after it.
    fn take(&mut self) -> Option<u32> {
        let size = ROW * ROWS;
        let free =
            (0..size).map(|step| (self.next + step) % size).find(|number| !self.taken.contains(number))?;
        self.taken.insert(free);
        self.next = (free + 1) % size;
        Some(free)
    }
}

/// The address of a block that is given to nobody.
fn last(second: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, second, 255, 254)
}

fn address(second: u8, first_row: u8, number: u32) -> IpAddr {
    let row = u8::try_from(number / ROW).unwrap_or(u8::MAX).saturating_add(first_row);
    let column = u8::try_from(number % ROW + 1).unwrap_or(u8::MAX);
    IpAddr::V4(Ipv4Addr::new(127, second, row, column))
}

/// The port to use where `wanted` was asked for: that one, or any free one when it is given to somebody already or
/// another program keeps us from it (a listener on 0.0.0.0 takes the port on every address).
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
