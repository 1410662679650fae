//! `chaosk8s.deployment` (kubernetes-catalog 2.3, 2.4).

use super::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    objects::{create_from_file, delete_selected, missing, patch, scale},
    readiness::{ReadinessGoal, Workload, wait},
};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;
use pyvalue::Value;
use serde_json::json;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.deployment.actions":
    Changes create_deployment(spec_path; ns, secrets) => create_from_file::<Deployment>,
    Changes delete_deployment(; name, ns, label_selector, secrets) => delete_selected::<Deployment>,
    Changes scale_deployment(name, replicas; ns, secrets) => scale::<Deployment>,
    Changes rollout_deployment(; name, ns, secrets) => rollout_deployment,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.deployment.probes":
    Reads deployment_available_and_healthy(name; ns, label_selector, raise_on_unavailable, secrets)
        => deployment_available_and_healthy,
    Reads deployment_partially_available(name; ns, label_selector, raise_on_not_partially_available, secrets)
        => deployment_partially_available,
    Reads deployment_fully_available(name; ns, label_selector, timeout, raise_on_not_fully_available, secrets)
        => deployment_fully_available,
    Reads deployment_not_fully_available(name; ns, label_selector, timeout, raise_on_fully_available, secrets)
        => deployment_not_fully_available,
);

/// Restarts the pods by setting the same annotation as `kubectl rollout restart`.
async fn rollout_deployment(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let now = jiff::Timestamp::now().to_string();
    let annotations = json!({"kubectl.kubernetes.io/restartedAt": now});
    let change = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
    patch::<Deployment>(call, name, &change, format!("failed to restart deployment {name}")).await
}

/// The numbers of available and wanted replicas; an absent number counts as 0.
fn available(deployment: &Deployment) -> (i32, i32) {
    let available = deployment.status.as_ref().and_then(|status| status.available_replicas);
    (available.unwrap_or(0), deployment.counts().wanted)
}

/// Checks the Deployments of a list request: `None` if all satisfy `as_asked`, else the reason.
pub(super) async fn check_deployments(
    call: &Invocation<'_>,
    name: &str,
    params: &ListParams,
    as_asked: fn(i32, i32) -> bool,
) -> Result<Option<String>, Failure> {
    let found = Deployment::api(call)?.list(params).await?.items;
    if found.is_empty() {
        return Ok(Some(missing::<Deployment>(call).await?));
    }
    let counts = found.iter().map(available);
    let bad = counts.into_iter().find(|(available, wanted)| !as_asked(*available, *wanted));
    Ok(bad.map(|(available, wanted)| {
        format!("deployment {name} is not healthy: {available} of {wanted} replicas are available")
    }))
}

/// Whether all wanted replicas are available.
pub(super) fn all(available: i32, wanted: i32) -> bool {
    available == wanted
}

async fn deployment_available_and_healthy(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let failure = check_deployments(call, name, &by_name(call.labelled()?, name), all).await?;
    call.verdict("raise_on_unavailable", failure)
}

async fn deployment_partially_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let failure =
        check_deployments(call, name, &by_name(call.labelled()?, name), |available, _| available >= 1)
            .await?;
    call.verdict("raise_on_not_partially_available", failure)
}

async fn deployment_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    let failure = wait_by_name(call, ReadinessGoal::Full).await?;
    call.verdict("raise_on_not_fully_available", failure)
}

async fn deployment_not_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    let failure = wait_by_name(call, ReadinessGoal::NotFull).await?;
    call.verdict("raise_on_fully_available", failure)
}

async fn wait_by_name(call: &Invocation<'_>, until: ReadinessGoal) -> Result<Option<String>, Failure> {
    let name = call.needed("name")?;
    wait::<Deployment>(call, name, by_name(call.formatted(None, name)?, name), until).await
}
