//! Checks objects against the API's types: refuses wrong types and finds unknown fields.

use super::{quantity, tidy};
use crate::store::{Resource, Status};
use k8s_openapi::api::{
    apps::v1 as apps, coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery,
    networking::v1 as networking, policy::v1 as policy,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Returns the paths of fields that the kind does not have, such as `spec.replcas`. Error: 400 for a field of the wrong
/// type.
pub fn unknown_fields(resource: Resource, object: &Value) -> Result<Vec<String>, Status> {
    let mut object = object.clone();
    tidy::tidy(&mut object);
    quantity::canonicalise(resource, &mut object);
    let known = known(resource, &object)?;
    let mut unknown = Vec::new();
    compare(&object, &known, &mut Vec::new(), &mut unknown);
    Ok(unknown)
}

/// Removes fields that the kind does not have. Error: 400 for a field of the wrong type.
pub(super) fn prune(resource: Resource, object: &mut Value) -> Result<(), Status> {
    let known = known(resource, object)?;
    retain(object, &known);
    Ok(())
}

/// Returns the object after a round trip through its API type, which drops unknown fields.
fn known(resource: Resource, object: &Value) -> Result<Value, Status> {
    let known = match resource {
        Resource::Pods => through::<core::Pod>(object),
        Resource::Services => through::<core::Service>(object),
        Resource::Endpoints => through::<core::Endpoints>(object),
        Resource::Events => through::<core::Event>(object),
        Resource::Namespaces => through::<core::Namespace>(object),
        Resource::Nodes => through::<core::Node>(object),
        Resource::ConfigMaps => through::<core::ConfigMap>(object),
        Resource::Secrets => through::<core::Secret>(object),
        Resource::ServiceAccounts => through::<core::ServiceAccount>(object),
        Resource::Deployments => through::<apps::Deployment>(object),
        Resource::ReplicaSets => through::<apps::ReplicaSet>(object),
        Resource::StatefulSets => through::<apps::StatefulSet>(object),
        Resource::DaemonSets => through::<apps::DaemonSet>(object),
        Resource::EndpointSlices => through::<discovery::EndpointSlice>(object),
        Resource::PodDisruptionBudgets => through::<policy::PodDisruptionBudget>(object),
        Resource::NetworkPolicies => through::<networking::NetworkPolicy>(object),
        Resource::Ingresses => through::<networking::Ingress>(object),
        Resource::Leases => through::<coordination::Lease>(object),
    };
    known.map_err(|why| {
        let d = resource.descriptor();
        let (kind, version) = (d.kind, d.version);
        Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
    })
}

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(T::deserialize(object)?)
}

fn compare(given: &Value, known: &Value, path: &mut Vec<String>, unknown: &mut Vec<String>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (key, value) in given {
                path.push(key.clone());
                match known.get(key) {
                    Some(known) => compare(value, known, path, unknown),
                    None => unknown.push(path.join(".").replace(".[", "[")),
                }
                path.pop();
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (at, (given, known)) in given.iter().zip(known).enumerate() {
                path.push(format!("[{at}]"));
                compare(given, known, path, unknown);
                path.pop();
            }
        }
        _ => {}
    }
}

fn retain(given: &mut Value, known: &Value) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            given.retain(|key, _| known.contains_key(key));
            for (key, value) in given.iter_mut() {
                if let Some(known) = known.get(key) {
                    retain(value, known);
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            given.iter_mut().zip(known).for_each(|(given, known)| retain(given, known));
        }
        _ => {}
    }
}
