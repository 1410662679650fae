//! When a change of endpoints reaches the network.
//!
//! On a cluster the control plane knows first; every node's network learns later. Here that time is a setting, and
//! this is the ledger: what was asked for, and from when on it holds. No clock of its own: the caller says what time
//! it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How long the network takes to notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    /// Until an endpoint that left is no longer sent traffic: the time in which it is swallowed.
    pub removal: Duration,
    /// Until a new endpoint is sent traffic.
    pub addition: Duration,
}

impl Delays {
    /// A network that knows at once, for tests.
    pub const NONE: Self = Self { removal: Duration::ZERO, addition: Duration::ZERO };
}

impl Default for Delays {
    fn default() -> Self {
        Self { removal: Duration::from_secs(6), addition: Duration::from_millis(200) }
    }
}

/// The endpoints of one Service port: those that traffic goes to, and the changes on their way.
#[derive(Debug)]
pub(super) struct Propagation<E> {
    delays: Delays,
    routed: BTreeSet<E>,
    /// The latest wish for an endpoint that differs from what is routed, and when it comes true.
    coming: BTreeMap<E, Instant>,
}

impl<E: Ord + Clone> Propagation<E> {
    pub(super) fn new(delays: Delays) -> Self {
        Self { delays, routed: BTreeSet::new(), coming: BTreeMap::new() }
    }

    /// Says what the endpoints should be. A wish that was taken back before it came true never happened.
    pub(super) fn want(&mut self, now: Instant, wanted: &BTreeSet<E>) {
        self.coming.retain(|endpoint, _| wanted.contains(endpoint) != self.routed.contains(endpoint));
        for endpoint in wanted.difference(&self.routed) {
            self.coming.entry(endpoint.clone()).or_insert(now + self.delays.addition);
        }
        for endpoint in self.routed.difference(wanted) {
            self.coming.entry(endpoint.clone()).or_insert(now + self.delays.removal);
        }
    }

    /// Lets come true what is due.
    pub(super) fn settle(&mut self, now: Instant) {
        let due: Vec<E> =
            self.coming.iter().filter(|(_, at)| **at <= now).map(|(endpoint, _)| endpoint.clone()).collect();
        for endpoint in due {
            self.coming.remove(&endpoint);
            if !self.routed.remove(&endpoint) {
                self.routed.insert(endpoint);
            }
        }
    }

    /// When the next change comes true.
    pub(super) fn next(&self) -> Option<Instant> {
        self.coming.values().min().copied()
    }

    /// The endpoints that traffic goes to now.
    pub(super) fn routed(&self) -> &BTreeSet<E> {
        &self.routed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: Delays = Delays { removal: Duration::from_secs(6), addition: Duration::from_millis(200) };

    /// What is routed at each of the given milliseconds, after wishes made at theirs.
    fn routed(wishes: &[(u64, &[u8])], at: u64) -> Vec<u8> {
        let start = Instant::now();
        let mut propagation = Propagation::new(DELAYS);
        for (when, wanted) in wishes.iter().filter(|(when, _)| *when <= at) {
            let now = start + Duration::from_millis(*when);
            propagation.settle(now);
            propagation.want(now, &wanted.iter().copied().collect());
        }
        propagation.settle(start + Duration::from_millis(at));
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
        propagation.want(now, &BTreeSet::from([1]));
        assert_eq!(propagation.next(), Some(now + DELAYS.addition));
    }
}
