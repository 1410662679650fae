//! The propagation of endpoint changes to the network.
//!
//! On a cluster the control plane knows a change first and every node's network learns of it later. Here that delay is
//! a setting, and this module records each change and the time at which it takes effect. Callers pass the current time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;

/// The delays until the network applies a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    /// The delay until a removed endpoint no longer receives traffic; until then its traffic is swallowed.
    pub removal: Duration,
    /// The delay until a new endpoint receives traffic.
    pub addition: Duration,
}

impl Delays {
    /// No delays, for tests.
    pub const NONE: Self = Self { removal: Duration::ZERO, addition: Duration::ZERO };
}

impl Default for Delays {
    fn default() -> Self {
        Self { removal: Duration::from_secs(6), addition: Duration::from_millis(200) }
    }
}

/// The endpoints of one Service port: those that receive traffic, and the pending changes.
#[derive(Debug)]
pub(super) struct Propagation<E> {
    delays: Delays,
    routed: BTreeSet<E>,
    /// The endpoints whose wanted state differs from the routed state, with the time at which the change takes effect.
    pending: BTreeMap<E, Instant>,
}

impl<E: Ord + Clone> Propagation<E> {
    pub(super) fn new(delays: Delays) -> Self {
        Self { delays, routed: BTreeSet::new(), pending: BTreeMap::new() }
    }

    /// Sets the wanted endpoints. A change that is reverted before it takes effect is dropped.
    pub(super) fn set_wanted(&mut self, now: Instant, wanted: &BTreeSet<E>) {
        self.pending.retain(|endpoint, _| wanted.contains(endpoint) != self.routed.contains(endpoint));
        for endpoint in wanted.difference(&self.routed) {
            self.pending.entry(endpoint.clone()).or_insert(now + self.delays.addition);
        }
        for endpoint in self.routed.difference(wanted) {
            self.pending.entry(endpoint.clone()).or_insert(now + self.delays.removal);
        }
    }

    /// Applies the changes that are due.
    pub(super) fn apply_due(&mut self, now: Instant) {
        let due: Vec<E> =
            self.pending.iter().filter(|(_, at)| **at <= now).map(|(endpoint, _)| endpoint.clone()).collect();
        for endpoint in due {
            self.pending.remove(&endpoint);
            if !self.routed.remove(&endpoint) {
                self.routed.insert(endpoint);
            }
        }
    }

    /// Returns the time of the next change.
    pub(super) fn next(&self) -> Option<Instant> {
        self.pending.values().min().copied()
    }

    /// Returns the endpoints that currently receive traffic.
    pub(super) fn routed(&self) -> &BTreeSet<E> {
        &self.routed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: Delays = Delays { removal: Duration::from_secs(6), addition: Duration::from_millis(200) };

    /// Returns the routed endpoints at the given millisecond, after the wanted endpoints were set at the given
    /// milliseconds.
    fn routed(wishes: &[(u64, &[u8])], at: u64) -> Vec<u8> {
        let start = Instant::now();
        let mut propagation = Propagation::new(DELAYS);
        for (when, wanted) in wishes.iter().filter(|(when, _)| *when <= at) {
            let now = start + Duration::from_millis(*when);
            propagation.apply_due(now);
            propagation.set_wanted(now, &wanted.iter().copied().collect());
        }
        propagation.apply_due(start + Duration::from_millis(at));
        propagation.routed().iter().copied().collect()
    }

    #[test]
    fn additions_come_soon_and_removals_late() {
        let wishes: &[(u64, &[u8])] = &[(0, &[1]), (1000, &[2])];
        for (at, expected) in [
            (199, vec![]),
            (200, vec![1]),
            (1100, vec![1]),
            (1200, vec![1, 2]),
            (6999, vec![1, 2]),
            (7000, vec![2]),
        ] {
            assert_eq!(routed(wishes, at), expected, "at {at} ms");
        }
    }

    #[test]
    fn an_endpoint_that_is_back_before_the_network_noticed_never_left() {
        let wishes: &[(u64, &[u8])] = &[(0, &[1]), (1000, &[]), (3000, &[1])];
        assert_eq!(routed(wishes, 20_000), [1]);
        let wishes: &[(u64, &[u8])] = &[(0, &[1]), (1000, &[]), (3000, &[1]), (4000, &[])];
        assert_eq!(routed(wishes, 9_999), [1], "the delay counts from the last time it left");
        assert_eq!(routed(wishes, 10_000), [0; 0]);
    }

    #[test]
    fn the_same_wish_again_does_not_put_the_change_off() {
        let wishes: &[(u64, &[u8])] = &[(0, &[1]), (1000, &[]), (4000, &[])];
        assert_eq!(routed(wishes, 7000), [0; 0]);
    }

    #[test]
    fn the_next_change_is_known() {
        let mut propagation = Propagation::new(DELAYS);
        let now = Instant::now();
        assert_eq!(propagation.next(), None);
        propagation.set_wanted(now, &BTreeSet::from([1]));
        assert_eq!(propagation.next(), Some(now + DELAYS.addition));
    }
}
