//! The scheduler: assigns pods to nodes.

mod requests;

use super::{condition, engine::Controller, ownership::is_terminating, pod};
use crate::{
    recorder::EventRecorder,
    store::{Key, Object, Resource, Selectors, Status, Store},
};
use requests::{Amounts, RequestCache};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

pub(super) struct Scheduler {
    recorder: EventRecorder,
    requests: RequestCache,
}

impl Controller for Scheduler {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
        let frees_a_place = || {
            let present = store.get(Resource::Pods, &object.namespace, &object.name);
            present.is_none_or(|present| present.uid != object.uid || pod::is_over(&present))
        };
        match object.resource {
            Resource::Pods if object.field("spec.nodeName").is_empty() => vec![object.key()],
            Resource::Pods if frees_a_place() => pending(store),
            // A new or uncordoned node may be able to run pending pods.
            Resource::Nodes => pending(store),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::Pods, &key.0, &key.1) else { return Ok(None) };
        let pod = object.value();
        if pod["spec"]["nodeName"].is_string() || is_terminating(&pod) {
            return Ok(None);
        }
        match self.choose(store, &pod) {
            Ok(node) => self.bind(store, &object, &node),
            Err(why) => self.refuse(store, &object, &why),
        }?;
        Ok(None)
    }
}

fn pending(store: &Store) -> Vec<Key> {
    let pods = store.list(Resource::Pods, None, &Selectors::default()).objects;
    pods.iter().filter(|pod| pod.field("spec.nodeName").is_empty()).map(|pod| pod.key()).collect()
}

/// Why a node is unsuitable.
struct Unsuitable {
    reasons: Vec<String>,
    /// Whether the pod could run there if others left.
    full: bool,
}

/// Returns why the pod cannot run on a node, by the first rule that the node fails, in the scheduler's order.
fn unsuitable(node: &Object, pod: &Value, requested: &Amounts, used: &Amounts) -> Option<Unsuitable> {
    let never = |reason: &str| Some(Unsuitable { reasons: vec![reason.to_owned()], full: false });
    let value = node.value();
    if value["spec"]["unschedulable"] == true {
        return never("node(s) were unschedulable");
    }
    let mut taints = value["spec"]["taints"].as_array().into_iter().flatten();
    if let Some(taint) = taints.find(|taint| taint["effect"] != "PreferNoSchedule" && !tolerates(pod, taint))
    {
        let text = |key: &str| taint[key].as_str().unwrap_or_default();
        return never(&format!("node(s) had untolerated taint {{{}: {}}}", text("key"), text("value")));
    }
    let mut wanted = pod["spec"]["nodeSelector"].as_object().into_iter().flatten();
    if wanted.any(|(key, value)| node.labels.get(key).map(String::as_str) != value.as_str()) {
        return never("node(s) didn't match Pod's node affinity/selector");
    }
    // A node that does not say what it has, has enough.
    let allocatable = &value["status"]["allocatable"];
    if allocatable.is_null() {
        return None;
    }
    let capacity = Amounts::of(allocatable);
    let reasons = requested.lacking(used, &capacity);
    let full = requested.lacking(&Amounts::default(), &capacity).is_empty();
    (!reasons.is_empty()).then_some(Unsuitable { reasons, full })
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    let mut tolerations = pod["spec"]["tolerations"].as_array().into_iter().flatten();
    tolerations.any(|toleration| {
        let any_or_same = |key: &str| toleration[key].is_null() || toleration[key] == taint[key];
        let exists = toleration["operator"] == "Exists";
        let same_value = toleration["value"].as_str().unwrap_or("") == taint["value"].as_str().unwrap_or("");
        any_or_same("effect")
            && if exists { any_or_same("key") } else { toleration["key"] == taint["key"] && same_value }
    })
}

impl Scheduler {
    pub(super) fn new(recorder: EventRecorder) -> Self {
        Self { recorder, requests: RequestCache::default() }
    }

    /// Returns the suitable node with the fewest pods, or the reason why no node is suitable.
    fn choose(&mut self, store: &Store, pod: &Value) -> Result<String, String> {
        let nodes = store.list(Resource::Nodes, None, &Selectors::default()).objects;
        let used = self.requests.by_node(store);
        let requested = Amounts::requested(pod);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut full = 0;
        let mut suitable = Vec::new();
        for node in &nodes {
            let used = used.get(&node.name).copied().unwrap_or_default();
            match unsuitable(node, pod, &requested, &used) {
                None => suitable.push((used.pods, &node.name)),
                Some(why) => {
                    full += usize::from(why.full);
                    why.reasons.into_iter().for_each(|reason| *counts.entry(reason).or_default() += 1);
                }
            }
        }
        suitable.into_iter().min().map(|(_, node)| node.clone()).ok_or_else(|| {
            let all = nodes.len();
            let mut reasons: Vec<String> =
                counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            reasons.sort();
            // No pod has a priority here, so no pod ever makes room for another one.
            let preemption = [
                (full, "No preemption victims found for incoming pod"),
                (all - full, "Preemption is not helpful for scheduling"),
            ];
            let preemption = preemption.into_iter().filter(|(count, _)| *count > 0);
            let preemption: Vec<String> = preemption.map(|(count, word)| format!("{count} {word}")).collect();
            format!(
                "0/{all} nodes are available: {}. preemption: 0/{all} nodes are available: {}.",
                reasons.join(", "),
                preemption.join(", ")
            )
        })
    }

    fn bind(&self, store: &Store, object: &Object, node: &str) -> Result<(), Status> {
        let written = edit(store, object, |pod| {
            pod["spec"]["nodeName"] = node.into();
            scheduled(pod, true, "", String::new());
        })?;
        if written {
            let message = format!("Successfully assigned {}/{} to {node}", object.namespace, object.name);
            self.recorder.normal(object, "Scheduled", &message);
        }
        Ok(())
    }

    fn refuse(&self, store: &Store, object: &Object, why: &str) -> Result<(), Status> {
        let written = edit(store, object, |pod| scheduled(pod, false, "Unschedulable", why.to_owned()))?;
        if written {
            self.recorder.warning(object, "FailedScheduling", why);
        }
        Ok(())
    }
}

/// Sets the condition `PodScheduled`.
fn scheduled(pod: &mut Value, holds: bool, reason: &str, message: String) {
    let mut conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    condition::set(&mut conditions, &condition::Condition { kind: "PodScheduled", holds, reason, message });
    for condition in &mut conditions {
        // Pod conditions have no update time and omit empty fields.
        if let Some(fields) = condition.as_object_mut() {
            fields.shift_remove("lastUpdateTime");
            fields.entry("lastProbeTime").or_insert(Value::Null);
            fields.retain(|_, value| value != "");
        }
    }
    pod["status"]["conditions"] = json!(conditions);
    if pod["status"]["phase"].is_null() {
        pod["status"]["phase"] = "Pending".into();
    }
}

fn edit(store: &Store, object: &Object, change: impl FnOnce(&mut Value)) -> Result<bool, Status> {
    let written = store.mutate(Resource::Pods, &object.namespace, &object.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == object.uid.as_str() && known["spec"]["nodeName"].is_null() {
                change(&mut known);
            }
            known
        }))
    })?;
    Ok(written.changed())
}
