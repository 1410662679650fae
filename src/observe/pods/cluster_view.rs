//! The state of the watched namespaces; turns object changes into events worth emitting. Pure: no clock, no network.

use super::{
    in_play::InPlay,
    notes,
    pod_index::PodIndex,
    row,
    services::{KnownService, service_of},
};
use crate::session::event::{ClusterNote, EventKind, Pod, PodKey, Workload};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Event, Pod as WholePod, Service},
    discovery::v1::EndpointSlice,
};
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Namespace and name.
type NamespacedName = (String, String);

/// All known objects, each as a row.
pub(super) struct ClusterView {
    in_play: InPlay,
    pods: PodIndex,
    services: BTreeMap<NamespacedName, KnownService>,
    workloads: HashMap<NamespacedName, KnownWorkload>,
    /// Deployments in play because one of their pods is; once in play, they stay.
    owners: BTreeSet<NamespacedName>,
    /// Namespaces whose endpoints were listed: before that, "no endpoints" would be a guess.
    endpoints_listed: BTreeSet<String>,
}

struct KnownWorkload {
    row: Workload,
    emitted: Option<Workload>,
}

impl ClusterView {
    pub(super) fn new(meant: InPlay) -> Self {
        Self {
            in_play: meant,
            pods: PodIndex::default(),
            services: BTreeMap::new(),
            workloads: HashMap::new(),
            owners: BTreeSet::new(),
            endpoints_listed: BTreeSet::new(),
        }
    }

    /// Handles a pod that is new or changed.
    pub(super) fn pod(&mut self, pod: &WholePod) -> Vec<EventKind> {
        let mut row = row::pod(pod);
        let labels = pod.labels();
        let containers = row.containers.iter().map(|container| &container.name);
        let meant = self.in_play.includes_pod(&row.key.name, row.owner.as_deref(), labels, containers);
        row.in_play = meant || self.is_behind_a_service_in_play(&row.key.namespace, labels);
        let mut news = Vec::new();
        if row.in_play {
            self.owner_comes_into_play(&row, &mut news);
        }
        let namespace = row.key.namespace.clone();
        news.extend(self.pods.update(row, labels));
        if meant {
            self.services_in_front_come_into_play(&namespace, labels, &mut news);
        }
        news
    }

    pub(super) fn pod_gone(&mut self, key: &PodKey) -> Vec<EventKind> {
        self.pods.gone(key).into_iter().collect()
    }

    /// The keys of the known pods of a namespace, to find those that a new list no longer contains.
    pub(super) fn pods_of(&self, namespace: &str) -> impl Iterator<Item = &PodKey> {
        self.pods.of(namespace).map(|pod| &pod.row.key)
    }

    /// The counts of pods without a row that changed since the last call.
    pub(super) fn counts(&mut self) -> Vec<EventKind> {
        self.pods.counts()
    }

    /// Searches pods without a row by name, from now on.
    pub(super) fn find(&mut self, text: &str) -> Vec<EventKind> {
        self.pods.find(text).into_iter().collect()
    }

    /// Handles a Service that is new or changed.
    pub(super) fn service(&mut self, service: &Service) -> Vec<EventKind> {
        let place = place(service);
        let known = self.services.entry(place.clone()).or_default();
        known.changed(service);
        let asked = self.in_play.addresses().any(|(host, port)| known.is_asked_at(host, port));
        let mut in_play = known.in_play || asked || self.in_play.includes_name(&place.1);
        if !in_play {
            let known = &*known;
            in_play = self.pods.of(&place.0).any(|pod| pod.row.in_play && known.selects(&pod.labels));
        }
        let mut news = Vec::new();
        if in_play {
            self.service_comes_into_play(&place, &mut news);
        }
        news
    }

