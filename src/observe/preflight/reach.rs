//! Checks whether the cluster answers, and counts its objects.

use super::{fix, ok};
use crate::{cluster::Connection, session::event::PreflightCheck};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{Api, api::ListParams};
use std::time::Duration;

/// The timeout of the first answer.
const LIMIT: Duration = Duration::from_secs(5);
/// The maximum number of objects counted; a larger cluster is shown as `500+`.
const COUNTED: u32 = 500;

/// Requests the version, then counts.
pub(super) async fn check(connection: &Connection, namespace: &str) -> PreflightCheck {
    let context = connection.context();
    let client = match connection.client() {
        Ok(client) => client,
        Err(error) => return fix(error.to_string(), None),
    };
    let version = match tokio::time::timeout(LIMIT, client.apiserver_version()).await {
        Ok(Ok(found)) => found.git_version,
        Ok(Err(error)) => return fix(connection.error("ask for its version", error).to_string(), None),
        Err(_) => {
            let server = connection.server();
            let text = format!("context {context}: {server} did not answer within {} s", LIMIT.as_secs());
            return fix(text, Some("Is the cluster running? Choose another with --context".to_owned()));
        }
    };
    let first = ListParams::default().limit(COUNTED);
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let deployments: Api<Deployment> = Api::namespaced(client, namespace);
    let mut text = format!("cluster reachable, context {context}, ns {namespace}");
    let counted = async { tokio::join!(deployments.list(&first), pods.list(&first)) };
    let Ok((deployments, pods)) = tokio::time::timeout(LIMIT, counted).await else {
        let late = format!("{text}, but its objects were not listed within {} s", LIMIT.as_secs());
        return fix(late, Some("Is the API server overloaded? `kubectl get pods` asks the same".to_owned()));
    };
    if let Ok(deployments) = deployments {
        let more = deployments.metadata.continue_.is_some_and(|token| !token.is_empty());
        text += &format!(", {} deployments", number(deployments.items.len(), more));
    }
    if let Ok(pods) = pods {
        let more = pods.metadata.continue_.is_some_and(|token| !token.is_empty());
        let ready = pods.items.iter().filter(|pod| is_ready(pod)).count();
        text += &format!(", {ready} of {} pods ready", number(pods.items.len(), more));
    }
    ok(format!("{text}; Kubernetes {version}"))
}

fn number(counted: usize, more: bool) -> String {
    format!("{counted}{}", if more { "+" } else { "" })
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
