//! Determines which Services and workloads a fault targets, from the names of what it hit.

use super::{
    super::{Fault, Session},
    Cluster, Identity, PodRow, Readiness, WorkloadRow, WorkloadState,
};
use crate::session::event::Timestamp;

impl Cluster {
    /// Returns the readiness of the Services and workloads behind `names`, which are names of pods, Deployments,
    /// Services or containers, bare or as `pod/name`. Without any name: of everything in play.
    pub(in crate::session::state) fn readiness_of(&self, names: &[&str]) -> Vec<&Readiness> {
        let pods = self.hit(names);
        let all = names.is_empty();
        let services = self.services.iter().filter(|row| {
            all || is_named(names, &row.endpoints.name)
                || row.pods_seen.iter().any(|name| pods.iter().any(|pod| pod.pod.key.name == *name))
        });
        self.workloads_behind(names)
            .map(|row| &row.readiness)
            .chain(services.map(|row| &row.readiness))
            .collect()
    }

    /// Describes the workloads behind `names` that are not whole, one text each.
    pub fn unready_workloads(&self, names: &[&str]) -> Vec<String> {
        let rows = self.workloads_behind(names).filter(|row| row.state != WorkloadState::Whole);
        rows.map(|row| match (&row.workload.name, row.state) {
            (name, WorkloadState::Gone) => format!("{name} is deleted"),
            (name, _) => {
                format!("{name} has {} of {} replicas ready", row.workload.ready, row.workload.desired)
            }
        })
        .collect()
    }

    /// Returns a workload behind `names` that was deleted.
    pub fn deleted_workload(&self, names: &[&str]) -> Option<&str> {
        let gone = self.workloads_behind(names).find(|row| row.state == WorkloadState::Gone)?;
        Some(&gone.workload.name)
    }

    pub(super) fn workloads_behind(&self, names: &[&str]) -> impl Iterator<Item = &WorkloadRow> {
        let pods = self.hit(names);
        self.workloads.iter().filter(move |row| {
            let name = &row.workload.name;
            names.is_empty()
                || is_named(names, name)
                || pods.iter().any(|pod| pod.pod.owner.as_ref() == Some(name))
        })
    }

    /// Returns whether anything behind `names` lost readiness or restarted since `t0`; `None` if none of it is watched.
    pub(in crate::session::state) fn was_hit(&self, names: &[&str], t0: Timestamp) -> Option<bool> {
        let victims = self.readiness_of(names);
        let pods = self.hit(names);
        if victims.is_empty() && pods.is_empty() {
            return None;
        }
        let dipped = |readiness: &&Readiness| {
            let before = readiness.at(t0).map_or(0, |(ready, _)| ready);
            readiness.changes().any(|(at, (ready, _))| at >= t0 && ready < before)
        };
        let touched = |row: &&PodRow| row.identity() != Identity::Same || row.pod.deleting.is_some();
        Some(victims.iter().any(dipped) || pods.iter().any(touched))
    }

    /// Returns whether one of the names is that of the pod, of its owner, of one of its containers, or of a pod of the
    /// same owner.
    fn is_victim(&self, row: &PodRow, names: &[&str]) -> bool {
        let owners = || self.in_play.iter().filter(|other| is_named(names, &other.pod.key.name));
        is_named(names, &row.pod.key.name)
            || row.pod.owner.as_deref().is_some_and(|owner| is_named(names, owner))
            || row.pod.containers.iter().any(|container| is_named(names, &container.name))
            || row.pod.owner.is_some() && owners().any(|other| other.pod.owner == row.pod.owner)
    }

    fn hit(&self, names: &[&str]) -> Vec<&PodRow> {
        self.in_play.iter().filter(|row| self.is_victim(row, names)).collect()
    }
}

impl Session {
    /// Returns whether an effect of the fault on its targets was observed; `None` if none of them is watched.
    pub fn fault_had_effect(&self) -> Option<bool> {
        let fault = self.fault.as_ref()?;
        let names: Vec<&str> = fault.targets().collect();
        self.cluster.was_hit(&names, fault.t0())
    }

    /// Returns the pods in play that the fault does not target, including the consumer's.
    pub fn bystanders(&self) -> impl Iterator<Item = &PodRow> {
        let victims: Vec<&str> = self.fault.iter().flat_map(Fault::targets).collect();
        self.cluster
            .in_play
            .iter()
            .filter(move |row| row.gone.is_none() && !self.cluster.is_victim(row, &victims))
    }
}

/// Returns whether one of `names` is `name`, bare or as `kind/name`.
fn is_named(names: &[&str], name: &str) -> bool {
    names.iter().any(|text| text.split(['/', ' ']).any(|word| word == name))
}
