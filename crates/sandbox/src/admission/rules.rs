//! Validation rules by kind. Each error names the field and the problem.

use super::{pod_rules, service_rules};
use crate::store::{Cause, LabelSelector, Resource, names};
use serde_json::{Value, json};

/// Returns all validation errors of an object whose defaults are filled in.
pub(super) fn findings(resource: Resource, object: &Value) -> Vec<Cause> {
    let mut findings = metadata(resource, &object["metadata"]);
    let spec = &object["spec"];
    match resource {
        Resource::Pods => findings.extend(pod_rules::spec("spec", spec, &["Always", "OnFailure", "Never"])),
        Resource::Deployments | Resource::ReplicaSets | Resource::StatefulSets | Resource::DaemonSets => {
            findings.extend(workload(spec));
            findings.extend(strategy(&spec["strategy"]));
        }
        Resource::Services => findings.extend(service_rules::findings(spec)),
        Resource::PodDisruptionBudgets
            if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() =>
        {
            let why = "minAvailable and maxUnavailable cannot be both set";
            findings.push(Cause::invalid("spec", spec, why));
        }
        _ => {}
    }
    findings
}

/// Returns the errors for changes to immutable fields between two versions of an object.
pub(super) fn changes(resource: Resource, before: &Value, after: &Value) -> Vec<Cause> {
    match resource {
        Resource::Pods => pod_rules::changes(&before["spec"], &after["spec"]),
        Resource::Deployments | Resource::ReplicaSets | Resource::StatefulSets | Resource::DaemonSets
            if before["spec"]["selector"] != after["spec"]["selector"] =>
        {
            vec![Cause::invalid("spec.selector", &after["spec"]["selector"], "field is immutable")]
        }
        Resource::Services => service_rules::changes(&before["spec"], &after["spec"]),
        Resource::ConfigMaps | Resource::Secrets
            if before["immutable"] == true && before["data"] != after["data"] =>
        {
            vec![Cause::forbidden("data", "field is immutable when `immutable` is set")]
        }
        _ => Vec::new(),
    }
}

fn metadata(resource: Resource, metadata: &Value) -> Vec<Cause> {
    let mut findings = Vec::new();
    let name = metadata["name"].as_str().unwrap_or_default();
    let checked = match resource {
        Resource::Namespaces => names::check_label(name),
        Resource::Services => names::check_service_name(name),
        _ => names::check_subdomain(name),
    };
    if name.is_empty() {
        findings.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if let Err(why) = checked {
        findings.push(Cause::invalid("metadata.name", &metadata["name"], &why));
    }
    findings.extend(labels("metadata.labels", &metadata["labels"]));
    for (key, _) in metadata["annotations"].as_object().into_iter().flatten() {
        if let Err(why) = names::check_key(&key.to_lowercase()) {
            findings.push(Cause::invalid("metadata.annotations", &json!(key), &why));
        }
    }
    findings
}

fn labels(field: &str, labels: &Value) -> Vec<Cause> {
    let mut findings = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        if let Err(why) = names::check_key(key) {
            findings.push(Cause::invalid(field, &json!(key), &why));
        }
        if let Err(why) = names::check_value(value.as_str().unwrap_or_default()) {
            findings.push(Cause::invalid(field, value, &why));
        }
    }
    findings
}

fn workload(spec: &Value) -> Vec<Cause> {
    let mut findings = Vec::new();
    if spec["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        findings.push(Cause::invalid(
            "spec.replicas",
            &spec["replicas"],
            "must be greater than or equal to 0",
        ));
    }
    let selector = &spec["selector"];
    let template_labels = &spec["template"]["metadata"]["labels"];
    if selector.is_null() {
        findings.push(Cause::required("spec.selector", ""));
    } else if selector.as_object().is_some_and(serde_json::Map::is_empty) {
        findings.push(Cause::invalid("spec.selector", selector, "empty selector is invalid for workloads"));
    } else {
        let labels = template_labels.as_object().into_iter().flatten();
        let labels =
            labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        match LabelSelector::of_workload(selector) {
            None => findings.push(Cause::invalid("spec.selector", selector, "not a valid selector operator")),
            Some(parsed) if parsed.matches(&labels) => {}
            Some(_) => {
                let why = "`selector` does not match template `labels`";
                let labels = if template_labels.is_null() { &json!({}) } else { template_labels };
                findings.push(Cause::invalid("spec.template.metadata.labels", labels, why));
            }
        }
    }
    findings.extend(labels("spec.template.metadata.labels", template_labels));
    findings.extend(pod_rules::spec("spec.template.spec", &spec["template"]["spec"], &["Always"]));
    findings
}

fn strategy(strategy: &Value) -> Vec<Cause> {
    let supported = ["Recreate", "RollingUpdate"];
    let mut findings = Vec::new();
    if strategy.is_null() {
        return findings;
    }
    if !supported.iter().any(|word| strategy["type"] == *word) {
        findings.push(Cause::not_supported("spec.strategy.type", &strategy["type"], &supported));
    }
    let rolling = &strategy["rollingUpdate"];
    if strategy["type"] == "Recreate" && !rolling.is_null() {
        let why = "may not be specified when strategy `type` is 'Recreate'";
        findings.push(Cause::forbidden("spec.strategy.rollingUpdate", why));
    }
    let zero = |value: &Value| *value == 0 || *value == "0" || *value == "0%";
    if zero(&rolling["maxUnavailable"]) && zero(&rolling["maxSurge"]) {
        let field = "spec.strategy.rollingUpdate.maxUnavailable";
        findings.push(Cause::invalid(field, &rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"));
    }
    findings
}