    /// Brings the Services into play that users are asked at from now on, with the pods behind them.
    pub(super) fn asked_at(&mut self, url: Option<&str>, service: Option<&NamespacedName>) -> Vec<EventKind> {
        if let Some(url) = url {
            self.in_play.add_address(url);
        }
        let asked =
            |known: &KnownService| self.in_play.addresses().any(|(host, port)| known.is_asked_at(host, port));
        let services = self.services.iter().filter(|(place, known)| service == Some(*place) || asked(known));
        let places: Vec<NamespacedName> =
            services.filter(|(_, known)| !known.in_play).map(|(place, _)| place.clone()).collect();
        let mut news = Vec::new();
        for place in &places {
            self.service_comes_into_play(place, &mut news);
        }
        news
    }

    /// Handles a deleted Service: it has no endpoints any more.
    pub(super) fn service_gone(&mut self, namespace: &str, name: &str) -> Vec<EventKind> {
        let place = (namespace.to_owned(), name.to_owned());
        let Some(known) = self.services.get_mut(&place) else { return Vec::new() };
        known.forget_slices();
        let news = known.changed_endpoints(&place.0, &place.1);
        self.services.remove(&place);
        news.map(EventKind::ServiceSeen).into_iter().collect()
    }

    /// The names of the known Services of a namespace.
    pub(super) fn services_of(&self, namespace: &str) -> Vec<String> {
        self.services.keys().filter(|place| place.0 == namespace).map(|place| place.1.clone()).collect()
    }

    /// Handles an endpoint slice that is new or changed.
    pub(super) fn slice(&mut self, slice: &EndpointSlice) -> Vec<EventKind> {
        let Some(service) = service_of(slice) else { return Vec::new() };
        let place = (slice.namespace().unwrap_or_default(), service.clone());
        self.services.entry(place.clone()).or_default().slice_changed(slice);
        self.service_news(&place)
    }

    /// Handles a deleted endpoint slice.
    pub(super) fn slice_gone(&mut self, namespace: &str, name: &str) -> Vec<EventKind> {
        let of = |(place, known): (&NamespacedName, &KnownService)| {
            (place.0 == namespace && known.slices().any(|slice| slice == name)).then(|| place.clone())
        };
        let Some(place) = self.services.iter().find_map(of) else { return Vec::new() };
        if let Some(known) = self.services.get_mut(&place) {
            known.slice_gone(name);
        }
        self.service_news(&place)
    }

    /// The names of the known slices of a namespace.
    pub(super) fn slices_of(&self, namespace: &str) -> Vec<String> {
        let services = self.services.iter().filter(|(place, _)| place.0 == namespace);
        services.flat_map(|(_, known)| known.slices().cloned()).collect()
    }

    /// Handles the end of the first list of endpoints of a namespace: from now on "no endpoints" is certain.
    pub(super) fn endpoints_listed(&mut self, namespace: &str) -> Vec<EventKind> {
        self.endpoints_listed.insert(namespace.to_owned());
        let places: Vec<NamespacedName> =
            self.services.keys().filter(|place| place.0 == namespace).cloned().collect();
        places.iter().flat_map(|place| self.service_news(place)).collect()
    }

    fn service_news(&mut self, place: &NamespacedName) -> Vec<EventKind> {
        if !self.endpoints_listed.contains(&place.0) {
            return Vec::new();
        }
        let known = self.services.get_mut(place);
        known
            .and_then(|known| known.changed_endpoints(&place.0, &place.1))
            .map(EventKind::ServiceSeen)
            .into_iter()
            .collect()
    }

    /// Handles a Deployment that is new or changed.
    pub(super) fn deployment(&mut self, deployment: &Deployment) -> Vec<EventKind> {
        let place = place(deployment);
        let row = row::workload(deployment);
        let known = self
            .workloads
            .entry(place.clone())
            .or_insert_with(|| KnownWorkload { row: row.clone(), emitted: None });
        known.row = row;
        self.workload_news(&place)
    }

    pub(super) fn deployment_gone(&mut self, namespace: &str, name: &str) -> Vec<EventKind> {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let known = self.workloads.remove(&(namespace.clone(), name.clone()));
        let reported = known.is_some_and(|known| known.emitted.is_some());
        if reported { vec![EventKind::WorkloadGone { namespace, name }] } else { Vec::new() }
    }

