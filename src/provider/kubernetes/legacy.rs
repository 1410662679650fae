//! `chaosk8s.actions` and `chaosk8s.probes`: the function names of 2017, with the semantics that the samples were
//! written for (kubernetes-catalog 2.16, 3.1).
//!
//! They originally matched a label `name` and now match the object's name. Here both are tried: first the object of
//! that name, and if there is none, the objects with that label.

use super::{
    deployment::{all, check_deployments},
    entry::{Entry, natives},
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    objects::{create_from_file, delete_listed, delete_named, missing, scale},
    pod::{
        logs::read_pod_logs,
        probes::{NAME_LABEL, all_pods_healthy, pod_is_not_available},
    },
    readiness::{ReadinessGoal, wait},
};
use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet},
    core::v1::{Pod, Service},
};
use kube::api::ListParams;
use pyvalue::Value;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.actions":
    Changes start_microservice(spec_path; ns, secrets) => create_from_file::<Deployment>,
    Changes kill_microservice(name; ns, label_selector, secrets) => kill_microservice,
    Changes scale_microservice(name, replicas; ns, secrets) => scale::<Deployment>,
    Changes remove_service_endpoint(name; ns, secrets) => delete_named::<Service>,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.probes":
    Reads all_microservices_healthy(; ns, secrets) => all_pods_healthy,
    Reads microservice_available_and_healthy(name; ns, label_selector, secrets)
        => microservice_available_and_healthy,
    Reads microservice_is_not_available(name; ns, label_selector, secrets) => pod_is_not_available,
    Reads service_endpoint_is_initialized(name; ns, label_selector, secrets) => service_endpoint_is_initialized,
    Reads deployment_is_not_fully_available(name; ns, label_selector, timeout, secrets)
        => deployment_is_not_fully_available,
    Reads deployment_is_fully_available(name; ns, label_selector, timeout, secrets)
        => deployment_is_fully_available,
    Reads read_microservices_logs(; name, last, ns, from_previous, label_selector, container_name, secrets)
        => read_pod_logs,
);

/// List parameters for the objects that `name` refers to: by the selector if one is given, else by object name, else by
/// label.
pub(super) async fn list_params_for<K: Kind>(
    call: &Invocation<'_>,
    name: &str,
) -> Result<ListParams, Failure> {
    if call.text("label_selector")?.is_some() {
        return call.formatted(None, name);
    }
    let named = by_name(ListParams::default(), name);
    let labelled = call.formatted(Some(NAME_LABEL), name)?;
    let api = K::api(call)?;
    if api.list(&named).await?.items.is_empty() && !api.list(&labelled).await?.items.is_empty() {
        tracing::info!("no {} is called {name}: using those with label name={name}", K::kind_name());
        return Ok(labelled);
    }
    Ok(named)
}

/// Deletes the Deployment, its replica sets and its pods. Originally, deleting a Deployment did not delete the others;
/// now it does, and the extra deletions only make sure.
async fn kill_microservice(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let deployments =
        delete_listed::<Deployment>(call, &list_params_for::<Deployment>(call, name).await?).await?;
    let labelled = call.formatted(Some(NAME_LABEL), name)?;
    let sets = delete_listed::<ReplicaSet>(call, &labelled).await?;
    let pods = delete_listed::<Pod>(call, &labelled).await?;
    if deployments + sets + pods == 0 {
        tracing::warn!("{}: nothing was deleted", missing::<Deployment>(call).await?);
    }
    Ok(Value::Null)
}

async fn microservice_available_and_healthy(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let failure =
        check_deployments(call, name, &list_params_for::<Deployment>(call, name).await?, all).await?;
    call.verdict("", failure)
}

async fn deployment_is_not_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    wait_for(call, ReadinessGoal::NotFull).await
}

async fn deployment_is_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    wait_for(call, ReadinessGoal::Full).await
}

async fn wait_for(call: &Invocation<'_>, until: ReadinessGoal) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let selector = list_params_for::<Deployment>(call, name).await?;
    let failure = wait::<Deployment>(call, name, selector, until).await?;
    call.verdict("", failure)
}

async fn service_endpoint_is_initialized(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let found = Service::api(call)?.list(&list_params_for::<Service>(call, name).await?).await?.items;
    let failure = if found.is_empty() {
        Some(format!("service is not initialized: {}", missing::<Service>(call).await?))
    } else {
        None
    };
    call.verdict("", failure)
}
