//! `chaosk8s.chaosmesh`: Chaos Mesh faults, created as custom objects (kubernetes-catalog 2.14, 2.15).
//!
//! Deliberate deviations (kubernetes-catalog 5, 23): where the reference's output violates the custom resource's
//! schema, the schema is followed. The action is spelt `bandwidth`, `reorder` is nested in `delay`, every mode gets its
//! value, and a target is only written if one is selected.

use super::{
    custom::CustomKind,
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
};
use pyvalue::Value;
use serde_json::{Map as JsonMap, Value as Json, json};

pub(super) static NETWORK_ACTIONS: &[Entry] = natives!("chaosk8s.chaosmesh.network.actions":
    Changes add_latency(name; ns, namespaces_selectors, label_selectors, annotations_selectors, mode, mode_value,
        direction, latency, correlation, jitter, external_targets, target_mode, target_mode_value,
        target_namespaces_selectors, target_label_selectors, target_annotations_selectors, secrets) => add_latency,
    Changes set_loss(name; ns, namespaces_selectors, label_selectors, annotations_selectors, mode, mode_value,
        direction, loss, correlation, external_targets, target_mode, target_mode_value,
        target_namespaces_selectors, target_label_selectors, target_annotations_selectors, secrets) => set_loss,
    Changes duplicate_packets(name; ns, namespaces_selectors, label_selectors, annotations_selectors, mode,
        mode_value, direction, duplicate, correlation, external_targets, target_mode, target_mode_value,
        target_namespaces_selectors, target_label_selectors, target_annotations_selectors, secrets)
        => duplicate_packets,
    Changes corrupt_packets(name; ns, namespaces_selectors, label_selectors, annotations_selectors, mode, mode_value,
        direction, corrupt, correlation, external_targets, target_mode, target_mode_value,
        target_namespaces_selectors, target_label_selectors, target_annotations_selectors, secrets)
        => corrupt_packets,
    Changes reorder_packets(name; ns, namespaces_selectors, label_selectors, annotations_selectors, mode, mode_value,
        direction, reorder, correlation, gap, external_targets, target_mode, target_mode_value,
        target_namespaces_selectors, target_label_selectors, target_annotations_selectors, secrets)
        => reorder_packets,
    Changes set_bandwidth(name, rate, limit, buffer; ns, namespaces_selectors, label_selectors,
        annotations_selectors, mode, mode_value, direction, peakrate, minburst, external_targets, target_mode,
        target_mode_value, target_namespaces_selectors, target_label_selectors, target_annotations_selectors, secrets)
        => set_bandwidth,
    Changes delete_network_fault(name; ns, secrets) => delete_network_fault,
);

pub(super) static NETWORK_PROBES: &[Entry] = natives!("chaosk8s.chaosmesh.network.probes":
    Reads get_network_faults(; ns, secrets) => get_network_faults,
    Reads get_network_fault(name; ns, secrets) => get_network_fault,
);

pub(super) static STRESS_ACTIONS: &[Entry] = natives!("chaosk8s.chaosmesh.stress.actions":
    Changes stress_cpu(name, workers, load; ns, namespaces_selectors, label_selectors, annotations_selectors, mode,
        mode_value, direction, duration, container_names, stressng_stressors, secrets) => stress_cpu,
    Changes stress_memory(name; ns, workers, size, oom_score, time_to_get_to_size, namespaces_selectors,
        label_selectors, annotations_selectors, mode, mode_value, direction, duration, container_names,
        stressng_stressors, secrets) => stress_memory,
    Changes delete_stressor(name; ns, secrets) => delete_stressor,
);

pub(super) static STRESS_PROBES: &[Entry] = natives!("chaosk8s.chaosmesh.stress.probes":
    Reads get_stressors(; ns, secrets) => get_stressors,
    Reads get_stressor(name; ns, secrets) => get_stressor,
);

const NETWORK: CustomKind<'static> =
    CustomKind { group: "chaos-mesh.org", version: "v1alpha1", plural: "networkchaos", namespaced: true };
const STRESS: CustomKind<'static> = CustomKind { plural: "stresschaos", ..NETWORK };

/// netem reorders only delayed packets.
const REORDER_DELAY: &str = "10ms";

/// The given ones among these parameters; absent ones are left out. `names` are pairs of name in the schema and name of
/// the argument.
fn given(call: &Invocation<'_>, names: &[(&str, &str)]) -> Json {
    let pairs = names.iter().filter_map(|(key, argument)| {
        Some(((*key).to_owned(), serde_json::to_value(call.given(argument)?).ok()?))
    });
    Json::Object(pairs.collect())
}

/// Parses a list argument: `a,b` or a list.
fn list(call: &Invocation<'_>, name: &str) -> Result<Option<Json>, Failure> {
    Ok(match call.given(name) {
        None => None,
        Some(Value::Text(text)) => {
            Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
        }
        Some(Value::List(_)) => Some(call.document(name)?),
        Some(other) => return Err(call.unfit(name, "text or a list", other)),
    })
}

/// Parses a mapping argument: `a=b,c=d` or a mapping.
fn pairs(call: &Invocation<'_>, name: &str) -> Result<Option<Json>, Failure> {
    Ok(match call.given(name) {
        None => None,
        Some(Value::Text(text)) => {
            let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            let pairs = pairs.map(|(key, value)| (key.trim().to_owned(), Json::from(value.trim())));
            Some(Json::Object(pairs.collect()))
        }
        Some(Value::Map(_)) => Some(call.document(name)?),
        Some(other) => return Err(call.unfit(name, "text or a mapping", other)),
    })
}

