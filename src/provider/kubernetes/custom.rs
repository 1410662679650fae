//! `chaosk8s.crd`: objects of any API group (kubernetes-catalog 2.13). `apply_from_*` and `replace_*`, which have
//! never worked, are not implemented natively but left to the Python bridge.

use super::{
    entry::{Entry, natives},
    failure::{Failure, status_json},
    invocation::Invocation,
    objects::read,
};
use kube::{
    Api,
    api::{
        ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
        PostParams,
    },
};
use pyvalue::Value;
use serde_json::Value as Json;
use std::path::Path;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.crd.actions":
    Changes create_custom_object(group, version, plural; ns, resource, resource_as_yaml_file, secrets)
        => create_custom_object,
    Changes create_cluster_custom_object(group, version, plural; resource, resource_as_yaml_file, secrets)
        => create_custom_object,
    Changes patch_custom_object(group, version, plural, name; ns, force, resource, resource_as_yaml_file, secrets)
        => patch_custom_object,
    Changes patch_cluster_custom_object(group, version, plural, name; force, resource, resource_as_yaml_file, secrets)
        => patch_custom_object,
    Changes delete_custom_object(group, version, plural, name; ns, secrets) => delete_custom_object,
    Changes delete_cluster_custom_object(group, version, plural, name; secrets) => delete_custom_object,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.crd.probes":
    Reads get_custom_object(group, version, plural, name; ns, secrets) => get_custom_object,
    Reads list_custom_objects(group, version, plural; ns, secrets) => list_custom_objects,
    Reads get_cluster_custom_object(group, version, plural, name; secrets) => get_custom_object,
    Reads list_cluster_custom_objects(group, version, plural; secrets) => list_custom_objects,
);

/// A kind of custom object.
#[derive(Clone, Copy)]
pub(super) struct CustomKind<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) plural: &'a str,
    /// Whether its objects are namespaced.
    pub(super) namespaced: bool,
}

impl<'a> CustomKind<'a> {
    fn of(call: &'a Invocation<'_>) -> Result<Self, Failure> {
        Ok(Self {
            group: call.needed("group")?,
            version: call.needed("version")?,
            plural: call.needed("plural")?,
            namespaced: !call.native.func.contains("_cluster_"),
        })
    }

    fn api(self, call: &Invocation<'_>) -> Result<Api<DynamicObject>, Failure> {
        let kind = GroupVersionKind::gvk(self.group, self.version, self.plural);
        let resource = ApiResource::from_gvk_with_plural(&kind, self.plural);
        Ok(if self.namespaced {
            Api::namespaced_with(call.client.clone(), call.namespace()?, &resource)
        } else {
            Api::all_with(call.client.clone(), &resource)
        })
    }

    /// Creates an object. An existing object is not an error: the API's response is the result.
    pub(super) async fn create(self, call: &Invocation<'_>, object: Json) -> Result<Value, Failure> {
        let object: DynamicObject = serde_json::from_value(object)
            .map_err(|error| Failure::activity(format!("this is no Kubernetes object: {error}")))?;
        match self.api(call)?.create(&PostParams::default(), &object).await {
            Ok(created) => result(&created),
            Err(kube::Error::Api(status)) if status.code == 409 => {
                tracing::warn!("{}: nothing was created", status.message);
                result(&status_json(&status))
            }
            Err(error) => Err(Failure::with_operation(format!(
                "failed to create a custom object of {}",
                self.plural
            ))(error)),
        }
    }

    /// Deletes the object called `name`.
    pub(super) async fn delete(self, call: &Invocation<'_>, name: &str) -> Result<Value, Failure> {
        let deleted = self.api(call)?.delete(name, &DeleteParams::default()).await;
        let deleted =
            deleted.map_err(Failure::with_operation(format!("failed to delete {} {name}", self.plural)))?;
        deleted.either(|object| result(&object), |status| result(&status))
    }

    /// Gets the object called `name`.
    pub(super) async fn get(self, call: &Invocation<'_>, name: &str) -> Result<Value, Failure> {
        let got = self.api(call)?.get(name).await;
        result(&got.map_err(Failure::with_operation(format!("failed to get {} {name}", self.plural)))?)
    }

    /// Lists all objects; the result is the API's response.
    pub(super) async fn list(self, call: &Invocation<'_>) -> Result<Value, Failure> {
        let path = self.api(call)?.resource_url().to_owned();
        call.raw_list(&path, &ListParams::default()).await.map_err(|failure| match failure {
            Failure::Api { source, .. } => {
                Failure::with_operation(format!("failed to list {}", self.plural))(*source)
            }
            other => other,
        })
    }
}

fn result(object: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(object)
        .and_then(serde_json::from_value)
        .map_err(|error| Failure::activity(format!("the answer cannot be kept: {error}")))
}

/// The object of a call: `resource`, else the content of the file `resource_as_yaml_file`.
async fn body(call: &Invocation<'_>) -> Result<Json, Failure> {
    if call.given("resource").is_some() {
        return call.document("resource");
    }
    match call.text("resource_as_yaml_file")? {
        Some(path) if Path::new(path).is_file() => read(path).await,
        Some(path) => Err(Failure::activity(format!("there is no file {path}"))),
        None => Err(Failure::activity("give the object as resource or as resource_as_yaml_file")),
    }
}

async fn create_custom_object(call: &Invocation<'_>) -> Result<Value, Failure> {
    CustomKind::of(call)?.create(call, body(call).await?).await
}

/// A list is sent as a JSON patch, a mapping as a merge patch; the API refuses the reference's strategic merge patch
/// for custom objects.
async fn patch_custom_object(call: &Invocation<'_>) -> Result<Value, Failure> {
    let kind = CustomKind::of(call)?;
    let name = call.needed("name")?;
    let change = body(call).await?;
    let patch = if change.is_array() {
        Patch::Json(
            serde_json::from_value(change)
                .map_err(|error| Failure::activity(format!("a list must be a JSON patch: {error}")))?,
        )
    } else {
        Patch::Merge(change)
    };
    let patched = kind.api(call)?.patch(name, &PatchParams::default(), &patch).await;
    result(&patched.map_err(Failure::with_operation(format!("failed to patch {} {name}", kind.plural)))?)
}

async fn delete_custom_object(call: &Invocation<'_>) -> Result<Value, Failure> {
    CustomKind::of(call)?.delete(call, call.needed("name")?).await
}

async fn get_custom_object(call: &Invocation<'_>) -> Result<Value, Failure> {
    CustomKind::of(call)?.get(call, call.needed("name")?).await
}

async fn list_custom_objects(call: &Invocation<'_>) -> Result<Value, Failure> {
    CustomKind::of(call)?.list(call).await
}
