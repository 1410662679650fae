//! What the sandbox stores but does not act on, for the warnings that kubectl prints.

use super::pod_defaults::pod_spec;
use crate::store::Resource;
use serde_json::Value;

/// Fields of a pod's spec and of its containers that have no effect. Limits and security contexts are not among them:
/// nearly every manifest has them, and pods behave alike without them until they use more than they should.
const POD: [&str; 8] = [
    "activeDeadlineSeconds",
    "affinity",
    "ephemeralContainers",
    "hostAliases",
    "hostNetwork",
    "initContainers",
    "priorityClassName",
    "topologySpreadConstraints",
];
const CONTAINER: [&str; 3] = ["lifecycle.postStart", "lifecycle.preStop.httpGet", "stdin"];

/// Returns the warnings for an object that a client creates or changes.
pub fn warnings(resource: Resource, object: &Value) -> Vec<String> {
    let spec = &object["spec"];
    let mut warnings = Vec::new();
    let mut ignored = Vec::new();
    match resource {
        Resource::DaemonSets => {
            warnings.push("the sandbox has no controller for DaemonSets: it creates no pods".to_owned());
        }
        Resource::Ingresses => {
            warnings.push("the sandbox has no controller for Ingresses: nothing listens for it".to_owned());
        }
        Resource::StatefulSets if !is_empty(&spec["volumeClaimTemplates"]) => {
            ignored.push("spec.volumeClaimTemplates".to_owned());
        }
        Resource::Services => {
            if spec["sessionAffinity"] == "ClientIP" {
                ignored.push("spec.sessionAffinity".to_owned());
            }
            ignored.extend(other_protocols("spec.ports", &spec["ports"]));
        }
        Resource::Nodes => {
            let mut taints = spec["taints"].as_array().into_iter().flatten();
            if taints.any(|taint| taint["effect"] == "NoExecute") {
                let text = "the sandbox evicts no pods from a node with a NoExecute taint: it only places no new ones";
                warnings.push(text.to_owned());
            }
        }
        _ => {}
    }
    let mut object = object.clone();
    if let Some(spec) = pod_spec(resource, &mut object).filter(|_| resource != Resource::DaemonSets) {
        let path = if resource == Resource::Pods { "spec" } else { "spec.template.spec" };
        ignored.extend(of_pod(path, spec));
    }
    if !ignored.is_empty() {
        warnings.push(format!("the sandbox ignores {}", ignored.join(", ")));
    }
    warnings
}

fn of_pod(path: &str, spec: &Value) -> Vec<String> {
    let mut ignored: Vec<String> =
        POD.iter().filter(|field| !is_empty(&spec[**field])).map(|field| format!("{path}.{field}")).collect();
    let own =
        |volume: &Value| volume["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    if spec["volumes"].as_array().is_some_and(|volumes| !volumes.iter().all(own)) {
        ignored.push(format!("{path}.volumes"));
    }
    for (at, container) in spec["containers"].as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}.containers[{at}]");
        for field in CONTAINER {
            if !is_empty(field.split('.').fold(container, |value, key| &value[key])) {
                ignored.push(format!("{path}.{field}"));
            }
        }
        ignored.extend(other_protocols(&format!("{path}.ports"), &container["ports"]));
    }
    ignored
}

/// Only TCP is forwarded.
fn other_protocols(path: &str, ports: &Value) -> Option<String> {
    let mut protocols = ports.as_array()?.iter().filter_map(|port| port["protocol"].as_str());
    protocols.find(|protocol| *protocol != "TCP").map(|protocol| format!("{path} with {protocol}"))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_has_no_effect_is_named_with_its_place() {
        let pod = |spec: Value| json!({"spec": spec});
        let template = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
        for (resource, object, expected) in [
            (Resource::Pods, pod(json!({"containers": [{"name": "a"}], "securityContext": {}})), ""),
            (Resource::Pods, pod(json!({"volumes": [{"name": "kube-api-access-1"}]})), ""),
            (
                Resource::Deployments,
                template(json!({
                    "volumes": [{"name": "data"}],
                    "containers": [{}, {"lifecycle": {"preStop": {"httpGet": {"port": 80}}}}],
                })),
                "the sandbox ignores spec.template.spec.volumes, spec.template.spec.containers[1].lifecycle.preStop.httpGet",
            ),
            (
                Resource::Services,
                pod(json!({"ports": [{"protocol": "UDP"}]})),
                "the sandbox ignores spec.ports with UDP",
            ),
            (
                Resource::DaemonSets,
                template(json!({"volumes": [{"name": "data"}]})),
                "the sandbox has no controller for DaemonSets: it creates no pods",
            ),
            (
                Resource::StatefulSets,
                pod(json!({"volumeClaimTemplates": [{"spec": {"x": "y"}}]})),
                "the sandbox ignores spec.volumeClaimTemplates",
            ),
        ] {
            assert_eq!(warnings(resource, &object).join("; "), expected, "{object}");
        }
    }
}
