//! Operations common to all kinds of objects: create from a file, delete, patch, scale, look up.

use super::{
    failure::Failure,
    invocation::{Invocation, by_name},
    kind::Kind,
};
use crate::experiment::{read_text_bounded, read_without_blocking};
use kube::{
    ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
};
use pyvalue::Value;
use serde_json::{Value as Json, json};
use std::path::Path;

/// Creates the object that the file at `spec_path` describes. Returns null.
pub(super) async fn create_from_file<K: Kind>(call: &Invocation<'_>) -> Result<Value, Failure> {
    let path = call.needed("spec_path")?;
    create::<K>(call, read(path).await?).await?;
    Ok(Value::Null)
}

pub(super) async fn create<K: Kind>(call: &Invocation<'_>, object: Json) -> Result<(), Failure> {
    let object: DynamicObject = serde_json::from_value(object)
        .map_err(|error| Failure::activity(format!("this is no Kubernetes object: {error}")))?;
    K::any(call)?.create(&PostParams::default(), &object).await?;
    Ok(())
}

/// Reads one object from a JSON or YAML file.
pub(super) async fn read(path: &str) -> Result<Json, Failure> {
    let text = read_without_blocking(Path::new(path), read_text_bounded).await;
    let text = text.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::Python {
            class: "FileNotFoundError",
            message: format!("[Errno 2] No such file or directory: '{path}'"),
        },
        _ => Failure::Python { class: "OSError", message: format!("{path}: {error}") },
    })?;
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Some("yml" | "yaml") => serde_saphyr::from_str(&text).map_err(|error| error.to_string()),
        _ => return Err(Failure::activity(format!("cannot process {path}: name it .json, .yaml or .yml"))),
    }
    .map_err(|error| Failure::activity(format!("cannot read {path}: {error}")))
}

/// Deletes by `name`, else by `label_selector`, else all objects in the namespace. Returns null, also if nothing
/// matched.
pub(super) async fn delete_selected<K: Kind>(call: &Invocation<'_>) -> Result<Value, Failure> {
    let params = call.named_or_labelled()?;
    delete_listed::<K>(call, &params).await?;
    Ok(Value::Null)
}

/// Deletes the objects of a list request; returns how many there were.
pub(super) async fn delete_listed<K: Kind>(
    call: &Invocation<'_>,
    params: &ListParams,
) -> Result<usize, Failure> {
    let api = K::api(call)?;
    let objects = api.list(params).await?.items;
    for object in &objects {
        match api.delete(&object.name_any(), &DeleteParams::default()).await {
            Ok(_) => tracing::info!("deleted {} {}", K::kind_name(), object.name_any()),
            // Already deleted, for instance with its owner: this is the desired state.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(objects.len())
}

/// Deletes the object called `name`; fails if it does not exist.
pub(super) async fn delete_named<K: Kind>(call: &Invocation<'_>) -> Result<Value, Failure> {
    K::api(call)?.delete(call.needed("name")?, &DeleteParams::default()).await?;
    Ok(Value::Null)
}

/// Sets `spec.replicas` of the object itself.
pub(super) async fn scale<K: Kind>(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let wanted = call.given("replicas");
    let replicas = call.whole("replicas", 0)?;
    if wanted.is_none() {
        return Err(Failure::type_error(format!("{}() needs a number in 'replicas'", call.native.func)));
    }
    let what = format!("failed to scale {} {name} to {replicas} replicas", K::kind_name());
    patch::<K>(call, name, &json!({"spec": {"replicas": replicas}}), what).await
}

/// Sends a strategic merge patch; `what` describes its failure. Returns null.
pub(super) async fn patch<K: Kind>(
    call: &Invocation<'_>,
    name: &str,
    change: &Json,
    what: String,
) -> Result<Value, Failure> {
    let patched = K::api(call)?.patch(name, &PatchParams::default(), &Patch::Strategic(change)).await;
    patched.map_err(Failure::with_operation(what))?;
    Ok(Value::Null)
}

/// Whether a list by `name` and `label_selector`, as far as given, returns any object.
pub(super) async fn exists<K: Kind>(call: &Invocation<'_>) -> Result<bool, Failure> {
    let params = call.labelled()?;
    let params = match call.text("name")? {
        Some(name) => by_name(params, name),
        None => params,
    };
    Ok(!K::api(call)?.list(&params).await?.items.is_empty())
}

/// A message for a call whose `name` or `label_selector` matches nothing, with the names that exist.
pub(super) async fn missing<K: Kind>(call: &Invocation<'_>) -> Result<String, Failure> {
    const SHOWN: u32 = 5;
    let kind = K::kind_name();
    let asked = match (call.text("name")?, call.text("label_selector")?) {
        (Some(name), _) => format!("no {kind} is called {name}"),
        (None, Some(selector)) => format!("no {kind} has the labels {selector}"),
        (None, None) => format!("there is no {kind}"),
    };
    let place = if K::NAMESPACED { format!(" in namespace {}", call.namespace()?) } else { String::new() };
    let message = format!("{asked}{place}");
    // The names are optional: without the permission to list, the first half of the message is returned.
    let Ok(others) = K::api(call)?.list(&ListParams::default().limit(SHOWN)).await else {
        return Ok(message);
    };
    let names: Vec<String> = others.iter().map(ResourceExt::name_any).collect();
    Ok(if names.is_empty() { message } else { format!("{message}; there are: {}", names.join(", ")) })
}
