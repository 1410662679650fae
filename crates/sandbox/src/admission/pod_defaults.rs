//! The default values of pods and pod templates.

use crate::store::Resource;
use rand::{Rng, distr::slice::Choose};
use serde_json::{Value, json};

/// The characters Kubernetes uses in generated names: without vowels, so that no words appear.
const SUFFIX_LETTERS: &[char] = &[
    'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'z', '2',
    '4', '5', '6', '7', '8', '9',
];

/// Returns five random characters for a generated name.
pub fn suffix() -> String {
    let letters = Choose::new(SUFFIX_LETTERS).expect("there are letters to choose from");
    rand::rng().sample_iter(letters).take(5).collect()
}

/// Sets a field that is missing or null.
pub(super) fn fill(object: &mut Value, key: &str, value: Value) {
    if object[key].is_null() {
        object[key] = value;
    }
}

pub(super) fn fill_all<const N: usize>(object: &mut Value, values: [(&str, Value); N]) {
    for (key, value) in values {
        fill(object, key, value);
    }
}

/// Returns the pod spec inside an object of a kind that has one.
pub(super) fn pod_spec(resource: Resource, object: &mut Value) -> Option<&mut Value> {
    match resource {
        Resource::Pods => object.get_mut("spec"),
        Resource::Deployments | Resource::ReplicaSets | Resource::StatefulSets | Resource::DaemonSets => {
            object.pointer_mut("/spec/template/spec")
        }
        _ => None,
    }
}

/// Completes the pod template of a workload.
pub(super) fn template(object: &mut Value) {
    fill(&mut object["spec"], "template", json!({}));
    fill_all(&mut object["spec"]["template"], [("metadata", json!({})), ("spec", json!({}))]);
    spec(&mut object["spec"]["template"]["spec"]);
}

pub(super) fn pod(pod: &mut Value) {
    spec(&mut pod["spec"]);
    fill_all(
        &mut pod["spec"],
        [
            ("serviceAccountName", json!("default")),
            ("enableServiceLinks", json!(true)),
            ("preemptionPolicy", json!("PreemptLowerPriority")),
            ("priority", json!(0)),
            ("tolerations", json!([lasting("not-ready"), lasting("unreachable")])),
            ("volumes", json!([])),
        ],
    );
    let account = pod["spec"]["serviceAccountName"].clone();
    fill(&mut pod["spec"], "serviceAccount", account);
    mount_token(&mut pod["spec"]);
    fill(&mut pod["status"], "phase", json!("Pending"));
    let class = quality(&pod["spec"]);
    fill(&mut pod["status"], "qosClass", json!(class));
}

fn lasting(trouble: &str) -> Value {
    let key = format!("node.kubernetes.io/{trouble}");
    json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
}

/// Adds the service account token volume that real clusters mount into every pod; `kubectl drain` inspects the volumes.
fn mount_token(spec: &mut Value) {
    const PLACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let ours =
        |volume: &Value| volume["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    let present = spec["volumes"].as_array().is_some_and(|volumes| volumes.iter().any(ours));
    if present || spec["automountServiceAccountToken"] == false {
        return;
    }
    let name = format!("kube-api-access-{}", suffix());
    let sources = json!([
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [
            {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]);
    let volume = json!({"name": name, "projected": {"defaultMode": 420, "sources": sources}});
    if let Some(volumes) = spec["volumes"].as_array_mut() {
        volumes.push(volume);
    }
    for container in spec.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        fill(container, "volumeMounts", json!([]));
        let mounts = container["volumeMounts"].as_array_mut();
        if let Some(mounts) = mounts.filter(|mounts| mounts.iter().all(|mount| mount["mountPath"] != PLACE)) {
            mounts.push(json!({"name": name, "mountPath": PLACE, "readOnly": true}));
        }
    }
}

fn spec(spec: &mut Value) {
    fill_all(
        spec,
        [
            ("restartPolicy", json!("Always")),
            ("terminationGracePeriodSeconds", json!(30)),
            ("dnsPolicy", json!("ClusterFirst")),
            ("securityContext", json!({})),
            ("schedulerName", json!("default-scheduler")),
        ],
    );
    for list in ["containers", "initContainers"] {
        spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(container);
    }
}

fn container(container: &mut Value) {
    let pull = pull_policy(container["image"].as_str().unwrap_or_default());
    fill_all(
        container,
        [
            ("resources", json!({})),
            ("terminationMessagePath", json!("/dev/termination-log")),
            ("terminationMessagePolicy", json!("File")),
            ("imagePullPolicy", json!(pull)),
        ],
    );
    let limits = container["resources"].get("limits").cloned().unwrap_or_default();
    for (name, limit) in limits.as_object().into_iter().flatten() {
        fill(&mut container["resources"], "requests", json!({}));
        fill(&mut container["resources"]["requests"], name, limit.clone());
    }
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        fill(port, "protocol", json!("TCP"));
    }
    for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(reference) = variable.pointer_mut("/valueFrom/fieldRef") {
            fill(reference, "apiVersion", json!("v1"));
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe) {
            fill_all(
                probe,
                [
                    ("timeoutSeconds", json!(1)),
                    ("periodSeconds", json!(10)),
                    ("successThreshold", json!(1)),
                    ("failureThreshold", json!(3)),
                ],
            );
            if let Some(get) = probe.get_mut("httpGet") {
                fill_all(get, [("path", json!("/")), ("scheme", json!("HTTP"))]);
            }
        }
    }
}

fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let moving = !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    if moving { "Always" } else { "IfNotPresent" }
}

/// Returns the value of `status.qosClass`.
fn quality(spec: &Value) -> &'static str {
    let containers = || spec["containers"].as_array().into_iter().flatten();
    let amounts = |container: &Value, kind: &str| container["resources"][kind].clone();
    let bare = |c: &Value| {
        ["limits", "requests"]
            .iter()
            .all(|kind| amounts(c, kind).as_object().is_none_or(|map| map.is_empty()))
    };
    let bound = |c: &Value| {
        let (limits, requests) = (amounts(c, "limits"), amounts(c, "requests"));
        ["cpu", "memory"].iter().all(|name| !limits[name].is_null() && limits[name] == requests[name])
    };
    match () {
        () if containers().all(bare) => "BestEffort",
        () if containers().all(bound) => "Guaranteed",
        () => "Burstable",
    }
}
