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

#[derive(Debug, Default)]
struct SliceRow {
    ready: u32,
    not_ready: u32,
    pods: BTreeSet<String>,
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
            let addresses = u32::try_from(endpoint.addresses.len()).unwrap_or(u32::MAX);
            if ready {
                row.ready = row.ready.saturating_add(addresses);
            } else {
                row.not_ready = row.not_ready.saturating_add(addresses);
            }
            row.pods.extend(endpoint.target_ref.as_ref().and_then(|target| target.name.clone()));
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
        let sum = |count: fn(&SliceRow) -> u32| self.slices.values().map(count).fold(0, u32::saturating_add);
        let pods: BTreeSet<&String> = self.slices.values().flat_map(|slice| &slice.pods).collect();
        let now = ServiceEndpoints {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ready: sum(|slice| slice.ready),
            not_ready: sum(|slice| slice.not_ready),
            pods: pods.into_iter().take(NAMED).cloned().collect(),
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
