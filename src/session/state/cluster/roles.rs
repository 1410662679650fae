//! Determines which workload is the consumer that users call and which is the provider behind it, and their readiness
//! over time.

use super::{Cluster, PodRow, Readiness, WorkloadRow};
use crate::session::{Session, event::Timestamp};
use std::collections::BTreeSet;

/// The two workloads that an experiment is about, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Roles<'a> {
    /// The workload that users call and that the fault does not target.
    pub consumer: Option<&'a WorkloadRow>,
    /// The workload that the fault targets or would target.
    pub provider: Option<&'a WorkloadRow>,
}

/// The number of ready replicas from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadySince {
    pub from: Timestamp,
    pub ready: u32,
    /// The desired number; where the fault itself lowers the desired number, the number before the fault.
    pub wanted: u32,
}

impl Session {
    /// Returns the consumer and the provider.
    pub fn roles(&self) -> Roles<'_> {
        let names = self.provider_names();
        if names.is_empty() {
            return Roles::default();
        }
        let behind: Vec<&WorkloadRow> = self.cluster.workloads_behind(&names).collect();
        let is_provider = |row: &WorkloadRow| behind.iter().any(|other| std::ptr::eq(*other, row));
        let asked = |row: &&WorkloadRow| {
            let pods = self.cluster.pods_of(row);
            let seen =
                |pod: &PodRow| self.cluster.services.iter().any(|s| s.pods_seen.contains(&pod.pod.key.name));
            pods.into_iter().any(seen)
        };
        let others = || self.cluster.workloads.iter().filter(|row| !is_provider(row));
        // A workload without a Service in front of it gets no calls from users.
        let consumer = others().find(asked).or_else(|| others().next());
        Roles { consumer, provider: behind.first().copied() }
    }

    /// Returns the names of what the fault targets or would target: the objects hit, those on the target card, or those
    /// in the undo kit.
    fn provider_names(&self) -> Vec<&str> {
        let targets = self.victim_names();
        if !targets.is_empty() {
            return targets;
        }
        let saved = self.undo.kits.values().flat_map(|kit| &kit.manifests);
        saved.map(|manifest| manifest.rsplit(' ').next().unwrap_or(manifest)).collect()
    }

    /// Returns the provider's readiness over time, oldest first: the worst of its workloads and of the Services in
    /// front of them.
    pub fn provider_readiness(&self) -> Vec<ReadySince> {
        let names = self.provider_names();
        if names.is_empty() {
            return Vec::new();
        }
        let workloads: Vec<&Readiness> =
            self.cluster.workloads_behind(&names).map(|row| &row.readiness).collect();
        readiness(&self.cluster.readiness_of(&names), &workloads, self.t0())
    }

    /// Returns the consumer's readiness over time, oldest first.
    pub fn consumer_readiness(&self) -> Vec<ReadySince> {
        let consumer = self.roles().consumer.map(|row| &row.readiness);
        let rows: Vec<&Readiness> = consumer.into_iter().collect();
        readiness(&rows, &rows, self.t0())
    }
}

impl Cluster {
    /// Returns the pods in play that belong to a workload.
    pub fn pods_of(&self, row: &WorkloadRow) -> Vec<&PodRow> {
        self.in_play
            .iter()
            .filter(|pod| pod.pod.owner.as_deref() == Some(row.workload.name.as_str()))
            .collect()
    }
}

/// Computes the readiness at each moment at which one of `all` changed: the sum of the workloads, limited by the worst
/// Service.
fn readiness(all: &[&Readiness], workloads: &[&Readiness], t0: Option<Timestamp>) -> Vec<ReadySince> {
    let moments: BTreeSet<Timestamp> =
        all.iter().flat_map(|readiness| readiness.changes().map(|(at, _)| at)).collect();
    let wanted_at =
        |at| -> u32 { workloads.iter().filter_map(|row| row.at(at)?.1).fold(0, u32::saturating_add) };
    let before = t0.map_or(0, wanted_at);
    let mut changes: Vec<ReadySince> = Vec::new();
    for from in moments {
        let of_workloads: Vec<(u32, Option<u32>)> = workloads.iter().filter_map(|row| row.at(from)).collect();
        let ready: u32 = of_workloads.iter().map(|(ready, _)| *ready).fold(0, u32::saturating_add);
        let served = all.iter().filter_map(|row| row.at(from)).filter(|(_, desired)| desired.is_none());
        let least = served.map(|(ready, _)| ready).min();
        let ready = match (of_workloads.is_empty(), least) {
            (true, least) => least.unwrap_or(0),
            (false, least) => least.map_or(ready, |least| least.min(ready)),
        };
        let since = t0.is_some_and(|t0| from >= t0);
        let wanted = wanted_at(from).max(if since { before } else { 0 }).max(ready);
        if changes.last().is_none_or(|last| (last.ready, last.wanted) != (ready, wanted)) {
            changes.push(ReadySince { from, ready, wanted });
        }
    }
    changes
}
