//! Which Services and workloads a fault is about, from the names of what it hit.

use super::{Cluster, PodRow, Readiness};

impl Cluster {
    /// The readiness of the Services and workloads behind `names`: of pods, Deployments, Services or containers, bare or
    /// as `pod/name`. Without any name: of everything in play.
    pub(in crate::session::state) fn victims(&self, names: &[&str]) -> Vec<&Readiness> {
        let named = |name: &str| names.iter().any(|text| text.split(['/', ' ']).any(|word| word == name));
        let hit = |row: &&PodRow| {
            named(&row.pod.key.name)
                || row.pod.owner.as_deref().is_some_and(named)
                || row.pod.containers.iter().any(|container| named(&container.name))
        };
        let pods: Vec<&PodRow> = self.in_play.iter().filter(hit).collect();
        let all = names.is_empty();
        let workloads = self.workloads.iter().filter(|row| {
            let name = &row.workload.name;
            all || named(name) || pods.iter().any(|pod| pod.pod.owner.as_ref() == Some(name))
        });
        let services = self.services.iter().filter(|row| {
            all || named(&row.endpoints.name)
                || row.pods_seen.iter().any(|name| pods.iter().any(|pod| pod.pod.key.name == *name))
        });
        workloads.map(|row| &row.readiness).chain(services.map(|row| &row.readiness)).collect()
    }
}
