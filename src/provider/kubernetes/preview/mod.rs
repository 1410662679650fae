//! Predicts the effect of a native function with read requests only.

mod impact;
mod nodes;
mod pods;
mod workloads;

use super::{catalogue, failure::Failure, invocation::Invocation};
use crate::{cluster::Connection, provider::Native};
pub(crate) use impact::on_containers;
pub(super) use impact::owner;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use pyvalue::{Map, Value};
use std::time::Duration;

/// The timeout of the lookups; the operator waits for them.
const LIMIT: Duration = Duration::from_secs(5);

/// A target card without its step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CardDraft {
    pub(crate) headline: String,
    pub(crate) objects: Vec<String>,
    pub(crate) share: Option<String>,
    pub(crate) consequences: Vec<String>,
    pub(crate) comes_back: String,
    pub(crate) undo: String,
    pub(crate) confirm: String,
}

/// Looks up what calling the function would affect; the error is the reason why it cannot be determined.
pub(crate) async fn preview(
    connection: &Connection,
    native: &Native,
    arguments: &Map,
) -> Result<Option<CardDraft>, String> {
    let Some(entry) = catalogue::entry(native.module, native.func) else { return Ok(None) };
    let client = connection.client().map_err(|error| error.to_string())?;
    let call = Invocation { native: &entry.native, arguments, client, progress: &|_| {} };
    match tokio::time::timeout(LIMIT, draft(&call)).await {
        Ok(draft) => draft.map_err(|failure| without_class(failure.text(Some(connection)))),
        Err(_) => Err(format!("the cluster did not answer within {} s", LIMIT.as_secs())),
    }
}

/// The message of a failure as in the journal, without the Python class in front.
pub(super) fn without_class(text: String) -> String {
    text.strip_prefix("chaoslib.exceptions.ActivityFailed: ").unwrap_or(&text).to_owned()
}

async fn draft(call: &Invocation<'_>) -> Result<Option<CardDraft>, Failure> {
    Ok(Some(match call.native.func {
        "terminate_pods" | "delete_pods" => pods::deletion_card(call).await?,
        "exec_in_pods" => pods::exec_card(call).await?,
        "kill_microservice" | "delete_deployment" => workloads::deletion_card::<Deployment>(call).await?,
        "remove_statefulset" => workloads::deletion_card::<StatefulSet>(call).await?,
        "delete_daemon_set" => workloads::deletion_card::<DaemonSet>(call).await?,
        "delete_replica_set" => workloads::deletion_card::<ReplicaSet>(call).await?,
        "scale_deployment" | "scale_microservice" => workloads::scale_card::<Deployment>(call).await?,
        "scale_statefulset" => workloads::scale_card::<StatefulSet>(call).await?,
        "rollout_deployment" => workloads::rollout_card(call).await?,
        "delete_service" | "remove_service_endpoint" => workloads::service_deletion_card(call).await?,
        "cordon_node" | "uncordon_node" => nodes::cordon_card(call).await?,
        "drain_nodes" => nodes::drain_card(call).await?,
        "deny_all_ingress" | "deny_all_egress" => nodes::network_policy_card(call).await?,
        _ => return Ok(None),
    }))
}

/// The maximum number of objects listed by name.
const LISTED: usize = 8;

/// The first names, followed by the number of the remaining ones.
pub(crate) fn listed(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    if names.len() > LISTED {
        let more = names.len() - LISTED;
        names.truncate(LISTED);
        names.push(format!("and {more} more"));
    }
    names
}

/// `1 pod`, `2 pods`.
pub(crate) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// The command of an `exec` as a text.
fn written(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::List(words)) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => "nothing".to_owned(),
    }
}
