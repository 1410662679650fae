//! The controllers, the scheduler and the garbage collector.
//!
//! Each runs its own loop over the store's history (see `engine`); they communicate only through the store.

mod condition;
mod deployment;
mod disruption;
mod endpoints;
mod engine;
mod garbage;
mod inert;
mod namespaces;
mod naming;
mod network_policy;
mod ownership;
mod pod;
mod replica_set;
mod scheduler;
mod service_proxy;
mod stateful_set;
mod template;

#[cfg(test)]
mod tests;

use super::{network::Network, recorder::EventRecorder, store::Store};
use serde_json::Value;
use tokio::task::JoinSet;

/// Starts all controllers. They stop when the returned set is dropped.
///
/// `complete` fills in a pod's defaults as the API server does for clients: controllers write directly to the store.
pub fn start(
    store: &Store,
    network: &Network,
    recorder: &EventRecorder,
    complete: fn(&mut Value),
) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    let deployments = deployment::Deployments { recorder: recorder.of("deployment-controller") };
    loops.spawn(engine::run("deployment", deployments, store.clone()));
    let replica_sets = replica_set::ReplicaSets { recorder: recorder.of("replicaset-controller"), complete };
    loops.spawn(engine::run("replicaset", replica_sets, store.clone()));
    let stateful_sets = stateful_set::StatefulSets::new(recorder.of("statefulset-controller"), complete);
    loops.spawn(engine::run("statefulset", stateful_sets, store.clone()));
    let endpoints = endpoints::Endpoints { network: network.clone() };
    loops.spawn(engine::run("endpoints", endpoints, store.clone()));
    loops.spawn(engine::run("garbage", garbage::Garbage, store.clone()));
    loops.spawn(engine::run("namespace", namespaces::Namespaces, store.clone()));
    let scheduler = scheduler::Scheduler::new(recorder.of("default-scheduler"));
    loops.spawn(engine::run("scheduler", scheduler, store.clone()));
    let proxy = service_proxy::ServiceProxy {
        network: network.clone(),
        recorder: recorder.of("kube-proxy"),
        last_warnings: std::collections::HashMap::default(),
    };
    loops.spawn(engine::run("proxy", proxy, store.clone()));
    let policies = network_policy::NetworkPolicies { network: network.clone() };
    loops.spawn(engine::run("networkpolicy", policies, store.clone()));
    let inert = inert::UnsupportedKinds { recorder: recorder.of("sandbox") };
    loops.spawn(engine::run("inert", inert, store.clone()));
    loops.spawn(engine::run("budget", disruption::Budgets, store.clone()));
    loops
}
