//! `chaosk8s.statefulset` and `chaosk8s.replicaset` (kubernetes-catalog 2.5, 2.6).

use super::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::{Invocation, by_name},
    objects::{create_from_file, delete_selected, scale},
    readiness::{ReadinessGoal, wait},
};
use k8s_openapi::api::apps::v1::{ReplicaSet, StatefulSet};
use pyvalue::Value;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.statefulset.actions":
    Changes create_statefulset(spec_path; ns, secrets) => create_from_file::<StatefulSet>,
    Changes scale_statefulset(name, replicas; ns, secrets) => scale::<StatefulSet>,
    Changes remove_statefulset(; name, ns, label_selector, secrets) => delete_selected::<StatefulSet>,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.statefulset.probes":
    Reads statefulset_fully_available(name; ns, label_selector, timeout, raise_on_not_fully_available, secrets)
        => statefulset_fully_available,
    Reads statefulset_not_fully_available(name; ns, label_selector, timeout, raise_on_fully_available, secrets)
        => statefulset_not_fully_available,
);

pub(super) static REPLICASET_ACTIONS: &[Entry] = natives!("chaosk8s.replicaset.actions":
    Changes delete_replica_set(; name, ns, label_selector, secrets) => delete_selected::<ReplicaSet>,
);

async fn statefulset_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    let failure = wait_by_name(call, ReadinessGoal::Full).await?;
    call.verdict("raise_on_not_fully_available", failure)
}

async fn statefulset_not_fully_available(call: &Invocation<'_>) -> Result<Value, Failure> {
    let failure = wait_by_name(call, ReadinessGoal::NotFull).await?;
    call.verdict("raise_on_fully_available", failure)
}

async fn wait_by_name(call: &Invocation<'_>, until: ReadinessGoal) -> Result<Option<String>, Failure> {
    let name = call.needed("name")?;
    wait::<StatefulSet>(call, name, by_name(call.formatted(None, name)?, name), until).await
}
