//! Which connections network policies permit.

use super::Network;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::sync::watch;

/// Decides whether packets from an address may reach a socket of a pod. A pod's own address is its source; everything
/// outside the pods comes from 127.0.0.1.
pub type Permits = Arc<dyn Fn(IpAddr, SocketAddr) -> bool + Send + Sync>;

/// The rules in force; without rules every packet may pass.
#[derive(Default)]
pub(super) struct PacketFilter(watch::Sender<Option<Permits>>);

impl PacketFilter {
    pub(super) fn set(&self, rules: Option<Permits>) {
        self.0.send_replace(rules);
    }

    /// Returns whether the rules permit packets from `source` to `target`.
    pub(super) fn permits(&self, source: IpAddr, target: SocketAddr) -> bool {
        self.0.borrow().as_ref().is_none_or(|permits| permits(source, target))
    }

    /// Waits until the rules do not permit packets from `source` to `target`.
    pub(super) async fn refusal(&self, source: IpAddr, target: SocketAddr) {
        let refuses =
            |rules: &Option<Permits>| rules.as_ref().is_some_and(|permits| !permits(source, target));
        if self.0.subscribe().wait_for(refuses).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for PacketFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketFilter").finish_non_exhaustive()
    }
}

impl Network {
    /// Sets the rules for the traffic through Services; `None` permits everything. Packets of established connections
    /// are dropped too when the rules no longer permit them.
    pub fn set_filter(&self, rules: Option<Permits>) {
        self.0.listeners.filter.set(rules);
    }
}
