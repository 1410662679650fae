//! Pod disruption budgets: the number of pods that may currently be evicted.

use super::store::{LabelSelector, Object, Resource, Selectors, Store};
use serde_json::Value;
use std::collections::BTreeSet;

/// The current state of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// The number of expected pods.
    pub expected: i64,
    /// The number of pods that are ready and not terminating.
    pub healthy: i64,
    /// The minimum number of healthy pods.
    pub needed: i64,
}

impl Budget {
    /// Returns the number of healthy pods that may be evicted.
    pub fn allowed(&self) -> i64 {
        if self.expected == 0 { 0 } else { (self.healthy - self.needed).max(0) }
    }

    /// Computes the state of a `PodDisruptionBudget` from the current pods.
    pub fn of(store: &Store, budget: &Object) -> Budget {
        let value = budget.value();
        let Some(selector) = selector(&value) else { return Budget::default() };
        let pods = store.list(Resource::Pods, Some(&budget.namespace), &Selectors::labels(selector)).objects;
        let pods: Vec<Value> = pods.iter().map(|pod| pod.value()).collect();
        let healthy = count(pods.iter().filter(|pod| is_healthy(pod)));
        let (expected, needed) = match (&value["spec"]["maxUnavailable"], &value["spec"]["minAvailable"]) {
            (Value::Null, Value::String(share)) => {
                let expected = wanted(store, &budget.namespace, &pods);
                (expected, part(share, expected))
            }
            (Value::Null, number) => (count(pods.iter()), number.as_i64().unwrap_or(1)),
            (most, _) => {
                let expected = wanted(store, &budget.namespace, &pods);
                let most =
                    most.as_str().map_or_else(|| most.as_i64().unwrap_or(0), |share| part(share, expected));
                (expected, (expected - most).max(0))
            }
        };
        Budget { expected, healthy, needed }
    }
}

/// Returns the selector of a budget: a missing selector selects no pods, an empty one all pods.
pub fn selector(budget: &Value) -> Option<LabelSelector> {
    let selector = &budget["spec"]["selector"];
    if selector.is_null() { None } else { LabelSelector::of_workload(selector) }
}

/// Returns whether a pod is healthy: ready and not terminating.
pub fn is_healthy(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.into_iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
    ready && pod["metadata"]["deletionTimestamp"].is_null()
}

/// Returns the total `spec.replicas` of the owners of `pods`; each pod without an owner counts as one.
fn wanted(store: &Store, namespace: &str, pods: &[Value]) -> i64 {
    let mut owners = BTreeSet::new();
    let mut alone = 0;
    for pod in pods {
        let references = pod["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        let controller = references.into_iter().find(|owner| owner["controller"] == true);
        let text = |key: &str| controller.and_then(|owner| owner[key].as_str()).unwrap_or_default();
        match Resource::of_kind(text("apiVersion"), text("kind")) {
            Some(resource) => {
                owners.insert((resource, text("name").to_owned()));
            }
            None => alone += 1,
        }
    }
    let replicas = |(resource, name): &(Resource, String)| {
        store.get(*resource, namespace, name).and_then(|owner| owner.value()["spec"]["replicas"].as_i64())
    };
    owners.iter().filter_map(replicas).sum::<i64>() + alone
}

/// Returns the percentage `share` (such as `50%`) of `whole`, rounded up.
fn part(share: &str, whole: i64) -> i64 {
    let percent: i64 = share.trim_end_matches('%').parse().unwrap_or(100);
    (whole * percent + 99) / 100
}

fn count<'a>(pods: impl Iterator<Item = &'a Value>) -> i64 {
    i64::try_from(pods.count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn budget(spec: Value) -> Budget {
        let store = Store::new();
        let put = |resource, name: &str, object: Value| {
            store.mutate(resource, "ns", name, |_| Ok(Some(object))).unwrap().object().unwrap().clone()
        };
        put(Resource::ReplicaSets, "rs", json!({"spec": {"replicas": 4}}));
        for (name, ready) in [("a", "True"), ("b", "True"), ("c", "True"), ("d", "False")] {
            put(
                Resource::Pods,
                name,
                json!({
                "metadata": {"labels": {"app": "x"}, "ownerReferences": [
                    {"uid": "u", "controller": true, "kind": "ReplicaSet", "apiVersion": "apps/v1", "name": "rs"}]},
                "status": {"conditions": [{"type": "Ready", "status": ready}]}}),
            );
        }
        let mut spec = spec;
        spec["selector"] = json!({"matchLabels": {"app": "x"}});
        let object = put(Resource::PodDisruptionBudgets, "pdb", json!({"spec": spec}));
        Budget::of(&store, &object)
    }

    #[test]
    fn budgets_allow_what_they_can_spare() {
        let table = [
            (json!({"minAvailable": 2}), 2, 1),
            (json!({"minAvailable": 3}), 3, 0),
            (json!({"minAvailable": "50%"}), 2, 1),
            (json!({"maxUnavailable": 1}), 3, 0),
            (json!({"maxUnavailable": 2}), 2, 1),
            (json!({"maxUnavailable": "50%"}), 2, 1),
        ];
        for (spec, needed, allowed) in table {
            let budget = budget(spec.clone());
            assert_eq!((budget.expected, budget.healthy), (4, 3), "{spec}");
            assert_eq!((budget.needed, budget.allowed()), (needed, allowed), "{spec}");
        }
    }
}
