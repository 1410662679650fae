//! Disruption budgets: how many pods may be evicted right now.

use std::time::Duration;

use serde_json::{Value, json};

use super::engine::Controller;
use super::pod;
use crate::sandbox::store::{Key, LabelSelector, Object, Resource, Selectors, Status, Store};

pub(super) struct Budgets;

impl Controller for Budgets {
    type Key = Key;

    fn concerned(&self, store: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::PodDisruptionBudgets => vec![object.key()],
            Resource::Pods => {
                let namespace = Some(object.namespace.as_str());
                let budgets =
                    store.list(Resource::PodDisruptionBudgets, namespace, &Selectors::default()).objects;
                budgets.iter().map(|budget| budget.key()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::PodDisruptionBudgets, &key.0, &key.1) else { return Ok(None) };
        let budget = object.value();
        let Some(selector) = LabelSelector::of_workload(&budget["spec"]["selector"]) else { return Ok(None) };
        let pods = store.list(Resource::Pods, Some(&key.0), &Selectors::labels(selector)).objects;
        let pods: Vec<Value> = pods.iter().map(|pod| pod.value()).filter(pod::is_active).collect();
        let healthy = pods.iter().filter(|pod| pod::is_ready(pod)).count();
        let desired = desired(&budget["spec"], pods.len());
        let allowed = healthy.saturating_sub(desired);
        store.mutate(Resource::PodDisruptionBudgets, &key.0, &key.1, |known| {
            Ok(known.map(|mut known| {
                for (field, count) in [
                    ("currentHealthy", healthy),
                    ("desiredHealthy", desired),
                    ("disruptionsAllowed", allowed),
                    ("expectedPods", pods.len()),
                ] {
                    known["status"][field] = json!(count);
                }
                known["status"]["observedGeneration"] = known["metadata"]["generation"].clone();
                known
            }))
        })?;
        Ok(None)
    }
}

/// How many pods must stay healthy: `minAvailable`, or what `maxUnavailable` leaves. Percentages round up, in both
/// cases, as the real controller does.
fn desired(spec: &Value, pods: usize) -> usize {
    if !spec["maxUnavailable"].is_null() {
        return pods.saturating_sub(share(&spec["maxUnavailable"], pods));
    }
    if spec["minAvailable"].is_null() { pods.min(1) } else { share(&spec["minAvailable"], pods) }
}

fn share(value: &Value, of: usize) -> usize {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<usize>().ok());
    match percent {
        Some(percent) => (of * percent).div_ceil(100),
        None => value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_in_numbers_and_percentages() {
        for (spec, pods, expected) in [
            (json!({"minAvailable": 2}), 3, 2),
            (json!({"minAvailable": "50%"}), 3, 2),
            (json!({"maxUnavailable": 1}), 3, 2),
            (json!({"maxUnavailable": "34%"}), 3, 1),
            (json!({"maxUnavailable": 5}), 3, 0),
            (json!({}), 3, 1),
        ] {
            assert_eq!(desired(&spec, pods), expected, "{spec} of {pods}");
        }
    }
}
