//! Services and the endpoints behind them.

use crate::{
    cluster::{Selector, hosts, node_ports},
    session::event::ServiceEndpoints,
};
use k8s_openapi::api::{core::v1::Service, discovery::v1::EndpointSlice};
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};

/// Label of a slice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The maximum number of pods listed by name: every change of them emits the Service again.
const NAMED: usize = 64;

#[derive(Debug, Default)]
pub(super) struct KnownService {
    /// The selector of its pods; `None` for a Service that selects none.
    selector: Option<Selector>,
    node_ports: BTreeSet<u16>,
    hosts: BTreeSet<String>,
    /// Whether it is in play; once it is, it stays.
    pub(super) in_play: bool,
    slices: BTreeMap<String, SliceRow>,
    reported: Option<ServiceEndpoints>,
}

/// The endpoints of a slice, and whether each is ready.
type SliceRow = BTreeMap<Endpoint, bool>;

/// A pod, or an address without one. A pod has an address of each IP family, each in a slice of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Endpoint {
    Pod(String),
    Address(String),
}

impl KnownService {
    pub(super) fn changed(&mut self, service: &Service) {
        let spec = service.spec.as_ref();
        let pairs = spec.and_then(|spec| spec.selector.as_ref()).filter(|pairs| !pairs.is_empty());
        self.selector = pairs.map(Selector::of_pairs);
        self.node_ports = node_ports(service).collect();
        self.hosts = hosts(service);
    }

    /// Whether a request to this host and port reaches this Service.
    pub(super) fn is_asked_at(&self, host: &str, port: u16) -> bool {
        self.node_ports.contains(&port) || self.hosts.contains(host)
    }

    pub(super) fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    }

    pub(super) fn slice_changed(&mut self, slice: &EndpointSlice) {
        let mut row = SliceRow::default();
        for endpoint in &slice.endpoints {
            // Unknown counts as ready (discovery.k8s.io/v1).
            let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true);
            if let Some(pod) = endpoint.target_ref.as_ref().and_then(|target| target.name.clone()) {
                row.insert(Endpoint::Pod(pod), ready);
            } else {
                row.extend(endpoint.addresses.iter().cloned().map(|one| (Endpoint::Address(one), ready)));
            }
        }
        self.slices.insert(slice.name_any(), row);
    }

    pub(super) fn slice_gone(&mut self, name: &str) {
        self.slices.remove(name);
    }

    pub(super) fn forget_slices(&mut self) {
        self.slices.clear();
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = &String> {
        self.slices.keys()
    }

    /// The endpoints, if the Service is in play and they have changed since they were last returned.
    pub(super) fn changed_endpoints(&mut self, namespace: &str, name: &str) -> Option<ServiceEndpoints> {
        if !self.in_play {
            return None;
        }
        let mut endpoints: BTreeMap<&Endpoint, bool> = BTreeMap::new();
        for (endpoint, ready) in self.slices.values().flatten() {
            *endpoints.entry(endpoint).or_default() |= ready;
        }
        let count = |wanted: bool| {
            u32::try_from(endpoints.values().filter(|ready| **ready == wanted).count()).unwrap_or(u32::MAX)
        };
        let pods = endpoints.keys().filter_map(|endpoint| match endpoint {
            Endpoint::Pod(name) => Some(name.clone()),
            Endpoint::Address(_) => None,
        });
        let now = ServiceEndpoints {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ready: count(true),
            not_ready: count(false),
            pods: pods.take(NAMED).collect(),
        };
        if self.reported.as_ref() == Some(&now) {
            return None;
        }
        self.reported = Some(now.clone());
        Some(now)
    }
}

/// The name of the Service that a slice belongs to.
pub(super) fn service_of(slice: &EndpointSlice) -> Option<&String> {
    slice.labels().get(SERVICE_NAME)
}
