//! Reads the logs of pods (kubernetes-catalog 2.2).

use super::{probes::NAME_LABEL, selection::pattern, time_span::seconds};
use crate::provider::kubernetes::{failure::Failure, invocation::Invocation, kind::Kind};
use k8s_openapi::api::core::v1::Pod;
use kube::{ResourceExt, api::LogParams};
use pyvalue::{Map, Value};

/// The maximum number of bytes read per pod: the result is written to the journal.
const LIMIT: i64 = 16 << 20;

/// Returns a mapping of pod name to log text, each line with its timestamp.
pub(in crate::provider::kubernetes) async fn read_pod_logs(call: &Invocation<'_>) -> Result<Value, Failure> {
    // The reference formats a missing name as `None`, and so selects no pod.
    let name = call.text("name")?.unwrap_or("None");
    let api = Pod::api(call)?;
    let since = match call.text("last")? {
        Some(text) => Some(seconds(text).ok_or_else(|| {
            Failure::type_error(format!("last '{text}' is no span of time such as '60s' or '10 minutes'"))
        })?),
        None => None,
    };
    let params = LogParams {
        container: call.text("container_name")?.map(str::to_owned),
        previous: call.flag("from_previous", false),
        since_seconds: since.filter(|seconds| *seconds != 0),
        timestamps: true,
        limit_bytes: Some(LIMIT),
        ..LogParams::default()
    };
    let mut logs = Map::default();
    for pod in api.list(&call.formatted(Some(NAME_LABEL), name)?).await? {
        let name = pod.name_any();
        let text = api.logs(&name, &params).await?;
        logs.insert(name, text.into());
    }
    Ok(logs.into())
}

/// For use in a tolerance: `value` is the result of [`read_pod_logs`].
pub(in crate::provider::kubernetes) async fn should_be_found_in_logs(
    call: &Invocation<'_>,
) -> Result<Value, Failure> {
    let pattern = pattern(call.needed("pattern")?)?;
    let logs = call.given("value").and_then(Value::as_map).filter(|logs| !logs.is_empty());
    let logs = logs.ok_or_else(|| Failure::activity("there are no logs to search"))?;
    let mut found = logs.values().map(|text| pattern.is_match(text.as_str().unwrap_or("")).unwrap_or(false));
    let found =
        if call.flag("all_containers", true) { found.all(|found| found) } else { found.any(|found| found) };
    Ok(found.into())
}
