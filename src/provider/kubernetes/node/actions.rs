//! `chaosk8s.node.actions` (kubernetes-catalog 2.9).

use super::{drain::drain, selection::nodes};
use crate::provider::kubernetes::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    objects::patch,
};
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use pyvalue::Value;
use serde_json::json;

pub(in crate::provider::kubernetes) static ENTRIES: &[Entry] = natives!("chaosk8s.node.actions":
    Changes cordon_node(; name, label_selector, secrets) => cordon_node,
    Changes uncordon_node(; name, label_selector, secrets) => uncordon_node,
    Changes drain_nodes(; name, label_selector, delete_pods_with_local_storage, timeout, secrets, count,
        pod_label_selector, pod_namespace) => drain_nodes,
);

async fn cordon_node(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(names(&set_schedulable(call, nodes(call).await?, false).await?))
}

async fn uncordon_node(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(names(&set_schedulable(call, nodes(call).await?, true).await?))
}

async fn drain_nodes(call: &Invocation<'_>) -> Result<Value, Failure> {
    let nodes = set_schedulable(call, nodes(call).await?, false).await?;
    for node in &nodes {
        drain(call, &node.name_any()).await?;
    }
    Ok(names(&nodes))
}

async fn set_schedulable(
    call: &Invocation<'_>,
    nodes: Vec<Node>,
    schedulable: bool,
) -> Result<Vec<Node>, Failure> {
    let change = json!({"spec": {"unschedulable": !schedulable}});
    for node in &nodes {
        let name = node.name_any();
        let verb = if schedulable { "schedule" } else { "unschedule" };
        patch::<Node>(call, &name, &change, format!("failed to {verb} node {name}")).await?;
    }
    Ok(nodes)
}

fn names(nodes: &[Node]) -> Value {
    nodes.iter().map(|node| Value::from(node.name_any())).collect::<Vec<_>>().into()
}
