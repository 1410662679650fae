//! `chaosk8s.pod.actions` (kubernetes-catalog 2.1).

use super::{exec::exec_in_pods, selection::Selection};
use crate::provider::kubernetes::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    kind::Kind,
};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::DeleteParams};
use pyvalue::Value;

pub(in crate::provider::kubernetes) static ENTRIES: &[Entry] = natives!("chaosk8s.pod.actions":
    Changes terminate_pods(; label_selector, name_pattern, all, rand, mode, qty, grace_period, ns, order, secrets)
        => terminate_pods,
    Changes exec_in_pods(cmd; label_selector, name_pattern, all, rand, mode, qty, ns, order, container_name,
        request_timeout, secrets) => exec_in_pods,
    Changes delete_pods(; name, ns, label_selector, secrets) => delete_pods,
);

async fn terminate_pods(call: &Invocation<'_>) -> Result<Value, Failure> {
    let selection = Selection::of(call)?;
    let grace = match call.whole("grace_period", -1)? {
        seconds if seconds < 0 => DeleteParams::default(),
        seconds => DeleteParams::default().grace_period(u32::try_from(seconds).unwrap_or(u32::MAX)),
    };
    let api = Pod::api(call)?;
    let chosen = selection.pick(selection.candidates(&api).await?);
    delete(call, &api, &chosen, &grace).await
}

/// Deletes at most one pod, whose name matches the regular expression `name` (kubernetes-catalog 2.1, deprecated).
async fn delete_pods(call: &Invocation<'_>) -> Result<Value, Failure> {
    let pattern = call.text("name")?.map(super::selection::pattern).transpose()?;
    let api = Pod::api(call)?;
    let mut pods = api.list(&call.labelled()?).await?.items;
    pods.retain(|pod| pattern.as_ref().is_none_or(|p| p.is_match(&pod.name_any()).unwrap_or(false)));
    pods.truncate(1);
    delete(call, &api, &pods, &DeleteParams::default()).await
}

/// Deletes the pods one after the other; does not wait until they are gone.
async fn delete(
    call: &Invocation<'_>,
    api: &Api<Pod>,
    pods: &[Pod],
    params: &DeleteParams,
) -> Result<Value, Failure> {
    if pods.is_empty() {
        tracing::warn!("no pod in namespace {} matches: nothing was deleted", call.namespace()?);
    }
    let mut names = Vec::with_capacity(pods.len());
    for pod in pods {
        let name = pod.name_any();
        let deleted = names.join(", ");
        let what = || format!("pods already deleted: {deleted}; failed to delete {name}");
        match api.delete(&name, params).await {
            Ok(_) => tracing::info!("deleted pod {name}"),
            Err(error) if names.is_empty() => return Err(error.into()),
            Err(error) => return Err(Failure::with_operation(what())(error)),
        }
        (call.progress)(format!("deleted {} of {}", names.len() + 1, pods.len()));
        names.push(name);
    }
    Ok(names.into_iter().map(Value::from).collect::<Vec<_>>().into())
}
