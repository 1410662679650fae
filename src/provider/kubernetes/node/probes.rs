//! `chaosk8s.node.probes` (kubernetes-catalog 2.10).

use crate::provider::kubernetes::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    kind::Kind,
};
use k8s_openapi::api::core::v1::{Node, NodeCondition};
use kube::ResourceExt;
use pyvalue::{Map, Value};

pub(in crate::provider::kubernetes) static ENTRIES: &[Entry] = natives!("chaosk8s.node.probes":
    Reads get_nodes(; label_selector, configuration, secrets) => get_nodes,
    Reads get_all_node_status_conditions(; label_selector, configuration, secrets)
        => get_all_node_status_conditions,
    Reads all_nodes_must_be_ready_to_schedule(; label_selector, configuration, secrets)
        => all_nodes_must_be_ready_to_schedule,
    Reads verify_nodes_condition(; condition_type, condition_value, label_selector, configuration, secrets)
        => verify_nodes_condition,
    Reads nodes_must_be_healthy(; label_selector, configuration, secrets) => nodes_must_be_healthy,
);

/// Conditions that must be `False` if a node has them.
const TROUBLES: [&str; 11] = [
    "FrequentKubeletRestart",
    "FrequentDockerRestart",
    "FrequentContainerdRestart",
    "ReadonlyFilesystem",
    "KernelDeadlock",
    "CorruptDockerOverlay2",
    "FrequentUnregisterNetDevice",
    "NetworkUnavailable",
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
];

async fn list(call: &Invocation<'_>) -> Result<Vec<Node>, Failure> {
    Ok(Node::api(call)?.list(&call.labelled()?).await?.items)
}

fn conditions(node: &Node) -> &[NodeCondition] {
    node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default()
}

fn condition<'a>(node: &'a Node, kind: &str) -> Option<&'a str> {
    conditions(node)
        .iter()
        .find(|condition| condition.type_ == kind)
        .map(|condition| condition.status.as_str())
}

async fn get_nodes(call: &Invocation<'_>) -> Result<Value, Failure> {
    call.raw_list("/api/v1/nodes", &call.labelled()?).await
}

async fn get_all_node_status_conditions(call: &Invocation<'_>) -> Result<Value, Failure> {
    let row = |node: &Node| -> Value {
        let mut row = Map::from_iter([("name".to_owned(), node.name_any().into())]);
        row.extend(conditions(node).iter().map(|c| (c.type_.clone(), Value::from(c.status.as_str()))));
        row.into()
    };
    Ok(list(call).await?.iter().map(row).collect::<Vec<_>>().into())
}

/// Does not check whether a node is cordoned.
async fn all_nodes_must_be_ready_to_schedule(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(list(call).await?.iter().all(|node| condition(node, "Ready") == Some("True")).into())
}

async fn verify_nodes_condition(call: &Invocation<'_>) -> Result<Value, Failure> {
    let kind = call.text("condition_type")?.unwrap_or("PIDPressure");
    let wanted = call.text("condition_value")?.unwrap_or("False");
    Ok(list(call).await?.iter().all(|node| condition(node, kind) == Some(wanted)).into())
}

async fn nodes_must_be_healthy(call: &Invocation<'_>) -> Result<Value, Failure> {
    let healthy = |node: &Node| {
        condition(node, "Ready").is_none_or(|status| status == "True")
            && TROUBLES.iter().all(|kind| condition(node, kind).is_none_or(|status| status == "False"))
    };
    Ok(list(call).await?.iter().all(healthy).into())
}