/// The selector of the pods, from the arguments `PREFIX…_selectors`.
fn selector(call: &Invocation<'_>, prefix: &str) -> Result<JsonMap<String, Json>, Failure> {
    let parts = [
        ("namespaces", list(call, &format!("{prefix}namespaces_selectors"))?),
        ("labelSelectors", pairs(call, &format!("{prefix}label_selectors"))?),
        ("annotationSelectors", pairs(call, &format!("{prefix}annotations_selectors"))?),
    ];
    Ok(parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), part?))).collect())
}

/// The mode, its value, and the pod selector.
fn chosen(call: &Invocation<'_>, prefix: &str) -> Result<Json, Failure> {
    let mode = call.text(&format!("{prefix}mode"))?.unwrap_or("one");
    let mut chosen = json!({"mode": mode, "selector": selector(call, prefix)?});
    if let Some(value) = call.given(&format!("{prefix}mode_value")).filter(|_| !matches!(mode, "one" | "all"))
    {
        chosen["value"] = pyvalue::python_text(value).into();
    }
    Ok(chosen)
}

/// Creates a network fault.
async fn network(call: &Invocation<'_>, action: &str, key: &str, parameters: Json) -> Result<Value, Failure> {
    let mut spec = chosen(call, "")?;
    spec["action"] = action.into();
    spec["direction"] = call.text("direction")?.unwrap_or("to").into();
    spec[key] = parameters;
    if let Some(targets) = list(call, "external_targets")? {
        spec["externalTargets"] = targets;
    }
    if !selector(call, "target_")?.is_empty() {
        spec["target"] = chosen(call, "target_")?;
    }
    NETWORK.create(call, object(call, "NetworkChaos", spec)?).await
}

fn object(call: &Invocation<'_>, kind: &str, spec: Json) -> Result<Json, Failure> {
    let metadata = json!({"name": call.needed("name")?, "namespace": call.namespace()?});
    Ok(json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}))
}

async fn add_latency(call: &Invocation<'_>) -> Result<Value, Failure> {
    call.needed("latency")?;
    let names = [("latency", "latency"), ("correlation", "correlation"), ("jitter", "jitter")];
    network(call, "delay", "delay", given(call, &names)).await
}

async fn set_loss(call: &Invocation<'_>) -> Result<Value, Failure> {
    network(call, "loss", "loss", given(call, &[("loss", "loss"), ("correlation", "correlation")])).await
}

async fn duplicate_packets(call: &Invocation<'_>) -> Result<Value, Failure> {
    let names = [("duplicate", "duplicate"), ("correlation", "correlation")];
    network(call, "duplicate", "duplicate", given(call, &names)).await
}

async fn corrupt_packets(call: &Invocation<'_>) -> Result<Value, Failure> {
    let names = [("corrupt", "corrupt"), ("correlation", "correlation")];
    network(call, "corrupt", "corrupt", given(call, &names)).await
}

async fn reorder_packets(call: &Invocation<'_>) -> Result<Value, Failure> {
    let reorder = given(call, &[("reorder", "reorder"), ("correlation", "correlation"), ("gap", "gap")]);
    network(call, "delay", "delay", json!({"latency": REORDER_DELAY, "reorder": reorder})).await
}

async fn set_bandwidth(call: &Invocation<'_>) -> Result<Value, Failure> {
    let names = ["rate", "limit", "buffer", "peakrate", "minburst"].map(|name| (name, name));
    network(call, "bandwidth", "bandwidth", given(call, &names)).await
}

/// Creates a stress fault on the selected pods.
async fn stress(call: &Invocation<'_>, stressors: Json) -> Result<Value, Failure> {
    let mut spec = chosen(call, "")?;
    spec["duration"] = call.text("duration")?.unwrap_or("30s").into();
    spec["stressors"] = stressors;
    if let Some(names) = list(call, "container_names")? {
        spec["containerNames"] = names;
    }
    if let Some(stressors) = call.text("stressng_stressors")? {
        spec["stressngStressors"] = stressors.into();
    }
    STRESS.create(call, object(call, "StressChaos", spec)?).await
}

async fn stress_cpu(call: &Invocation<'_>) -> Result<Value, Failure> {
    stress(call, json!({"cpu": given(call, &[("workers", "workers"), ("load", "load")])})).await
}

async fn stress_memory(call: &Invocation<'_>) -> Result<Value, Failure> {
    let names = [
        ("workers", "workers"),
        ("size", "size"),
        ("oomScoreAdj", "oom_score"),
        ("time", "time_to_get_to_size"),
    ];
    let mut memory = given(call, &names);
    if memory.get("workers").is_none() {
        memory["workers"] = 1.into();
    }
    stress(call, json!({"memory": memory})).await
}

async fn delete_network_fault(call: &Invocation<'_>) -> Result<Value, Failure> {
    NETWORK.delete(call, call.needed("name")?).await
}

async fn get_network_faults(call: &Invocation<'_>) -> Result<Value, Failure> {
    NETWORK.list(call).await
}

async fn get_network_fault(call: &Invocation<'_>) -> Result<Value, Failure> {
    NETWORK.get(call, call.needed("name")?).await
}

async fn delete_stressor(call: &Invocation<'_>) -> Result<Value, Failure> {
    STRESS.delete(call, call.needed("name")?).await
}

async fn get_stressors(call: &Invocation<'_>) -> Result<Value, Failure> {
    STRESS.list(call).await
}

async fn get_stressor(call: &Invocation<'_>) -> Result<Value, Failure> {
    STRESS.get(call, call.needed("name")?).await
}
