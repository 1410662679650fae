//! `chaosk8s.pod.probes` (kubernetes-catalog 2.2). The phase is `status.phase` only: a crash-looping pod is `Running`.

use super::logs::{read_pod_logs, should_be_found_in_logs};
use crate::provider::kubernetes::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    kind::Kind,
};
use k8s_openapi::api::core::v1::{Pod, PodCondition};
use kube::{ResourceExt, api::ListParams};
use pyvalue::{Map, Value};

pub(in crate::provider::kubernetes) static ENTRIES: &[Entry] = natives!("chaosk8s.pod.probes":
    Reads all_pods_healthy(; ns, raise_on_any_unhealthy, secrets) => all_pods_healthy,
    Reads pods_in_phase(label_selector; phase, ns, raise_on_invalid_phase, secrets) => pods_in_phase,
    Reads pods_not_in_phase(label_selector; phase, ns, raise_on_in_phase, secrets) => pods_not_in_phase,
    Reads pods_in_conditions(label_selector, conditions; ns, raise_on_invalid_conditions, secrets)
        => pods_in_conditions,
    Reads count_pods(label_selector; phase, ns, secrets) => count_pods,
    Reads count_min_pods(label_selector; phase, min_count, ns, secrets) => count_min_pods,
    Reads pod_is_not_available(name; ns, label_selector, raise_on_is_available, secrets)
        => pod_is_not_available,
    Reads read_pod_logs(; name, last, ns, from_previous, label_selector, container_name, secrets)
        => read_pod_logs,
    Reads should_be_found_in_logs(pattern; all_containers, value, secrets) => should_be_found_in_logs,
);

async fn list(call: &Invocation<'_>, params: &ListParams) -> Result<Vec<Pod>, Failure> {
    Ok(Pod::api(call)?.list(params).await?.items)
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Unknown")
}

/// Checks every pod of the namespace; an empty or missing namespace counts as healthy.
pub(in crate::provider::kubernetes) async fn all_pods_healthy(
    call: &Invocation<'_>,
) -> Result<Value, Failure> {
    let pods = list(call, &ListParams::default()).await?;
    let unhealthy = pods.iter().find(|pod| !matches!(phase(pod), "Running" | "Succeeded"));
    let failure =
        unhealthy.map(|pod| format!("the system is unhealthy: pod {} is {}", pod.name_any(), phase(pod)));
    call.verdict("raise_on_any_unhealthy", failure)
}

fn none_found(call: &Invocation<'_>) -> Result<String, Failure> {
    let selector = call.text("label_selector")?.unwrap_or("");
    Ok(format!("no pod with label selector '{selector}' in namespace {}", call.namespace()?))
}

async fn pods_in_phase(call: &Invocation<'_>) -> Result<Value, Failure> {
    let wanted = call.text("phase")?.unwrap_or("Running");
    let pods = list(call, &call.labelled()?).await?;
    let failure = match pods.iter().find(|pod| phase(pod) != wanted) {
        _ if pods.is_empty() => Some(none_found(call)?),
        Some(pod) => Some(format!("pod {} is in phase {}, not {wanted}", pod.name_any(), phase(pod))),
        None => None,
    };
    call.verdict("raise_on_invalid_phase", failure)
}

async fn pods_not_in_phase(call: &Invocation<'_>) -> Result<Value, Failure> {
    let unwanted = call.text("phase")?.unwrap_or("Running");
    let pods = list(call, &call.labelled()?).await?;
    let failure = match pods.iter().find(|pod| phase(pod) == unwanted) {
        _ if pods.is_empty() => Some(none_found(call)?),
        Some(pod) => Some(format!("pod {} is in phase {unwanted}", pod.name_any())),
        None => None,
    };
    call.verdict("raise_on_in_phase", failure)
}

async fn pods_in_conditions(call: &Invocation<'_>) -> Result<Value, Failure> {
    let wanted = call.arguments.get("conditions").unwrap_or(&Value::Null);
    let wanted = wanted.as_list().ok_or_else(|| call.unfit("conditions", "a list", wanted))?;
    let pods = list(call, &call.labelled()?).await?;
    let offender = pods.iter().find_map(|pod| Some((pod, wanted.iter().find(|wanted| !holds(pod, wanted))?)));
    let failure = match offender {
        _ if pods.is_empty() => Some(none_found(call)?),
        Some((pod, condition)) => {
            let condition = serde_json::to_string(condition).unwrap_or_default();
            Some(format!("pod {} does not meet the condition {condition}", pod.name_any()))
        }
        None => None,
    };
    call.verdict("raise_on_invalid_conditions", failure)
}

/// Whether a pod has exactly this condition `{type, status}`; a condition with other keys never matches.
fn holds(pod: &Pod, wanted: &Value) -> bool {
    let exactly = |condition: &PodCondition| {
        let pair = [
            ("type".to_owned(), (&*condition.type_).into()),
            ("status".to_owned(), (&*condition.status).into()),
        ];
        wanted.as_map().is_some_and(|wanted| *wanted == Map::from_iter(pair))
    };
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|conditions| conditions.iter().any(exactly))
}

async fn count(call: &Invocation<'_>, wanted: Option<&str>) -> Result<i64, Failure> {
    let pods = list(call, &call.labelled()?).await?;
    let count = pods.iter().filter(|pod| wanted.is_none_or(|wanted| phase(pod) == wanted)).count();
    Ok(count as i64)
}

async fn count_pods(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(count(call, call.text("phase")?).await?.into())
}

async fn count_min_pods(call: &Invocation<'_>) -> Result<Value, Failure> {
    let wanted = Some(call.text("phase")?.unwrap_or("Running"));
    Ok((count(call, wanted).await? >= call.whole("min_count", 2)?).into())
}

/// The default label selector: the samples label their pods with `name`.
pub(in crate::provider::kubernetes) const NAME_LABEL: &str = "name in ({name})";

/// If no pod matches, the pod counts as not available.
pub(in crate::provider::kubernetes) async fn pod_is_not_available(
    call: &Invocation<'_>,
) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let pods = list(call, &call.formatted(Some(NAME_LABEL), name)?).await?;
    let running = pods.iter().find(|pod| phase(pod) == "Running");
    let failure = running.map(|pod| format!("pod {} is running", pod.name_any()));
    call.verdict("raise_on_is_available", failure)
}
