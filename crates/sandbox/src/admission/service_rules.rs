//! Validation rules for a Service.

use super::pod_rules::port_number;
use crate::store::Cause;
use serde_json::Value;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// Returns all validation errors of a Service's spec.
pub(super) fn findings(spec: &Value) -> Vec<Cause> {
    let mut findings = Vec::new();
    if !TYPES.iter().any(|word| spec["type"] == *word) {
        findings.push(Cause::not_supported("spec.type", &spec["type"], &TYPES));
    }
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    let needs_ports = spec["type"] != "ExternalName" && spec["clusterIP"] != "None";
    if ports.is_empty() && needs_ports {
        findings.push(Cause::required("spec.ports", ""));
    }
    if spec["type"] == "ExternalName" && spec["externalName"].as_str().unwrap_or_default().is_empty() {
        findings.push(Cause::required("spec.externalName", ""));
    }
    for (at, port) in ports.iter().enumerate() {
        let field = |name: &str| format!("spec.ports[{at}].{name}");
        if ports.len() > 1 && port["name"].as_str().unwrap_or_default().is_empty() {
            findings.push(Cause::required(field("name"), ""));
        }
        findings.extend(port_number(&field("port"), &port["port"]));
        if port["targetPort"].is_number() {
            findings.extend(port_number(&field("targetPort"), &port["targetPort"]));
        }
        let protocols = ["SCTP", "TCP", "UDP"];
        if !protocols.iter().any(|word| port["protocol"] == *word) {
            findings.push(Cause::not_supported(field("protocol"), &port["protocol"], &protocols));
        }
    }
    findings
}

/// Checks that the cluster IP does not change, unless the type is or was `ExternalName`.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<Cause> {
    let (old, new) = (&before["clusterIP"], &after["clusterIP"]);
    let external = before["type"] == "ExternalName" || after["type"] == "ExternalName";
    if external || old == new || old.as_str().unwrap_or_default().is_empty() || new.is_null() {
        return Vec::new();
    }
    vec![Cause::invalid("spec.clusterIPs[0]", new, "may not change once set")]
}
