//! Checks before a call whether its target exists.

use super::{
    catalogue,
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
    legacy::list_params_for,
    objects::missing,
    pod,
};
use crate::{cluster::Connection, provider::Native};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    core::v1::{Pod, Service},
};
use kube::api::ListParams;
use pyvalue::Map;

/// Returns what the call would not find: the Deployment, Service or `StatefulSet` it names, or any pod matching its
/// selection. `None` for calls that name no object, or that create the object. The error is the reason why it cannot be
/// determined.
pub async fn absence(
    connection: &Connection,
    native: &Native,
    arguments: &Map,
) -> Result<Option<String>, String> {
    let Some(entry) = catalogue::entry(native.module, native.func) else { return Ok(None) };
    let client = connection.client().map_err(|error| error.to_string())?;
    let call = Invocation { native: &entry.native, arguments, client, progress: &|_| {} };
    absent(&call).await.map_err(|failure| failure.text(Some(connection)))
}

async fn absent(call: &Invocation<'_>) -> Result<Option<String>, Failure> {
    let func = call.native.func;
    if func.starts_with("create_") || func == "start_microservice" {
        return Ok(None);
    }
    match func {
        "terminate_pods" | "exec_in_pods" => {
            let matching = pod::selection::Selection::of(call)?.candidates(&Pod::api(call)?).await?;
            let selector = call.text("label_selector")?.unwrap_or("without a label selector");
            let place = call.namespace()?;
            Ok(matching.is_empty().then(|| format!("no pod in namespace {place} matches: {selector}")))
        }
        _ if func.contains("deployment")
            || func.contains("microservice_available")
            || func == "kill_microservice" =>
        {
            named::<Deployment>(call).await
        }
        "scale_microservice" => named::<Deployment>(call).await,
        _ if func.contains("statefulset") => named::<StatefulSet>(call).await,
        _ if func.contains("daemon_set") => named::<DaemonSet>(call).await,
        _ if func.contains("service") && !func.contains("microservice") => named::<Service>(call).await,
        _ => Ok(None),
    }
}

async fn named<K: Kind>(call: &Invocation<'_>) -> Result<Option<String>, Failure> {
    let Some(name) = call.text("name")? else { return Ok(None) };
    let params = match call.native.module {
        "chaosk8s.actions" | "chaosk8s.probes" => list_params_for::<K>(call, name).await?,
        _ => by_name(ListParams::default(), name),
    };
    let found = K::api(call)?.list(&params).await?.items;
    if found.is_empty() { missing::<K>(call).await.map(Some) } else { Ok(None) }
}
