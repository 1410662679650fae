//! The `StatefulSet` controller: pods with stable names, created, updated and deleted in order.

mod status;

use super::{
    engine::Controller,
    ownership::{self, is_terminating},
    pod,
    replica_set::{adopt_and_release_pods, owners_of_pod},
    template,
};
use crate::{
    recorder::EventRecorder,
    store::{Deletion, Key, Object, Resource, Status, Store},
};
use jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

/// The label with the revision of a pod's template.
const REVISION_LABEL: &str = "controller-revision-hash";

pub(super) struct StatefulSets {
    recorder: EventRecorder,
    /// Fills in a pod's defaults as the API server does, before the pod is stored.
    complete: fn(&mut Value),
    /// The templates of the current and the updated revision of each `StatefulSet`: a real controller keeps them in
    /// objects of the kind `ControllerRevision`.
    templates: HashMap<Key, BTreeMap<String, Value>>,
}

/// A `StatefulSet` with its pods.
struct StatefulSetState {
    object: Arc<Object>,
    set: Value,
    /// The pods by ordinal.
    pods: BTreeMap<u64, Value>,
    first: u64,
    wanted: u64,
    /// The revision of the template.
    updated: String,
    /// The revision that the pods have, or had before the update in progress.
    current: String,
}

impl Controller for StatefulSets {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, previous: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::StatefulSets => vec![object.key()],
            Resource::Pods => owners_of_pod(store, Resource::StatefulSets, object, previous),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::StatefulSets, &key.0, &key.1) else {
            self.templates.remove(key);
            return Ok(None);
        };
        let set = object.value();
        if is_terminating(&set) {
            return Ok(None);
        }
        adopt_and_release_pods(store, &object, &set, |name| ordinal(&object.name, name).is_some())?;
        let mut state = StatefulSetState::read(store, object, set);
        self.remember_templates(&state);
        self.reconcile_pods(store, &state)?;
        state.pods = pods(store, &state.object);
        status::write(store, &state)?;
        Ok(state
            .pods
            .values()
            .filter_map(|pod| state.until_available(pod))
            .filter(|wait| !wait.is_zero())
            .min())
    }
}

impl StatefulSetState {
    fn read(store: &Store, object: Arc<Object>, set: Value) -> Self {
        let updated = format!("{}-{}", object.name, template::hash(&set["spec"]["template"], 0));
        let current = set["status"]["currentRevision"].as_str().filter(|revision| !revision.is_empty());
        Self {
            pods: pods(store, &object),
            first: set["spec"]["ordinals"]["start"].as_u64().unwrap_or(0),
            wanted: set["spec"]["replicas"].as_u64().unwrap_or(1),
            current: current.unwrap_or(&updated).to_owned(),
            updated,
            object,
            set,
        }
    }

    /// Returns whether an ordinal is one of the wanted replicas.
    fn wants(&self, ordinal: u64) -> bool {
        (self.first..self.first + self.wanted).contains(&ordinal)
    }

    fn is_ordered(&self) -> bool {
        self.set["spec"]["podManagementPolicy"] != "Parallel"
    }

    /// Returns the first ordinal that a rolling update changes; `None` when pods are not updated (`OnDelete`).
    fn partition(&self) -> Option<u64> {
        let strategy = &self.set["spec"]["updateStrategy"];
        let partition = strategy["rollingUpdate"]["partition"].as_u64().unwrap_or(0);
        (strategy["type"] != "OnDelete").then_some(self.first + partition)
    }

    /// Returns the revision for a new pod.
    fn revision_for(&self, ordinal: u64) -> &str {
        let keeps_current = match self.partition() {
            None => false,
            Some(partition) if partition > self.first => ordinal < partition,
            Some(_) => ordinal < self.first + self.set["status"]["currentReplicas"].as_u64().unwrap_or(0),
        };
        if keeps_current { &self.current } else { &self.updated }
    }

    /// Returns the time until a pod counts as available: zero when it does, `None` when it is not ready.
    fn until_available(&self, pod: &Value) -> Option<Duration> {
        let minimum = self.set["spec"]["minReadySeconds"].as_u64().unwrap_or(0);
        let active = pod::is_active(pod);
        pod::until_available(pod, minimum, Timestamp::now()).filter(|_| active)
    }
}