    /// The names of the known Deployments of a namespace.
    pub(super) fn deployments_of(&self, namespace: &str) -> Vec<String> {
        self.workloads.keys().filter(|place| place.0 == namespace).map(|place| place.1.clone()).collect()
    }

    fn workload_news(&mut self, place: &NamespacedName) -> Vec<EventKind> {
        let in_play = self.in_play.is_everything()
            || self.in_play.includes_name(&place.1)
            || self.owners.contains(place);
        let Some(known) = self.workloads.get_mut(place).filter(|_| in_play) else { return Vec::new() };
        if known.emitted.as_ref() == Some(&known.row) {
            return Vec::new();
        }
        known.emitted = Some(known.row.clone());
        vec![EventKind::WorkloadSeen(known.row.clone())]
    }

    /// A Kubernetes event as a note, if it is about an object in play.
    pub(super) fn event(&self, event: &Event) -> Option<ClusterNote> {
        let object = &event.involved_object;
        let namespace = object.namespace.clone().unwrap_or_default();
        let name = object.name.as_deref()?;
        let owned = || self.owners.iter().any(|(at, owner)| *at == namespace && is_of(name, owner));
        let place = || (namespace.clone(), name.to_owned());
        let in_play = match object.kind.as_deref()? {
            "Pod" | "ReplicaSet" => owned() || self.pods.is_in_play(&namespace, name),
            "Deployment" => self.owners.contains(&place()) || self.in_play.includes_name(name),
            "Service" => self.services.get(&place()).is_some_and(|service| service.in_play),
            _ => self.in_play.includes_name(name),
        };
        in_play.then(|| notes::note(event))
    }

    fn is_behind_a_service_in_play(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let mut services =
            self.services.iter().filter(|(place, known)| known.in_play && place.0 == namespace);
        services.any(|(_, known)| known.selects(labels))
    }

    fn services_in_front_come_into_play(
        &mut self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
        news: &mut Vec<EventKind>,
    ) {
        let in_front = |(place, known): (&NamespacedName, &KnownService)| {
            (!known.in_play && place.0 == namespace && known.selects(labels)).then(|| place.clone())
        };
        let places: Vec<NamespacedName> = self.services.iter().filter_map(in_front).collect();
        for place in &places {
            self.service_comes_into_play(place, news);
        }
    }

    /// Brings a Service into play, and with it the pods behind it.
    fn service_comes_into_play(&mut self, place: &NamespacedName, news: &mut Vec<EventKind>) {
        let Some(known) = self.services.get_mut(place) else { return };
        known.in_play = true;
        let known = &*known;
        let behind = self.pods.of(&place.0).filter(|pod| !pod.row.in_play && known.selects(&pod.labels));
        let behind: Vec<_> = behind.map(|pod| (pod.row.clone(), pod.labels.clone())).collect();
        for (row, labels) in behind {
            let row = Pod { in_play: true, ..row };
            self.owner_comes_into_play(&row, news);
            news.extend(self.pods.update(row, &labels));
        }
        news.extend(self.service_news(place));
    }

    fn owner_comes_into_play(&mut self, row: &Pod, news: &mut Vec<EventKind>) {
        let Some(owner) = &row.owner else { return };
        let place = (row.key.namespace.clone(), owner.clone());
        if self.owners.insert(place.clone()) {
            news.extend(self.workload_news(&place));
        }
    }
}

/// Whether a pod or replica set of this name belongs to the Deployment: events of very new or deleted ones arrive while
/// they are not among the known pods.
fn is_of(name: &str, owner: &str) -> bool {
    let rest = name.strip_prefix(owner).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| {
        let hashes: Vec<&str> = rest.split('-').collect();
        hashes.len() <= 2
            && hashes.iter().all(|hash| !hash.is_empty() && hash.chars().all(char::is_alphanumeric))
    })
}

fn place(object: &impl ResourceExt) -> NamespacedName {
    (object.namespace().unwrap_or_default(), object.name_any())
}
