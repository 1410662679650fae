//! Tables of Deployments, `ReplicaSets`, `StatefulSets` and `DaemonSets`.

use super::{
    Column,
    cell::{count, created, joined, name, pairs, selector},
    narrow, texts, wide,
};
use jiff::Timestamp;
use serde_json::Value;

pub(super) const DEPLOYMENT: &[Column] = &[
    narrow("Name"),
    narrow("Ready"),
    narrow("Up-to-date"),
    narrow("Available"),
    narrow("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub(super) fn deployment(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    texts([
        name(object),
        format!("{}/{}", count(&status["readyReplicas"]), count(&spec["replicas"])),
        count(&status["updatedReplicas"]),
        count(&status["availableReplicas"]),
        created(object, now),
        containers(spec),
        images(spec),
        selector(&spec["selector"]),
    ])
}

pub(super) const REPLICA_SET: &[Column] = &[
    narrow("Name"),
    narrow("Desired"),
    narrow("Current"),
    narrow("Ready"),
    narrow("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub(super) fn replica_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    texts([
        name(object),
        count(&spec["replicas"]),
        count(&status["replicas"]),
        count(&status["readyReplicas"]),
        created(object, now),
        containers(spec),
        images(spec),
        selector(&spec["selector"]),
    ])
}

pub(super) const STATEFUL_SET: &[Column] =
    &[narrow("Name"), narrow("Ready"), narrow("Age"), wide("Containers"), wide("Images")];

pub(super) fn stateful_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    texts([
        name(object),
        format!("{}/{}", count(&status["readyReplicas"]), count(&spec["replicas"])),
        created(object, now),
        containers(spec),
        images(spec),
    ])
}

pub(super) const DAEMON_SET: &[Column] = &[
    narrow("Name"),
    narrow("Desired"),
    narrow("Current"),
    narrow("Ready"),
    narrow("Up-to-date"),
    narrow("Available"),
    narrow("Node Selector"),
    narrow("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub(super) fn daemon_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    texts([
        name(object),
        count(&status["desiredNumberScheduled"]),
        count(&status["currentNumberScheduled"]),
        count(&status["numberReady"]),
        count(&status["updatedNumberScheduled"]),
        count(&status["numberAvailable"]),
        pairs(&spec["template"]["spec"]["nodeSelector"]),
        created(object, now),
        containers(spec),
        images(spec),
        selector(&spec["selector"]),
    ])
}

fn containers(spec: &Value) -> String {
    joined(&spec["template"]["spec"]["containers"], "name")
}

fn images(spec: &Value) -> String {
    joined(&spec["template"]["spec"]["containers"], "image")
}
