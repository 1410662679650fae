//! What pods request of a node, and what of it is in use.

use super::pod;
use crate::{
    admission::quantity,
    store::{Resource, Selectors, Store},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Amounts of a node's resources.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Amounts {
    pub pods: u64,
    cpu: f64,
    memory: f64,
    storage: f64,
}

impl Amounts {
    /// Reads a list of resources such as `{"cpu": "500m", "memory": "64Mi"}`.
    pub(super) fn of(list: &Value) -> Self {
        let amount = |key: &str| quantity::amount(&list[key]).unwrap_or(0.0);
        Self {
            pods: amount("pods") as u64,
            cpu: amount("cpu"),
            memory: amount("memory"),
            storage: amount("ephemeral-storage"),
        }
    }

    /// Returns what a pod requests: the sum of its containers, or its largest init container.
    pub(super) fn requested(pod: &Value) -> Self {
        let requests = |list: &str| {
            let containers = pod["spec"][list].as_array().into_iter().flatten();
            containers.map(|container| Self::of(&container["resources"]["requests"])).collect::<Vec<_>>()
        };
        let sum = requests("containers").into_iter().fold(Self::default(), Self::plus);
        let most = requests("initContainers").into_iter().fold(sum, |most, one| Self {
            pods: 0,
            cpu: most.cpu.max(one.cpu),
            memory: most.memory.max(one.memory),
            storage: most.storage.max(one.storage),
        });
        Self { pods: 1, ..most }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            pods: self.pods + other.pods,
            cpu: self.cpu + other.cpu,
            memory: self.memory + other.memory,
            storage: self.storage + other.storage,
        }
    }

    /// Returns the reasons why this does not fit on a node, in the scheduler's words.
    pub(super) fn lacking(&self, used: &Self, capacity: &Self) -> Vec<String> {
        let all = self.plus(*used);
        // Quantities have at most three decimals; sums of them may be off by less.
        let exceeds = |requested: f64, all: f64, capacity: f64| requested > 0.0 && all > capacity + 1e-6;
        [
            ("Too many pods", all.pods > capacity.pods),
            ("Insufficient cpu", exceeds(self.cpu, all.cpu, capacity.cpu)),
            ("Insufficient memory", exceeds(self.memory, all.memory, capacity.memory)),
            ("Insufficient ephemeral-storage", exceeds(self.storage, all.storage, capacity.storage)),
        ]
        .into_iter()
        .filter(|(_, lacking)| *lacking)
        .map(|(reason, _)| reason.to_owned())
        .collect()
    }
}

/// The requests of the pods by UID: they do not change, and reading them from each pod for each other pod takes long.
#[derive(Debug, Default)]
pub(super) struct RequestCache(HashMap<String, Amounts>);

impl RequestCache {
    /// Returns the requests of all pods that have not ended, by node.
    pub(super) fn by_node(&mut self, store: &Store) -> BTreeMap<String, Amounts> {
        let pods = store.list(Resource::Pods, None, &Selectors::default()).objects;
        if self.0.len() > 2 * pods.len() + 100 {
            let present: HashSet<&String> = pods.iter().map(|pod| &pod.uid).collect();
            self.0.retain(|uid, _| present.contains(uid));
        }
        let mut used: BTreeMap<String, Amounts> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| !pod.field("spec.nodeName").is_empty() && !pod::is_over(pod)) {
            let amounts = *self.0.entry(pod.uid.clone()).or_insert_with(|| Amounts::requested(&pod.value()));
            let node = used.entry(pod.field("spec.nodeName").to_owned()).or_default();
            *node = node.plus(amounts);
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_fits_up_to_the_last_millicore() {
        let capacity = Amounts::of(&json!({"cpu": "1", "memory": "1Gi", "pods": "3"}));
        let pod = |cpu: &str, memory: &str| {
            let requests = json!({"cpu": cpu, "memory": memory});
            Amounts::requested(&json!({"spec": {"containers": [{"resources": {"requests": requests}}]}}))
        };
        let used = pod("0.7", "1000Mi");
        for (cpu, memory, lacking) in [
            ("300m", "24Mi", &[][..]),
            ("301m", "24Mi", &["Insufficient cpu"]),
            ("0", "25Mi", &["Insufficient memory"]),
            ("2", "2Gi", &["Insufficient cpu", "Insufficient memory"]),
            ("0", "0", &[]),
        ] {
            assert_eq!(pod(cpu, memory).lacking(&used, &capacity), lacking, "{cpu} {memory}");
        }
        let third = used.plus(used).plus(used);
        assert_eq!(pod("0", "0").lacking(&third, &capacity), ["Too many pods"]);
    }

    #[test]
    fn an_init_container_counts_if_it_needs_more() {
        let one = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}}});
        let pod = json!({"spec": {"containers": [one("100m"), one("200m")], "initContainers": [one("1")]}});
        assert_eq!(Amounts::requested(&pod).cpu, 1.0);
    }
}
