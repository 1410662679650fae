//! The `ReplicaSet` controller: keeps the number of pods equal to `spec.replicas`.

use super::{
    engine::Controller,
    naming,
    ownership::{self, controller_name, controller_uid, is_terminating},
    pod, template,
};
use crate::{
    recorder::EventRecorder,
    store::{Deletion, Key, LabelSelector, Object, Resource, Selectors, Status, Store},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{cmp::Reverse, time::Duration};

/// The maximum number of pods created or deleted per reconciliation.
const BURST: usize = 500;

pub(super) struct ReplicaSets {
    pub recorder: EventRecorder,
    /// Fills in a pod's defaults as the API server does, before the pod is stored.
    pub complete: fn(&mut Value),
}

impl Controller for ReplicaSets {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, previous: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::ReplicaSets => vec![object.key()],
            Resource::Pods => owners_of_pod(store, Resource::ReplicaSets, object, previous),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::ReplicaSets, &key.0, &key.1) else { return Ok(None) };
        let set = object.value();
        if !is_terminating(&set) {
            adopt_and_release_pods(store, &object, &set, |_| true)?;
            self.reconcile_replicas(store, &object, &set)?;
        }
        write_status(store, &object, &set)
    }
}

/// Returns the workloads of the kind `resource` that a change of a pod affects: its owner, or, for a pod without an
/// owner, every workload that may adopt it.
pub(super) fn owners_of_pod(
    store: &Store,
    resource: Resource,
    pod: &Object,
    previous: Option<&Object>,
) -> Vec<Key> {
    let owners = [Some(pod), previous].into_iter().flatten();
    let mut keys: Vec<Key> = owners
        .filter_map(|pod| controller_name(pod, resource))
        .map(|name| (pod.namespace.clone(), name))
        .collect();
    if keys.is_empty() && pod.owners.is_empty() {
        let workloads = store.list(resource, Some(&pod.namespace), &Selectors::default()).objects;
        let selects = |set: &Value| {
            LabelSelector::of_workload(&set["spec"]["selector"])
                .is_some_and(|selector| !selector.is_empty() && selector.matches(&pod.labels))
        };
        keys.extend(workloads.iter().filter(|set| selects(&set.value())).map(|set| set.key()));
    }
    keys
}

/// Adopts pods without an owner that match the selector and have a name that `may_own` accepts, and releases owned pods
/// that no longer match.
pub(super) fn adopt_and_release_pods(
    store: &Store,
    object: &Object,
    set: &Value,
    may_own: impl Fn(&str) -> bool,
) -> Result<(), Status> {
    let Some(selector) = LabelSelector::of_workload(&set["spec"]["selector"]).filter(|s| !s.is_empty())
    else {
        return Ok(());
    };
    for child in store.children(&object.uid) {
        if child.resource == Resource::Pods && !selector.matches(&child.labels) {
            change(store, &child, |pod| {
                if let Some(owners) = pod["metadata"]["ownerReferences"].as_array_mut() {
                    owners.retain(|owner| owner["uid"] != object.uid.as_str());
                }
            })?;
        }
    }
    let selected = Selectors::labels(selector);
    for candidate in store.list(Resource::Pods, Some(&object.namespace), &selected).objects {
        let pod = candidate.value();
        if ownership::controller(&pod).is_none() && pod::is_active(&pod) && may_own(&candidate.name) {
            change(store, &candidate, |pod| match pod["metadata"]["ownerReferences"].as_array_mut() {
                Some(owners) => owners.push(ownership::reference(object)),
                None => pod["metadata"]["ownerReferences"] = json!([ownership::reference(object)]),
            })?;
        }
    }
    Ok(())
}

/// Changes the pod if its UID is still the same.
fn change(store: &Store, pod: &Object, edit: impl FnOnce(&mut Value)) -> Result<(), Status> {
    store.mutate(Resource::Pods, &pod.namespace, &pod.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == pod.uid.as_str() {
                edit(&mut known);
            }
            known
        }))
    })?;
    Ok(())
}

