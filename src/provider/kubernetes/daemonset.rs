//! `chaosk8s.daemonset` (kubernetes-catalog 2.7). The probes return true or false and never fail because of missing
//! readiness.

use super::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    objects::{create_from_file, delete_selected, patch},
    readiness::{Counts, ReadinessGoal, Workload, wait},
};
use k8s_openapi::api::apps::v1::DaemonSet;
use pyvalue::Value;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.daemonset.actions":
    Changes create_daemon_set(spec_path; ns, secrets) => create_from_file::<DaemonSet>,
    Changes delete_daemon_set(; name, ns, label_selector, secrets) => delete_selected::<DaemonSet>,
    Changes update_daemon_set(name, spec; ns, secrets) => update_daemon_set,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.daemonset.probes":
    Reads daemon_set_available_and_healthy(name; ns, label_selector, secrets)
        => daemon_set_available_and_healthy,
    Reads daemon_set_partially_available(name; ns, label_selector, secrets) => daemon_set_partially_available,
    Reads daemon_set_fully_available(name; ns, label_selector, timeout, secrets) => daemon_set_fully_available,
    Reads daemon_set_not_fully_available(name; ns, label_selector, timeout, secrets)
        => daemon_set_not_fully_available,
);

/// `spec` is the whole patch document, including its `spec` key.
async fn update_daemon_set(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let change = call.document("spec")?;
    patch::<DaemonSet>(call, name, &change, format!("failed to update daemon set {name}")).await
}

async fn counts(call: &Invocation<'_>) -> Result<Option<Counts>, Failure> {
    let params = by_name(call.labelled()?, call.needed("name")?);
    Ok(DaemonSet::api(call)?.list(&params).await?.items.first().map(Workload::counts))
}

async fn daemon_set_available_and_healthy(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(counts(call).await?.is_some_and(|counts| counts.ready == counts.wanted).into())
}

async fn daemon_set_partially_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(counts(call).await?.is_some_and(|counts| counts.ready >= 1).into())
}

async fn daemon_set_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    reached(call, ReadinessGoal::Full).await
}

async fn daemon_set_not_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    reached(call, ReadinessGoal::NotFull).await
}

async fn reached(call: &Invocation<'_>, until: ReadinessGoal) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let failure = wait::<DaemonSet>(call, name, by_name(call.formatted(None, name)?, name), until).await?;
    Ok(failure.is_none().into())
}
