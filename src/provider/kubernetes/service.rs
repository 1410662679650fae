//! `chaosk8s.service` (kubernetes-catalog 2.8).

use super::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    objects::{create_from_file, delete_named, exists, missing},
};
use k8s_openapi::api::core::v1::Service;
use pyvalue::Value;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.service.actions":
    Changes create_service_endpoint(spec_path; ns, secrets) => create_from_file::<Service>,
    Changes delete_service(name; ns, secrets) => delete_named::<Service>,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.service.probes":
    Reads service_is_initialized(; name, ns, label_selector, raise_if_service_not_initialized, secrets)
        => service_is_initialized,
);

/// Whether a Service object exists; its endpoints are not checked.
async fn service_is_initialized(call: &Invocation<'_>) -> Result<Value, Failure> {
    let failure = if exists::<Service>(call).await? {
        None
    } else {
        Some(format!("service is not initialized: {}", missing::<Service>(call).await?))
    };
    call.verdict("raise_if_service_not_initialized", failure)
}
