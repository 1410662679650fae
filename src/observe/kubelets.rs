//! Checks whether the kubelets of the pods in play still report: a pod's state is what its kubelet last reported, and a
//! kubelet that has stopped leaves everything as it was.

use crate::{
    cluster::Connection,
    observe::absence::AbsenceDetector,
    session::{
        EventKind, Session,
        event::{Source, SourceState, Timestamp},
        stream::Emitter,
    },
};
use k8s_openapi::{api::coordination::v1::Lease, apimachinery::pkg::apis::meta::v1::MicroTime};
use kube::Api;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// The interval between two reads of the leases.
const PERIOD: Duration = Duration::from_secs(5);
/// The timeout of a read.
const PATIENCE: Duration = Duration::from_secs(2);
/// Seconds without a renewal after which a kubelet counts as silent. By default it renews its lease every 10 s.
const SILENT_S: f64 = 25.0;
/// The maximum number of nodes that are watched.
const NODES: usize = 16;
/// The namespace of the kubelets' leases.
pub(super) const LEASES: &str = "kube-node-lease";

/// Reads the leases of the nodes that pods in play run on, until `stop` is cancelled; emits an event when a kubelet falls
/// silent and when all report again. Emits nothing where the leases may not be read or do not exist.
pub async fn watch(
    connection: Connection,
    emitter: Emitter,
    presence: AbsenceDetector,
    session: watch::Receiver<Session>,
    stop: CancellationToken,
) {
    stop.run_until_cancelled(check_repeatedly(connection, emitter, presence, session)).await;
}

async fn check_repeatedly(
    connection: Connection,
    emitter: Emitter,
    presence: AbsenceDetector,
    session: watch::Receiver<Session>,
) {
    let Ok(client) = connection.client() else { return };
    let leases: Api<Lease> = Api::namespaced(client, LEASES);
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut kubelets, mut emitted) = (Renewals::default(), SourceState::Live);
    loop {
        ticks.tick().await;
        let begun = tokio::time::Instant::now();
        let nodes = nodes(&session.borrow());
        kubelets.0.retain(|node, _| nodes.contains(node));
        for node in nodes.iter().take(NODES) {
            let answer = timeout(PATIENCE, leases.get_opt(node)).await;
            let now = emitter.clock().now();
            match answer {
                Ok(Ok(Some(lease))) => kubelets.read(node, lease.spec.and_then(|spec| spec.renew_time), now),
                Ok(Ok(None)) => drop(kubelets.0.remove(node)),
                Ok(Err(_)) | Err(_) => kubelets.unread(node, now),
            }
        }
        if presence.gap_between(begun, tokio::time::Instant::now()) {
            continue;
        }
        let (at, state) = kubelets.state(emitter.clock().now());
        if state != emitted {
            emitted = state.clone();
            emitter.emit_at(at, EventKind::SourceChanged { source: Source::Kubelets, state }).await;
        }
    }
}

/// The nodes that existing pods in play run on.
fn nodes(session: &Session) -> BTreeSet<String> {
    let existing = session.cluster.in_play.iter().filter(|row| row.gone.is_none());
    existing.filter_map(|row| row.pod.node.clone()).collect()
}

/// The latest renewal of each kubelet's lease, and when it was first read. The cluster's clock is compared with itself only:
/// it may differ from ours.
#[derive(Default)]
struct Renewals(BTreeMap<String, (Option<MicroTime>, Timestamp)>);

impl Renewals {
    fn read(&mut self, node: &str, renewed: Option<MicroTime>, now: Timestamp) {
        match self.0.get_mut(node) {
            Some((known, _)) if *known == renewed => {}
            _ => drop(self.0.insert(node.to_owned(), (renewed, now))),
        }
    }

    /// Without the API server no kubelet can renew its lease, so the wait for a renewal begins anew.
    fn unread(&mut self, node: &str, now: Timestamp) {
        if let Some((_, read)) = self.0.get_mut(node) {
            *read = now;
        }
    }

    /// The common state, and since when it holds.
    fn state(&self, now: Timestamp) -> (Timestamp, SourceState) {
        let seconds = |read: Timestamp| now.duration_since(read).as_secs_f64();
        let silent = self.0.iter().filter(|(_, (_, read))| seconds(*read) > SILENT_S);
        let silent: Vec<(&String, Timestamp)> = silent.map(|(node, (_, read))| (node, *read)).collect();
        let Some(since) = silent.iter().map(|(_, read)| *read).min() else { return (now, SourceState::Live) };
        let names: Vec<&str> = silent.iter().map(|(node, _)| node.as_str()).collect();
        let reason = format!(
            "the kubelet of {} no longer reports: pods there are shown as it last reported them",
            names.join(", ")
        );
        (since, SourceState::Reconnecting { reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::fixtures::at;

    #[test]
    fn a_kubelet_that_does_not_renew_its_lease_is_silent_since_its_last_renewal() {
        let renewal = |second: i64| {
            let time = k8s_openapi::jiff::Timestamp::from_second(second).unwrap();
            Some(MicroTime(time))
        };
        let mut renewals = Renewals::default();
        renewals.read("a", renewal(0), at(0.0));
        renewals.read("b", renewal(1000), at(0.0));
        renewals.read("a", renewal(10), at(10.0));
        renewals.read("b", renewal(1010), at(10.0));
        assert_eq!(renewals.state(at(34.0)).1, SourceState::Live);
        renewals.read("a", renewal(30), at(30.0));
        renewals.read("b", renewal(1010), at(35.0));
        let (since, SourceState::Reconnecting { reason }) = renewals.state(at(36.0)) else { panic!() };
        assert_eq!(since, at(10.0));
        assert!(reason.contains("the kubelet of b no longer reports"), "{reason}");
        renewals.read("b", renewal(1040), at(40.0));
        assert_eq!(renewals.state(at(41.0)), (at(41.0), SourceState::Live));
    }

    #[test]
    fn while_the_api_server_is_away_no_kubelet_is_called_silent() {
        let mut renewals = Renewals::default();
        renewals.read("a", None, at(0.0));
        for second in (5..60).step_by(5) {
            renewals.unread("a", at(f64::from(second)));
        }
        assert_eq!(renewals.state(at(60.0)).1, SourceState::Live);
        renewals.read("a", None, at(60.0));
        assert_eq!(renewals.state(at(61.0)).1, SourceState::Live, "it may renew its lease from now on");
    }

    #[test]
    fn only_nodes_of_existing_pods_are_watched() {
        let (mut session, now) = crate::session::fixtures::before_failing();
        for (row, node) in session.cluster.in_play.iter_mut().zip(["a", "b", "c", "d"]) {
            row.pod.node = Some(node.to_owned());
            row.gone = None;
        }
        let all = session.cluster.in_play.len();
        assert_eq!(nodes(&session).len(), all);
        session.cluster.in_play[0].gone = Some(now);
        assert!(!nodes(&session).contains("a") && nodes(&session).len() == all - 1);
    }
}
