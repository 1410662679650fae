//! `chaosk8s.networking` (kubernetes-catalog 2.12). Policies have no effect if the cluster's network plugin does not
//! enforce them.

use super::{
    entry::{Entry, natives},
    failure::Failure,
    invocation::Invocation,
    kind::Kind,
    objects::{create, create_from_file, delete_named, exists, patch, read},
};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::api::DeleteParams;
use pyvalue::Value;
use serde_json::{Value as Json, json};
use std::path::Path;

pub(super) static ACTIONS: &[Entry] = natives!("chaosk8s.networking.actions":
    Changes create_ingress(spec_path; ns, secrets) => create_from_file::<Ingress>,
    Changes update_ingress(name, spec; ns, secrets) => update_ingress,
    Changes delete_ingress(name; ns, secrets) => delete_named::<Ingress>,
    Changes create_network_policy(; spec, spec_path, ns, secrets) => create_network_policy,
    Changes remove_network_policy(name; ns, secrets) => delete_named::<NetworkPolicy>,
    Changes deny_all_ingress(; label_selectors, ns, secrets) => deny_all_ingress,
    Changes remove_deny_all_ingress(; ns, secrets) => remove_deny_all_ingress,
    Changes deny_all_egress(; label_selectors, ns, secrets) => deny_all_egress,
    Changes remove_deny_all_egress(; ns, secrets) => remove_deny_all_egress,
    Changes allow_dns_access(; label_selectors, ns, secrets) => allow_dns_access,
    Changes remove_allow_dns_access(; ns, secrets) => remove_allow_dns_access,
);

pub(super) static PROBES: &[Entry] = natives!("chaosk8s.networking.probes":
    Reads ingress_exists(name; ns, secrets) => ingress_exists,
);

/// The fixed names of the policies.
const DENY_INGRESS: &str = "chaostoolkit-deny-all-ingress";
const DENY_EGRESS: &str = "chaostoolkit-deny-all-egress";
const ALLOW_DNS: &str = "chaostoolkit-allow-dns";

/// The name of the policy that a call would create or remove; `None` for other functions.
pub(super) async fn policy(call: &Invocation<'_>) -> Result<Option<String>, Failure> {
    Ok(match call.native.func {
        "deny_all_ingress" | "remove_deny_all_ingress" => Some(DENY_INGRESS.to_owned()),
        "deny_all_egress" | "remove_deny_all_egress" => Some(DENY_EGRESS.to_owned()),
        "allow_dns_access" | "remove_allow_dns_access" => Some(ALLOW_DNS.to_owned()),
        "remove_network_policy" => Some(call.needed("name")?.to_owned()),
        "create_network_policy" => {
            let policy = given_policy(call).await?;
            policy.pointer("/metadata/name").and_then(Json::as_str).map(str::to_owned)
        }
        _ => None,
    })
}

async fn update_ingress(call: &Invocation<'_>) -> Result<Value, Failure> {
    let name = call.needed("name")?;
    let change = call.document("spec")?;
    patch::<Ingress>(call, name, &change, format!("failed to update ingress {name}")).await
}

async fn ingress_exists(call: &Invocation<'_>) -> Result<Value, Failure> {
    Ok(exists::<Ingress>(call).await?.into())
}

async fn create_network_policy(call: &Invocation<'_>) -> Result<Value, Failure> {
    create::<NetworkPolicy>(call, given_policy(call).await?).await?;
    Ok(Value::Null)
}

/// The policy to create. The file takes precedence over `spec` if it exists; the path of a missing file is ignored.
async fn given_policy(call: &Invocation<'_>) -> Result<Json, Failure> {
    match call.text("spec_path")?.filter(|path| Path::new(path).is_file()) {
        Some(path) => read(path).await,
        None => call.document("spec"),
    }
}

/// Creates a policy for the pods that `label_selectors` select; without it, for all pods of the namespace.
async fn apply(call: &Invocation<'_>, name: &str, mut spec: Json) -> Result<Value, Failure> {
    spec["podSelector"] = match call.given("label_selectors") {
        None => json!({}),
        Some(_) => json!({"matchLabels": call.document("label_selectors")?}),
    };
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    });
    create::<NetworkPolicy>(call, policy).await?;
    tracing::warn!(
        "policy {name} only acts if the cluster's network enforces policies; let a probe confirm it"
    );
    Ok(Value::Null)
}

async fn remove(call: &Invocation<'_>, name: &str) -> Result<Value, Failure> {
    NetworkPolicy::api(call)?.delete(name, &DeleteParams::default()).await?;
    Ok(Value::Null)
}

async fn deny_all_ingress(call: &Invocation<'_>) -> Result<Value, Failure> {
    apply(call, DENY_INGRESS, json!({"policyTypes": ["Ingress"], "ingress": []})).await
}

async fn remove_deny_all_ingress(call: &Invocation<'_>) -> Result<Value, Failure> {
    remove(call, DENY_INGRESS).await
}

/// Also blocks DNS; `allow_dns_access` allows it again.
async fn deny_all_egress(call: &Invocation<'_>) -> Result<Value, Failure> {
    apply(call, DENY_EGRESS, json!({"policyTypes": ["Egress"]})).await
}

async fn remove_deny_all_egress(call: &Invocation<'_>) -> Result<Value, Failure> {
    remove(call, DENY_EGRESS).await
}

async fn allow_dns_access(call: &Invocation<'_>) -> Result<Value, Failure> {
    let ports = json!([{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]);
    let egress = json!([{"to": [{"namespaceSelector": {}}], "ports": ports}]);
    apply(call, ALLOW_DNS, json!({"policyTypes": ["Egress"], "egress": egress})).await
}

async fn remove_allow_dns_access(call: &Invocation<'_>) -> Result<Value, Failure> {
    remove(call, ALLOW_DNS).await
}
