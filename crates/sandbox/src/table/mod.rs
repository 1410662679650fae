//! The tables of `kubectl get`: the columns and cells of each kind (kubernetes-wire 15.2).

pub mod age;
mod cell;
mod cluster;
mod events;
mod network;
mod pods;
mod workloads;

#[cfg(test)]
mod tests;

use super::store::Resource;
use cell::texts;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A table column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name, such as `Ready`; kubectl prints it in capitals.
    pub name: &'static str,
    /// Whether only `-o wide` shows the column.
    pub wide: bool,
}

/// Returns a column that is always shown.
const fn narrow(name: &'static str) -> Column {
    Column { name, wide: false }
}

/// Returns a column that only `-o wide` shows.
const fn wide(name: &'static str) -> Column {
    Column { name, wide: true }
}

/// Returns the columns of a kind.
pub fn columns(resource: Resource) -> &'static [Column] {
    match resource {
        Resource::Pods => pods::COLUMNS,
        Resource::Deployments => workloads::DEPLOYMENT,
        Resource::ReplicaSets => workloads::REPLICA_SET,
        Resource::StatefulSets => workloads::STATEFUL_SET,
        Resource::DaemonSets => workloads::DAEMON_SET,
        Resource::Services => network::SERVICE,
        Resource::Endpoints => network::ENDPOINTS,
        Resource::EndpointSlices => network::ENDPOINT_SLICE,
        Resource::NetworkPolicies => network::NETWORK_POLICY,
        Resource::Ingresses => network::INGRESS,
        Resource::Events => events::COLUMNS,
        Resource::Nodes => cluster::NODE,
        Resource::Namespaces => cluster::NAMESPACE,
        Resource::ConfigMaps => cluster::CONFIG_MAP,
        Resource::Secrets => cluster::SECRET,
        Resource::ServiceAccounts => cluster::SERVICE_ACCOUNT,
        Resource::PodDisruptionBudgets => cluster::DISRUPTION_BUDGET,
        Resource::Leases => cluster::LEASE,
    }
}

/// Returns the `columnDefinitions` of a Table.
pub fn definitions(resource: Resource) -> Value {
    let definition = |column: &Column| {
        json!({
            "name": column.name,
            "type": "string",
            "format": if column.name == "Name" { "name" } else { "" },
            "description": "",
            "priority": i32::from(column.wide),
        })
    };
    columns(resource).iter().map(definition).collect()
}

/// Returns the cells of an object at the time `now`, one per column.
pub fn cells(resource: Resource, object: &Value, now: Timestamp) -> Vec<Value> {
    match resource {
        Resource::Pods => pods::cells(object, now),
        Resource::Deployments => workloads::deployment(object, now),
        Resource::ReplicaSets => workloads::replica_set(object, now),
        Resource::StatefulSets => workloads::stateful_set(object, now),
        Resource::DaemonSets => workloads::daemon_set(object, now),
        Resource::Services => network::service(object, now),
        Resource::Endpoints => network::endpoints(object, now),
        Resource::EndpointSlices => network::endpoint_slice(object, now),
        Resource::NetworkPolicies => network::network_policy(object, now),
        Resource::Ingresses => network::ingress(object, now),
        Resource::Events => events::cells(object, now),
        Resource::Nodes => cluster::node(object, now),
        Resource::Namespaces => cluster::namespace(object, now),
        Resource::ConfigMaps => cluster::config_map(object, now),
        Resource::Secrets => cluster::secret(object, now),
        Resource::ServiceAccounts => cluster::service_account(object, now),
        Resource::PodDisruptionBudgets => cluster::disruption_budget(object, now),
        Resource::Leases => cluster::lease(object, now),
    }
}