fn pods(store: &Store, object: &Object) -> BTreeMap<u64, Value> {
    let pods = ownership::controlled(store, object, Resource::Pods);
    pods.into_iter().filter_map(|pod| Some((ordinal(&object.name, ownership::name(&pod))?, pod))).collect()
}

/// Returns the number in the name of a pod of the `StatefulSet`.
fn ordinal(set: &str, pod: &str) -> Option<u64> {
    pod.strip_prefix(set)?.strip_prefix('-')?.parse().ok()
}

fn revision(pod: &Value) -> &str {
    pod["metadata"]["labels"][REVISION_LABEL].as_str().unwrap_or_default()
}

impl StatefulSets {
    pub(super) fn new(recorder: EventRecorder, complete: fn(&mut Value)) -> Self {
        Self { recorder, complete, templates: HashMap::new() }
    }

    fn remember_templates(&mut self, state: &StatefulSetState) {
        let known = self.templates.entry(state.object.key()).or_default();
        known.insert(state.updated.clone(), state.set["spec"]["template"].clone());
        known.retain(|revision, _| *revision == state.updated || *revision == state.current);
    }

    /// Takes the next step towards the wanted pods; an ordered `StatefulSet` takes one at a time.
    fn reconcile_pods(&self, store: &Store, state: &StatefulSetState) -> Result<(), Status> {
        let available = |pod: &Value| state.until_available(pod) == Some(Duration::ZERO);
        for ordinal in state.first..state.first + state.wanted {
            match state.pods.get(&ordinal) {
                None => self.create(store, state, ordinal)?,
                Some(pod) if available(pod) => continue,
                Some(pod) if pod::is_finished(pod) && !is_terminating(pod) => {
                    self.delete(store, state, pod)?;
                }
                Some(_) => {}
            }
            if state.is_ordered() {
                return Ok(());
            }
        }
        for (_, pod) in state.pods.iter().rev().filter(|(ordinal, _)| !state.wants(**ordinal)) {
            if !is_terminating(pod) {
                self.delete(store, state, pod)?;
            }
            if state.is_ordered() {
                return Ok(());
            }
        }
        let Some(partition) = state.partition() else { return Ok(()) };
        for (_, pod) in state.pods.range(partition..).rev().filter(|(ordinal, _)| state.wants(**ordinal)) {
            if revision(pod) != state.updated && !is_terminating(pod) {
                return self.delete(store, state, pod);
            }
            if !available(pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn create(&self, store: &Store, state: &StatefulSetState, ordinal: u64) -> Result<(), Status> {
        let object = &state.object;
        let name = format!("{}-{ordinal}", object.name);
        let known = self.templates.get(&object.key());
        let revision = state.revision_for(ordinal);
        let kept = known.and_then(|known| known.get(revision));
        let (template, revision) = match kept {
            Some(template) => (template, revision),
            None => (&state.set["spec"]["template"], state.updated.as_str()),
        };
        let mut pod = template::pod(template, object, &name);
        let labels = &mut pod["metadata"]["labels"];
        labels[REVISION_LABEL] = revision.into();
        labels["statefulset.kubernetes.io/pod-name"] = name.as_str().into();
        labels["apps.kubernetes.io/pod-index"] = ordinal.to_string().into();
        pod["spec"]["hostname"] = name.as_str().into();
        pod["spec"]["subdomain"] = state.set["spec"]["serviceName"].clone();
        (self.complete)(&mut pod);
        let mut taken = false;
        store.mutate(Resource::Pods, &object.namespace, &name, |known| {
            taken = known.is_some();
            Ok(Some(known.unwrap_or(pod)))
        })?;
        if taken {
            let message =
                format!("create Pod {name} in StatefulSet {} failed: the pod already exists", object.name);
            self.recorder.warning(object, "FailedCreate", &message);
        } else {
            let message = format!("create Pod {name} in StatefulSet {} successful", object.name);
            self.recorder.normal(object, "SuccessfulCreate", &message);
        }
        Ok(())
    }

    fn delete(&self, store: &Store, state: &StatefulSetState, pod: &Value) -> Result<(), Status> {
        let (object, name) = (&state.object, ownership::name(pod));
        store.delete(Resource::Pods, &object.namespace, name, &Deletion::default())?;
        let message = format!("delete Pod {name} in StatefulSet {} successful", object.name);
        self.recorder.normal(object, "SuccessfulDelete", &message);
        Ok(())
    }
}
