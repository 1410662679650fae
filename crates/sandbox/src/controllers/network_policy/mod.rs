//! The network policy controller: computes which connections the policies permit, for the network.

mod rules;

use super::{engine::Controller, pod};
use crate::{
    network::Network,
    store::{Object, Resource, Selectors, Status, Store},
};
use rules::{PodFacts, Policies, Policy};
use serde_json::Value;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

pub(super) struct NetworkPolicies {
    pub network: Network,
}

impl Controller for NetworkPolicies {
    /// All policies together.
    type Key = ();

    fn affected_keys(&self, store: &Store, object: &Object, previous: Option<&Object>) -> Vec<()> {
        let there_are_any =
            || !store.list(Resource::NetworkPolicies, None, &Selectors::default()).objects.is_empty();
        let affects = match object.resource {
            Resource::NetworkPolicies => true,
            Resource::Namespaces => previous.is_none_or(|previous| previous.labels != object.labels),
            Resource::Pods => there_are_any(),
            _ => false,
        };
        if affects { vec![()] } else { Vec::new() }
    }

    fn reconcile(&mut self, store: &Store, (): &()) -> Result<Option<Duration>, Status> {
        let list = |resource| store.list(resource, None, &Selectors::default()).objects;
        let policies: Vec<Policy> =
            list(Resource::NetworkPolicies).iter().map(|policy| Policy::read(&policy.value())).collect();
        if policies.is_empty() {
            self.network.set_filter(None);
            return Ok(None);
        }
        let namespaces = list(Resource::Namespaces);
        let policies = Policies {
            policies,
            namespaces: namespaces.iter().map(|it| (it.name.clone(), it.labels.clone())).collect(),
            pods: list(Resource::Pods).iter().filter_map(|pod| self.facts(pod)).collect::<HashMap<_, _>>(),
        };
        self.network.set_filter(Some(Arc::new(move |source, target| policies.permit(source, target))));
        Ok(None)
    }
}

impl NetworkPolicies {
    /// Returns what the rules need of a pod, by its address; `None` for a pod without an address of its own.
    fn facts(&self, object: &Object) -> Option<(IpAddr, PodFacts)> {
        if pod::is_over(object) {
            return None;
        }
        let pod = object.value();
        let ip: IpAddr = pod["status"]["podIP"].as_str()?.parse().ok()?;
        let address = self.network.pod(&object.uid).filter(|_| ip != IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
        let ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
        let number = |port: &Value| u16::try_from(port["containerPort"].as_u64()?).ok();
        let ports = ports
            .filter_map(|port| {
                let declared = number(port)?;
                let name = port["name"].as_str().unwrap_or_default().to_owned();
                Some((address.port(declared), (declared, name)))
            })
            .collect();
        Some((ip, PodFacts { namespace: object.namespace.clone(), labels: object.labels.clone(), ports }))
    }
}
