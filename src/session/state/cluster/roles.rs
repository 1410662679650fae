//! Which workload is the consumer that users ask and which is the provider behind it, and how ready each was over time.

use super::{Cluster, PodRow, Readiness, WorkloadRow};
use crate::session::{Session, event::Timestamp};
use std::collections::BTreeSet;

/// The two workloads that an experiment is about, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Roles<'a> {
    /// What users ask, and what the fault is not about.
    pub consumer: Option<&'a WorkloadRow>,
    /// What the fault is or would be about.
    pub provider: Option<&'a WorkloadRow>,
}

/// How many were ready from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadySince {
    pub from: Timestamp,
    pub ready: u32,
    /// How many there were to be; before a fault took it away, where the fault is that fewer are asked for.
    pub wanted: u32,
}

impl Session {
    /// The consumer and the provider.
    pub fn roles(&self) -> Roles<'_> {
        let names = self.provider_names();
        if names.is_empty() {
            return Roles::default();
        }
        let behind: Vec<&WorkloadRow> = self.cluster.behind(&names).collect();
        let is_provider = |row: &WorkloadRow| behind.iter().any(|other| std::ptr::eq(*other, row));
        let asked = |row: &&WorkloadRow| {
            let pods = self.cluster.pods_of(row);
            let seen =
                |pod: &PodRow| self.cluster.services.iter().any(|s| s.pods_seen.contains(&pod.pod.key.name));
            pods.into_iter().any(seen)
        };
        let others = || self.cluster.workloads.iter().filter(|row| !is_provider(row));
        // A workload without a Service in front of it is asked by nobody.
        let consumer = others().find(asked).or_else(|| others().next());
        Roles { consumer, provider: behind.first().copied() }
    }

    /// Names of what the fault is or would be about: what was hit, what the card names, what the undo kit has saved.
    fn provider_names(&self) -> Vec<&str> {
        let told = self.victim_names();
        if !told.is_empty() {
            return told;
        }
        let saved = self.undo.kits.values().flat_map(|kit| &kit.manifests);
        saved.map(|manifest| manifest.rsplit(' ').next().unwrap_or(manifest)).collect()
    }

    /// How ready the provider was over time, oldest first: the worst of its workloads and of the Services in front of them.
    pub fn provider_readiness(&self) -> Vec<ReadySince> {
        let names = self.provider_names();
        if names.is_empty() {
            return Vec::new();
        }
        let workloads: Vec<&Readiness> = self.cluster.behind(&names).map(|row| &row.readiness).collect();
        readiness(&self.cluster.victims(&names), &workloads, self.t0())
    }

    /// How ready the consumer was over time, oldest first.
    pub fn consumer_readiness(&self) -> Vec<ReadySince> {
        let consumer = self.roles().consumer.map(|row| &row.readiness);
        let rows: Vec<&Readiness> = consumer.into_iter().collect();
        readiness(&rows, &rows, self.t0())
    }
}

impl Cluster {
    /// Pods in play that belong to a workload.
    pub fn pods_of(&self, row: &WorkloadRow) -> Vec<&PodRow> {
        self.in_play
            .iter()
            .filter(|pod| pod.pod.owner.as_deref() == Some(row.workload.name.as_str()))
            .collect()
    }
}

/// The worst of several at each moment at which one of them changed.
fn readiness(all: &[&Readiness], workloads: &[&Readiness], t0: Option<Timestamp>) -> Vec<ReadySince> {
    let moments: BTreeSet<Timestamp> =
        all.iter().flat_map(|readiness| readiness.changes().map(|(at, _)| at)).collect();
    let wanted_at = |at| -> u32 { workloads.iter().filter_map(|row| row.at(at)?.1).sum() };
    let before = t0.map_or(0, wanted_at);
    let mut told: Vec<ReadySince> = Vec::new();
    for from in moments {
        let of_workloads: Vec<(u32, Option<u32>)> = workloads.iter().filter_map(|row| row.at(from)).collect();
        let ready: u32 = of_workloads.iter().map(|(ready, _)| ready).sum();
        let served = all.iter().filter_map(|row| row.at(from)).filter(|(_, desired)| desired.is_none());
        let least = served.map(|(ready, _)| ready).min();
        let ready = match (of_workloads.is_empty(), least) {
            (true, least) => least.unwrap_or(0),
            (false, least) => least.map_or(ready, |least| least.min(ready)),
        };
        let since = t0.is_some_and(|t0| from >= t0);
        let wanted = wanted_at(from).max(if since { before } else { 0 }).max(ready);
        if told.last().is_none_or(|last| (last.ready, last.wanted) != (ready, wanted)) {
            told.push(ReadySince { from, ready, wanted });
        }
    }
    told
}