impl ReplicaSets {
    fn reconcile_replicas(&self, store: &Store, object: &Object, set: &Value) -> Result<(), Status> {
        let wanted = usize::try_from(set["spec"]["replicas"].as_u64().unwrap_or(1)).unwrap_or(usize::MAX);
        let mut pods = ownership::controlled(store, object, Resource::Pods);
        pods.retain(pod::is_active);
        for _ in pods.len()..wanted.min(pods.len() + BURST) {
            self.create(store, object, set)?;
        }
        if pods.len() > wanted {
            pods.sort_by_key(deletion_rank);
            for pod in pods.iter().take((pods.len() - wanted).min(BURST)) {
                let name = ownership::name(pod);
                store.delete(Resource::Pods, &object.namespace, name, &Deletion::default())?;
                self.recorder.normal(object, "SuccessfulDelete", &format!("Deleted pod: {name}"));
            }
        }
        Ok(())
    }

    fn create(&self, store: &Store, object: &Object, set: &Value) -> Result<(), Status> {
        let name = loop {
            let name = format!("{}-{}", object.name, naming::suffix());
            if store.get(Resource::Pods, &object.namespace, &name).is_none() {
                break name;
            }
        };
        let mut pod = template::pod(&set["spec"]["template"], object, &name);
        (self.complete)(&mut pod);
        store.mutate(Resource::Pods, &object.namespace, &name, |_| Ok(Some(pod)))?;
        self.recorder.normal(object, "SuccessfulCreate", &format!("Created pod: {name}"));
        Ok(())
    }
}

/// Returns the order of deletion for surplus pods: unassigned, not running and unready pods first, then the newest.
fn deletion_rank(pod: &Value) -> (bool, bool, bool, Reverse<String>, Reverse<u64>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let version = pod["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok());
    (
        pod["spec"]["nodeName"].is_string(),
        pod["status"]["phase"] == "Running",
        pod::is_ready(pod),
        Reverse(text(&pod["metadata"]["creationTimestamp"])),
        Reverse(version.unwrap_or(0)),
    )
}

fn write_status(store: &Store, object: &Object, set: &Value) -> Result<Option<Duration>, Status> {
    let now = Timestamp::now();
    let min_ready = set["spec"]["minReadySeconds"].as_u64().unwrap_or(0);
    let template =
        LabelSelector::of_service(&set["spec"]["template"]["metadata"]["labels"]).unwrap_or_default();
    let (mut replicas, mut labelled, mut ready, mut available) = (0, 0, 0, 0);
    let mut again: Option<Duration> = None;
    for child in store.children(&object.uid).iter().filter(|child| child.resource == Resource::Pods) {
        let pod = child.value();
        if !pod::is_active(&pod) || controller_uid(&pod) != Some(object.uid.as_str()) {
            continue;
        }
        replicas += 1;
        labelled += u64::from(template.matches(&child.labels));
        if let Some(wait) = pod::until_available(&pod, min_ready, now) {
            ready += 1;
            available += u64::from(wait.is_zero());
            if !wait.is_zero() {
                again = Some(again.map_or(wait, |known| known.min(wait)));
            }
        }
    }
    let mut status = json!({"replicas": replicas, "observedGeneration": set["metadata"]["generation"]});
    for (key, count) in
        [("fullyLabeledReplicas", labelled), ("readyReplicas", ready), ("availableReplicas", available)]
    {
        if count > 0 {
            status[key] = count.into();
        }
    }
    store.mutate(Resource::ReplicaSets, &object.namespace, &object.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == object.uid.as_str() {
                known["status"] = status;
            }
            known
        }))
    })?;
    Ok(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_do_the_least_go_first_then_the_newest() {
        let pod = |name: &str, node: bool, phase: &str, ready: &str, second: u8| {
            let mut pod = json!({
                "metadata": {"name": name, "creationTimestamp": format!("2026-11-23T05:00:{second:02}Z")},
                "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
            });
            if node {
                pod["spec"]["nodeName"] = "one".into();
            }
            pod
        };
        let mut pods = [
            pod("old", true, "Running", "True", 1),
            pod("new", true, "Running", "True", 9),
            pod("unready", true, "Running", "False", 1),
            pod("starting", true, "Pending", "False", 1),
            pod("unplaced", false, "Pending", "False", 1),
        ];
        pods.sort_by_key(deletion_rank);
        let order: Vec<&str> = pods.iter().map(ownership::name).collect();
        assert_eq!(order, ["unplaced", "starting", "unready", "new", "old"]);
    }
}
