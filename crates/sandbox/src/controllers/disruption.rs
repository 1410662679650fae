//! The controller of pod disruption budgets: updates the number of pods that may be evicted.

use super::engine::Controller;
use crate::{
    budget::Budget,
    store::{Key, Object, Resource, Selectors, Status, Store},
};
use serde_json::json;
use std::time::Duration;

pub(super) struct Budgets;

impl Controller for Budgets {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
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
        let budget = Budget::of(store, &object);
        store.mutate(Resource::PodDisruptionBudgets, &key.0, &key.1, |known| {
            Ok(known.map(|mut known| {
                for (field, count) in [
                    ("currentHealthy", budget.healthy),
                    ("desiredHealthy", budget.needed),
                    ("disruptionsAllowed", budget.allowed()),
                    ("expectedPods", budget.expected),
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
