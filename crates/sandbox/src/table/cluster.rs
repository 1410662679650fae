//! Tables of nodes, namespaces and simple kinds.

use super::{
    Column,
    cell::{count, created, items, name, none_if_empty, text, text_or_none},
    narrow, texts, wide,
};
use jiff::Timestamp;
use serde_json::Value;

pub(super) const NODE: &[Column] = &[
    narrow("Name"),
    narrow("Status"),
    narrow("Roles"),
    narrow("Age"),
    narrow("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
];

pub(super) fn node(object: &Value, now: Timestamp) -> Vec<Value> {
    let (status, facts) = (&object["status"], &object["status"]["nodeInfo"]);
    let address =
        |kind: &str| items(&status["addresses"]).find(|a| a["type"] == kind).map(|a| text(&a["address"]));
    texts([
        name(object),
        node_status(object),
        roles(object),
        created(object, now),
        text(&facts["kubeletVersion"]),
        none_if_empty(address("InternalIP").unwrap_or_default()),
        none_if_empty(address("ExternalIP").unwrap_or_default()),
        text_or_none(&facts["osImage"]),
        text_or_none(&facts["kernelVersion"]),
        text_or_none(&facts["containerRuntimeVersion"]),
    ])
}

fn node_status(node: &Value) -> String {
    let ready = items(&node["status"]["conditions"]).find(|condition| condition["type"] == "Ready");
    let word = match ready.and_then(|condition| condition["status"].as_str()) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node["spec"]["unschedulable"] == true { format!("{word},SchedulingDisabled") } else { word.into() }
}

fn roles(node: &Value) -> String {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let mut roles: Vec<&str> =
        labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    roles.sort_unstable();
    none_if_empty(roles.join(","))
}

pub(super) const NAMESPACE: &[Column] = &[narrow("Name"), narrow("Status"), narrow("Age")];

pub(super) fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    texts([name(object), text(&object["status"]["phase"]), created(object, now)])
}

pub(super) const CONFIG_MAP: &[Column] = &[narrow("Name"), narrow("Data"), narrow("Age")];

pub(super) fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    texts([
        name(object),
        (entries(&object["data"]) + entries(&object["binaryData"])).to_string(),
        created(object, now),
    ])
}

pub(super) const LEASE: &[Column] = &[narrow("Name"), narrow("Holder"), narrow("Age")];

pub(super) fn lease(object: &Value, now: Timestamp) -> Vec<Value> {
    texts([name(object), text(&object["spec"]["holderIdentity"]), created(object, now)])
}

pub(super) const SECRET: &[Column] = &[narrow("Name"), narrow("Type"), narrow("Data"), narrow("Age")];

pub(super) fn secret(object: &Value, now: Timestamp) -> Vec<Value> {
    texts([name(object), text(&object["type"]), entries(&object["data"]).to_string(), created(object, now)])
}

pub(super) const SERVICE_ACCOUNT: &[Column] = &[narrow("Name"), narrow("Secrets"), narrow("Age")];

pub(super) fn service_account(object: &Value, now: Timestamp) -> Vec<Value> {
    texts([name(object), items(&object["secrets"]).count().to_string(), created(object, now)])
}

pub(super) const DISRUPTION_BUDGET: &[Column] = &[
    narrow("Name"),
    narrow("Min Available"),
    narrow("Max Unavailable"),
    narrow("Allowed Disruptions"),
    narrow("Age"),
];

pub(super) fn disruption_budget(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    texts([
        name(object),
        number_or_percent(&spec["minAvailable"]),
        number_or_percent(&spec["maxUnavailable"]),
        count(&status["disruptionsAllowed"]),
        created(object, now),
    ])
}

fn entries(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

fn number_or_percent(value: &Value) -> String {
    match value {
        Value::Null => "N/A".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
