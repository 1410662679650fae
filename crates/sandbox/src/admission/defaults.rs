//! The default values of the kinds other than Pod.

use super::pod_defaults::{self, fill, fill_all};
use crate::store::Resource;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

/// Fills in the defaults of an object whose fields already have the types of the API.
pub(super) fn complete(resource: Resource, object: &mut Value) {
    for part in ["metadata", "spec", "status"] {
        if (part == "metadata" || has(resource, part)) && !object[part].is_object() {
            object[part] = Value::Object(Map::default());
        }
    }
    match resource {
        Resource::Pods => pod_defaults::pod(object),
        Resource::Deployments => {
            let rolling = json!({"type": "RollingUpdate"});
            fill_all(
                &mut object["spec"],
                [
                    ("replicas", json!(1)),
                    ("strategy", rolling),
                    ("revisionHistoryLimit", json!(10)),
                    ("progressDeadlineSeconds", json!(600)),
                ],
            );
            let strategy = &mut object["spec"]["strategy"];
            fill(strategy, "type", json!("RollingUpdate"));
            if strategy["type"] == "RollingUpdate" {
                fill(strategy, "rollingUpdate", json!({}));
                let quarter = json!("25%");
                fill_all(
                    &mut strategy["rollingUpdate"],
                    [("maxUnavailable", quarter.clone()), ("maxSurge", quarter)],
                );
            }
            pod_defaults::template(object);
        }
        Resource::ReplicaSets => {
            fill(&mut object["spec"], "replicas", json!(1));
            fill(&mut object["status"], "replicas", json!(0));
            pod_defaults::template(object);
        }
        Resource::StatefulSets => {
            fill_all(
                &mut object["spec"],
                [
                    ("replicas", json!(1)),
                    ("serviceName", json!("")),
                    ("podManagementPolicy", json!("OrderedReady")),
                    ("updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})),
                    ("revisionHistoryLimit", json!(10)),
                ],
            );
            fill(&mut object["status"], "replicas", json!(0));
            pod_defaults::template(object);
        }
        Resource::DaemonSets => {
            let update =
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}});
            fill_all(&mut object["spec"], [("updateStrategy", update), ("revisionHistoryLimit", json!(10))]);
            let counts =
                ["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"];
            fill_all(&mut object["status"], counts.map(|count| (count, json!(0))));
            pod_defaults::template(object);
        }
        Resource::Services => service(object),
        Resource::Namespaces => {
            fill(&mut object["spec"], "finalizers", json!(["kubernetes"]));
            fill(&mut object["status"], "phase", json!("Active"));
            let name = object["metadata"]["name"].clone();
            fill(&mut object["metadata"], "labels", json!({}));
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        Resource::Secrets => secret(object),
        Resource::NetworkPolicies => {
            fill(&mut object["spec"], "podSelector", json!({}));
            let egress = object["spec"]["egress"].as_array().is_some_and(|rules| !rules.is_empty());
            let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
            fill(&mut object["spec"], "policyTypes", types);
            for key in ["ingress", "egress"] {
                let rules = object["spec"].get_mut(key).and_then(Value::as_array_mut).into_iter().flatten();
                for port in rules.filter_map(|rule| rule.get_mut("ports")?.as_array_mut()).flatten() {
                    fill(port, "protocol", json!("TCP"));
                }
            }
        }
        _ => {}
    }
}

/// Returns whether objects of the kind always have a `spec` or `status`.
fn has(resource: Resource, part: &str) -> bool {
    match resource {
        Resource::Endpoints
        | Resource::Events
        | Resource::ConfigMaps
        | Resource::Secrets
        | Resource::ServiceAccounts
        | Resource::EndpointSlices => false,
        Resource::NetworkPolicies => part == "spec",
        _ => true,
    }
}

fn service(object: &mut Value) {
    let spec = &mut object["spec"];
    fill_all(spec, [("type", json!("ClusterIP")), ("sessionAffinity", json!("None"))]);
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let own = port["port"].clone();
        fill_all(port, [("protocol", json!("TCP")), ("targetPort", own)]);
    }
    if spec["type"] != "ExternalName" {
        fill_all(
            spec,
            [
                ("internalTrafficPolicy", json!("Cluster")),
                ("ipFamilies", json!(["IPv4"])),
                ("ipFamilyPolicy", json!("SingleStack")),
            ],
        );
    }
    if spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" {
        fill(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    fill(&mut object["status"], "loadBalancer", json!({}));
}

/// Copies the cluster IP and node ports of the old version of a Service into the new version where that omits them.
pub(super) fn keep_addresses(before: &Value, object: &mut Value) {
    if object["spec"]["type"] == "ExternalName" {
        return;
    }
    for key in ["clusterIP", "clusterIPs"] {
        if !before["spec"][key].is_null() {
            fill(&mut object["spec"], key, before["spec"][key].clone());
        }
    }
    if object["spec"]["type"] == "ClusterIP" {
        return;
    }
    for port in object["spec"].get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let mut known = before["spec"]["ports"].as_array().into_iter().flatten();
        let same = known.find(|known| known["port"] == port["port"] && known["protocol"] == port["protocol"]);
        if let Some(node_port) = same.map(|same| &same["nodePort"]).filter(|node_port| !node_port.is_null()) {
            fill(port, "nodePort", node_port.clone());
        }
    }
}

fn secret(object: &mut Value) {
    fill(object, "type", json!("Opaque"));
    let plain = object.as_object_mut().and_then(|object| object.shift_remove("stringData"));
    let Some(plain) = plain.as_ref().and_then(Value::as_object) else { return };
    fill(object, "data", json!({}));
    for (key, value) in plain {
        object["data"][key] = BASE64_STANDARD.encode(value.as_str().unwrap_or_default()).into();
    }
}
