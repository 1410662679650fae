//! `chaosk8s.namespace`, `chaosk8s.secret` and `chaosk8s.event` (kubernetes-catalog 2.11).

use super::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    objects::{create, create_from_file, delete_named, exists, read},
};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{api::ListParams, core::Request};
use pyvalue::Value;
use serde_json::json;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.namespace.actions":
    Changes create_namespace(; name, spec_path, secrets) => create_namespace,
    Changes delete_namespace(name; secrets) => delete_named::<Namespace>,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.namespace.probes":
    Reads namespace_exists(name; secrets) => namespace_exists,
);

pub(super) static SECRET_ACTIONS: &[Entry] = natives!("chaosk8s.secret.actions":
    Changes create_secret(spec_path; ns, secrets) => create_from_file::<Secret>,
    Changes delete_secret(name; ns, secrets) => delete_named::<Secret>,
);

pub(super) static SECRET_PROBES: &[Entry] = natives!("chaosk8s.secret.probes":
    Reads secret_exists(; name, ns, label_selector, secrets) => secret_exists,
);

pub(super) static EVENT_PROBES: &[Entry] = natives!("chaosk8s.event.probes":
    Reads get_events(; label_selector, field_selector, limit, configuration, secrets) => get_events,
);

async fn create_namespace(call: &Invocation<'_>) -> Result<Value, Failure> {
    let object = match (call.text("spec_path")?, call.text("name")?) {
        (Some(path), _) => read(path).await?,
        (None, Some(name)) => json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        (None, None) => return Err(Failure::activity("a namespace needs a name or a spec_path")),
    };
    create::<Namespace>(call, object).await?;
    Ok(Value::Null)
}

async fn namespace_exists(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(exists::<Namespace>(call).await?.into())
}

async fn secret_exists(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(exists::<Secret>(call).await?.into())
}

/// Events of all namespaces, in the API's format; one page.
async fn get_events(call: &Invocation<'_>) -> Result<Value, Failure> {
    let mut params: ListParams = call.labelled()?;
    params.field_selector = call.text("field_selector")?.map(str::to_owned);
    params.limit = u32::try_from(call.whole("limit", 100)?).ok();
    call.raw_list("/apis/events.k8s.io/v1/events", &params).await
}

impl Invocation<'_> {
    /// A list in the format of the API's response.
    pub(super) async fn raw_list(&self, path: &str, params: &ListParams) -> Result<Value, Failure> {
        let request = Request::new(path).list(params).map_err(kube::Error::BuildRequest)?;
        Ok(self.client.request(request).await?)
    }
}
