//! The scheduler: assigns pods to nodes.

use super::{condition, engine::Controller, ownership::is_terminating};
use crate::{
    recorder::EventRecorder,
    store::{Key, Object, Resource, Selectors, Status, Store},
};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) struct Scheduler {
    pub recorder: EventRecorder,
}

impl Controller for Scheduler {
    type Key = Key;

    fn affected_keys(&self, store: &Store, object: &Object, _: Option<&Object>) -> Vec<Key> {
        match object.resource {
            Resource::Pods if object.field("spec.nodeName").is_empty() => vec![object.key()],
            // A new or uncordoned node may be able to run pending pods.
            Resource::Nodes => {
                let pods = store.list(Resource::Pods, None, &Selectors::default()).objects;
                pods.iter().filter(|pod| pod.field("spec.nodeName").is_empty()).map(|pod| pod.key()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, store: &Store, key: &Key) -> Result<Option<Duration>, Status> {
        let Some(object) = store.get(Resource::Pods, &key.0, &key.1) else { return Ok(None) };
        let pod = object.value();
        if pod["spec"]["nodeName"].is_string() || is_terminating(&pod) {
            return Ok(None);
        }
        match choose(store, &pod) {
            Ok(node) => self.bind(store, &object, &node),
            Err(why) => self.refuse(store, &object, &why),
        }?;
        Ok(None)
    }
}

/// Returns the suitable node with the fewest pods, or the reason why no node is suitable.
fn choose(store: &Store, pod: &Value) -> Result<String, String> {
    let nodes = store.list(Resource::Nodes, None, &Selectors::default()).objects;
    let (mut cordoned, mut unlike) = (0, 0);
    let mut suitable = Vec::new();
    for node in &nodes {
        let value = node.value();
        let wanted = pod["spec"]["nodeSelector"].as_object().into_iter().flatten();
        if value["spec"]["unschedulable"] == true {
            cordoned += 1;
        } else if wanted
            .clone()
            .any(|(key, value)| node.labels.get(key).map(String::as_str) != value.as_str())
        {
            unlike += 1;
        } else {
            suitable.push(&node.name);
        }
    }
    let pods = store.list(Resource::Pods, None, &Selectors::default()).objects;
    let load = |node: &str| pods.iter().filter(|pod| pod.field("spec.nodeName") == node).count();
    suitable.into_iter().min_by_key(|node| load(node)).cloned().ok_or_else(|| {
        let mut reasons = Vec::new();
        if cordoned > 0 {
            reasons.push(format!("{cordoned} node(s) were unschedulable"));
        }
        if unlike > 0 {
            reasons.push(format!("{unlike} node(s) didn't match Pod's node affinity/selector"));
        }
        format!("0/{} nodes are available: {}.", nodes.len(), reasons.join(", "))
    })
}

impl Scheduler {
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
