//! The Deployment controller: replaces the `ReplicaSets` of old template revisions by rolling updates or recreation.

mod plan;
mod revision;
mod status;

use super::{
    engine::Controller,
    ownership::{self, controller_name, is_terminating},
    pod, template,
};
use crate::{
    recorder::EventRecorder,
    store::{Deletion, Key, Object, Resource, Status, Store},
};
use plan::{Counts, Strategy};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) struct Deployments {
    pub recorder: EventRecorder,
}

/// A Deployment with its `ReplicaSets`.
struct DeploymentState {
    object: std::sync::Arc<Object>,
    deployment: Value,
    /// The `ReplicaSet` of the current template.
    new: Option<Value>,
    old: Vec<Value>,
}

impl Controller for Deployments {
    type Key = Key;

    fn affected_keys(&self, _: &Store, object: &Object, previous: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::Deployments => vec![object.key()],
            Resource::ReplicaSets => [Some(object), previous]
                .into_iter()
                .flatten()
                .filter_map(|set| controller_name(set, Resource::Deployments))
                .map(|name| (object.namespace.clone(), name))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(mut family) = DeploymentState::find(store, key) else { return Ok(None) };
        if is_terminating(&family.deployment) {
            return Ok(None);
        }
        let paused = family.deployment["spec"]["paused"] == true;
        let recreates = family.deployment["spec"]["strategy"]["type"] == "Recreate";
        if paused {
            self.scale_paused(store, &family)?;
        } else if recreates {
            self.recreate(store, &mut family)?;
        } else {
            self.rolling_update(store, &mut family)?;
        }
        if !paused {
            clean_up(store, &family)?;
        }
        let again = match DeploymentState::find(store, key) {
            Some(family) => status::write(store, &family)?,
            None => None,
        };
        Ok(again)
    }
}

impl DeploymentState {
    fn find(store: &Store, key: &Key) -> Option<Self> {
        let object = store.get(Resource::Deployments, &key.0, &key.1)?;
        let deployment = object.value();
        let mut old = ownership::controlled(store, &object, Resource::ReplicaSets);
        old.retain(|set| !is_terminating(set));
        // Of several equal ReplicaSets the oldest is used, as in a real cluster.
        old.sort_by_key(|set| set["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned());
        let wanted = &deployment["spec"]["template"];
        let place = old.iter().position(|set| template::same(&set["spec"]["template"], wanted));
        let new = place.map(|place| old.remove(place));
        Some(Self { object, deployment, new, old })
    }

    fn wanted(&self) -> i64 {
        self.deployment["spec"]["replicas"].as_i64().unwrap_or(1)
    }

    fn strategy(&self) -> Strategy {
        Strategy::read(&self.deployment["spec"]["strategy"]["rollingUpdate"], self.wanted())
    }
}

impl Deployments {
    /// Performs a rolling update: scales up the new `ReplicaSet` as far as the surge allows and scales down the old ones
    /// as far as the availability allows, until only the new one is left.
    fn rolling_update(&self, store: &Store, family: &mut DeploymentState) -> Result<(), Status> {
        let new = match family.new.take() {
            Some(set) => revision::refresh(store, &family.object, set, &family.old)?,
            None => self.create_new_set(store, family, 0)?,
        };
        let strategy = family.strategy();
        let counts = Counts::of(&new, &family.old, family.wanted());
        let target = plan::new_set(counts, strategy);
        let new = self.scale(store, family, new, target)?;
        let counts = Counts::of(&new, &family.old, family.wanted());
        let targets = plan::old_sets(counts, strategy, &family.old);
        family.new = Some(new);
        for (set, target) in family.old.clone().into_iter().zip(targets) {
            self.scale(store, family, set, target)?;
        }
        Ok(())
    }

    /// Performs a `Recreate` update: no new pod starts before all old pods have ended.
    fn recreate(&self, store: &Store, family: &mut DeploymentState) -> Result<(), Status> {
        for set in family.old.clone() {
            self.scale(store, family, set, 0)?;
        }
        let still_there = family.old.iter().any(|set| {
            let pods = store.children(set["metadata"]["uid"].as_str().unwrap_or_default());
            pods.iter().any(|child| child.resource == Resource::Pods && !pod::is_finished(&child.value()))
        });
        let new = match family.new.take() {
            Some(set) => revision::refresh(store, &family.object, set, &family.old)?,
            None if still_there => return Ok(()),
            None => self.create_new_set(store, family, family.wanted())?,
        };
        let target = if still_there { plan::replicas(&new) } else { family.wanted() };
        family.new = Some(self.scale(store, family, new, target)?);
        Ok(())
    }

    /// Scales a paused Deployment: the largest running `ReplicaSet` takes the difference to the wanted number of
    /// replicas.
    fn scale_paused(&self, store: &Store, family: &DeploymentState) -> Result<(), Status> {
        let running = family.new.iter().chain(&family.old).filter(|set| plan::replicas(set) > 0);
        let total: i64 = running.clone().map(plan::replicas).sum();
        if let Some(largest) = running.max_by_key(|set| plan::replicas(set)).or(family.new.as_ref()) {
            let target = (plan::replicas(largest) + family.wanted() - total).max(0);
            self.scale(store, family, largest.clone(), target)?;
        }
        Ok(())
    }

    fn create_new_set(
        &self,
        store: &Store,
        family: &DeploymentState,
        replicas: i64,
    ) -> Result<Value, Status> {
        let set = revision::create(store, &family.object, &family.deployment, &family.old, replicas)?;
        if replicas > 0 {
            self.record_event(family, ownership::name(&set), 0, replicas);
        }
        Ok(set)
    }

    /// Sets the replicas of a `ReplicaSet` and returns its new version.
    fn scale(
        &self,
        store: &Store,
        family: &DeploymentState,
        set: Value,
        target: i64,
    ) -> Result<Value, Status> {
        let before = plan::replicas(&set);
        let name = ownership::name(&set);
        let wanted = family.wanted();
        let most = wanted + family.strategy().surge;
        let written = store.mutate(Resource::ReplicaSets, &family.object.namespace, name, |known| {
            Ok(known.map(|mut known| {
                known["spec"]["replicas"] = target.into();
                let annotations = &mut known["metadata"]["annotations"];
                annotations["deployment.kubernetes.io/desired-replicas"] = wanted.to_string().into();
                annotations["deployment.kubernetes.io/max-replicas"] = most.to_string().into();
                known
            }))
        })?;
        if before != target {
            self.record_event(family, name, before, target);
        }
        Ok(written.object().map_or(json!(null), |object| object.value()))
    }

    fn record_event(&self, family: &DeploymentState, set: &str, before: i64, target: i64) {
        let direction = if target > before { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {set} from {before} to {target}");
        self.recorder.normal(&family.object, "ScalingReplicaSet", &message);
    }
}

/// Deletes the oldest empty `ReplicaSets` beyond `revisionHistoryLimit`.
fn clean_up(store: &Store, family: &DeploymentState) -> Result<(), Status> {
    let limit = family.deployment["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
    let mut empty: Vec<&Value> = family
        .old
        .iter()
        .filter(|set| plan::replicas(set) == 0 && set["status"]["replicas"].as_i64().unwrap_or(0) == 0)
        .collect();
    empty.sort_by_key(|set| revision::number(set));
    let surplus = empty.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    for set in empty.into_iter().take(surplus) {
        let name = ownership::name(set);
        store.delete(Resource::ReplicaSets, &family.object.namespace, name, &Deletion::default())?;
    }
    Ok(())
}
