//! Validation rules for a pod's spec.

use crate::store::{Cause, names};
use serde_json::Value;

/// Returns all validation errors of the pod spec at `path`.
pub(super) fn spec(path: &str, spec: &Value, restart_policies: &[&str]) -> Vec<Cause> {
    let mut findings = Vec::new();
    let containers = spec["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if containers.is_empty() {
        findings.push(Cause::required(format!("{path}.containers"), ""));
    }
    let mut seen: Vec<&Value> = Vec::new();
    for (list, items) in [("initContainers", &spec["initContainers"]), ("containers", &spec["containers"])] {
        for (at, item) in items.as_array().into_iter().flatten().enumerate() {
            let path = format!("{path}.{list}[{at}]");
            findings.extend(container(&path, item));
            if seen.contains(&&item["name"]) {
                findings.push(duplicate(format!("{path}.name"), &item["name"]));
            }
            seen.push(&item["name"]);
        }
    }
    if !restart_policies.iter().any(|policy| spec["restartPolicy"] == *policy) {
        let field = format!("{path}.restartPolicy");
        findings.push(Cause::not_supported(field, &spec["restartPolicy"], restart_policies));
    }
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds < 0) {
        let (field, value) =
            (format!("{path}.terminationGracePeriodSeconds"), &spec["terminationGracePeriodSeconds"]);
        findings.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
    }
    findings
}

fn container(path: &str, container: &Value) -> Vec<Cause> {
    let mut findings = Vec::new();
    match container["name"].as_str().unwrap_or_default() {
        "" => findings.push(Cause::required(format!("{path}.name"), "")),
        name => {
            if let Err(why) = names::check_label(name) {
                findings.push(Cause::invalid(format!("{path}.name"), &container["name"], &why));
            }
        }
    }
    if container["image"].as_str().unwrap_or_default().is_empty() {
        findings.push(Cause::required(format!("{path}.image"), ""));
    }
    for (at, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
        findings.extend(port_number(&format!("{path}.ports[{at}].containerPort"), &port["containerPort"]));
    }
    for (at, variable) in container["env"].as_array().into_iter().flatten().enumerate() {
        if variable["name"].as_str().unwrap_or_default().is_empty() {
            findings.push(Cause::required(format!("{path}.env[{at}].name"), ""));
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let handlers = ["httpGet", "tcpSocket", "exec", "grpc"];
        if container[probe].is_object() && handlers.iter().all(|handler| container[probe][*handler].is_null())
        {
            findings.push(Cause::required(format!("{path}.{probe}"), "must specify a handler type"));
        }
    }
    findings
}

/// Checks that a port is between 1 and 65535.
pub(super) fn port_number(field: &str, port: &Value) -> Option<Cause> {
    match port.as_i64() {
        None | Some(0) => Some(Cause::required(field, "")),
        Some(1..=65_535) => None,
        Some(_) => Some(Cause::invalid(field, port, "must be between 1 and 65535, inclusive")),
    }
}

/// Returns the forbidden changes of a pod's spec. Only images, `activeDeadlineSeconds` and added tolerations may
/// change.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<Cause> {
    if frozen(before, after) == frozen(after, after) {
        return Vec::new();
    }
    let why = "pod updates may not change fields other than `spec.containers[*].image`,\
               `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
               existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
               previously negative)";
    vec![Cause::forbidden("spec", why)]
}

/// Returns the immutable part of a spec. Tolerations are not part of it when `after` contains all of them, that is,
/// when tolerations were only added.
fn frozen(spec: &Value, after: &Value) -> Value {
    let mut frozen = spec.clone();
    let Some(map) = frozen.as_object_mut() else { return frozen };
    map.shift_remove("activeDeadlineSeconds");
    for list in ["containers", "initContainers"] {
        for container in map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            container["image"] = Value::Null;
        }
    }
    let kept =
        |toleration: &Value| after["tolerations"].as_array().is_some_and(|after| after.contains(toleration));
    let all_kept = spec["tolerations"].as_array().is_none_or(|tolerations| tolerations.iter().all(kept));
    if all_kept {
        map.shift_remove("tolerations");
    }
    frozen
}

fn duplicate(field: String, value: &Value) -> Cause {
    Cause { reason: "FieldValueDuplicate", message: format!("Duplicate value: {value}"), field }
}
