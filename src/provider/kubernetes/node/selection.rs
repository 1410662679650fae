//! Selects the nodes of an action (kubernetes-catalog 2.9, "NSEL").

use crate::provider::kubernetes::{
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{Api, ResourceExt, api::ListParams};
use rand::seq::IteratorRandom;
use std::collections::BTreeSet;

/// The nodes of an action: with `count`, so many of the candidates, chosen at random.
///
/// Deliberate deviation (kubernetes-catalog 5, 15): with `count`, distinct nodes are picked.
pub(in crate::provider::kubernetes) async fn nodes(call: &Invocation<'_>) -> Result<Vec<Node>, Failure> {
    let candidates = candidates(call).await?;
    Ok(match number(call)? {
        None => candidates,
        Some(number) => candidates.into_iter().choose_multiple(&mut rand::rng(), number),
    })
}

/// How many of the candidates are chosen; `None` for all.
pub(in crate::provider::kubernetes) fn number(call: &Invocation<'_>) -> Result<Option<usize>, Failure> {
    Ok(match call.given("count") {
        None => None,
        Some(_) => Some(usize::try_from(call.whole("count", 1)?).unwrap_or(0)),
    })
}

/// The nodes selected by name, labels and pods; without any of these, all nodes of the cluster.
pub(in crate::provider::kubernetes) async fn candidates(call: &Invocation<'_>) -> Result<Vec<Node>, Failure> {
    let params = match call.text("name")? {
        Some(name) => by_name(call.labelled()?, name),
        None => call.labelled()?,
    };
    let mut nodes = Node::api(call)?.list(&params).await?.items;
    if let (Some(selector), Some(namespace)) = (call.text("pod_label_selector")?, call.text("pod_namespace")?)
    {
        let pods: Api<Pod> = Api::namespaced(call.client.clone(), namespace);
        let pods = pods.list(&ListParams::default().labels(selector)).await?;
        let hosts: BTreeSet<&str> =
            pods.iter().filter_map(|pod| pod.spec.as_ref()?.node_name.as_deref()).collect();
        nodes.retain(|node| hosts.contains(node.name_any().as_str()));
    }
    if nodes.is_empty() {
        return Err(Failure::activity("no node is selected by these arguments"));
    }
    Ok(nodes)
}
