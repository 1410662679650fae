//! `chaosk8s.pod.probes` (kubernetes-catalog 2.2). "Phase" is `status.phase` only: a crash-looping pod is `Running`.

use crate::experiment::Value;
use crate::provider::kubernetes::{
    catalogue::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt};

pub(in crate::provider::kubernetes) static ENTRIES: &[Entry] = natives!("chaosk8s.pod.probes":
    Reads all_pods_healthy(; ns, raise_on_any_unhealthy, secrets),
    Reads count_pods(label_selector; phase, ns, secrets),
);

async fn pods(call: &Invocation<'_>) -> Result<Vec<Pod>, Failure> {
    let api: Api<Pod> = Api::namespaced(call.client.clone(), call.namespace()?);
    Ok(api.list(&call.selected()?).await?.items)
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Unknown")
}

async fn all_pods_healthy(call: &Invocation<'_>) -> Result<Value, Failure> {
    let pods = pods(call).await?;
    let unhealthy = pods.iter().find(|pod| !matches!(phase(pod), "Running" | "Succeeded"));
    match unhealthy {
        Some(pod) if call.flag("raise_on_any_unhealthy", true) => Err(Failure::activity(format!(
            "the system is unhealthy: pod {} is {}",
            pod.name_any(),
            phase(pod)
        ))),
        found => Ok(found.is_none().into()),
    }
}

async fn count_pods(call: &Invocation<'_>) -> Result<Value, Failure> {
    let wanted = call.text("phase")?;
    let pods = pods(call).await?;
    let count = pods.iter().filter(|pod| wanted.is_none_or(|wanted| phase(pod) == wanted)).count();
    Ok(Value::Int(count as i64))
}
