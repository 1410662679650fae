//! The objects in play: those that the experiment's activities name.

use crate::{
    cluster::Selector,
    experiment::{Activity, ProviderKind},
    provider::{gremlin::container_names, is_kubernetes, namespace_of},
};
use pyvalue::{
    Map, Value,
    regex::{self, Regex},
};
use std::collections::{BTreeMap, BTreeSet};

/// Host and port of a URL.
type Address = (String, u16);

/// What the operator of a session asks for while the cluster is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// The search text for pod names.
    pub sought: String,
    /// Where users are asked since an address was replaced: the URL.
    pub users: Option<String>,
    /// The Service behind that address, by namespace and name, if it is known.
    pub service: Option<(String, String)>,
}

/// The objects that the experiment's activities name. The Services in front of them and the pods behind those are found
/// by the watches.
#[derive(Clone, Debug, Default)]
pub struct InPlay {
    namespaces: BTreeSet<String>,
    names: BTreeSet<String>,
    containers: BTreeSet<String>,
    patterns: Vec<Regex>,
    selectors: Vec<Selector>,
    addresses: BTreeSet<Address>,
}

impl InPlay {
    /// An empty set; `namespace` is watched regardless of the activities.
    pub fn new(namespace: &str) -> Self {
        Self { namespaces: BTreeSet::from([namespace.to_owned()]), ..Self::default() }
    }

    /// Adds the objects that an activity names. `provider` is its provider's mapping, substituted.
    pub fn add(&mut self, activity: &Activity, provider: &Map) {
        let text = |key: &str| provider.get(key).and_then(Value::as_str).unwrap_or_default();
        if activity.provider.kind == ProviderKind::Python {
            self.namespaces.extend(namespace_of(provider));
        }
        let empty = Map::default();
        let arguments = provider.get("arguments").and_then(Value::as_map).unwrap_or(&empty);
        match activity.provider.kind {
            ProviderKind::Http => self.addresses.extend(address(text("url"))),
            ProviderKind::Python if is_kubernetes(text("module")) => self.kubernetes(arguments),
            ProviderKind::Python if text("module").starts_with("chaosgremlin.") => {
                self.containers.extend(container_names(arguments));
            }
            ProviderKind::Python | ProviderKind::Process => {}
        }
    }

    fn kubernetes(&mut self, arguments: &Map) {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        self.names.extend(text("name").map(str::to_owned));
        self.patterns.extend(text("name_pattern").and_then(|pattern| regex::compile(pattern).ok()));
        let selectors = ["label_selector", "pod_label_selector"].into_iter().filter_map(text);
        let selectors =
            selectors.map(|selector| selector.replace("{name}", text("name").unwrap_or_default()));
        self.selectors.extend(selectors.filter_map(|text| Selector::parse(&text)).filter(|s| !s.is_empty()));
        if let Some(pairs) = arguments.get("label_selectors").and_then(Value::as_map) {
            let pairs: BTreeMap<String, String> = pairs
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect();
            self.selectors.extend(Some(Selector::of_pairs(&pairs)).filter(|selector| !selector.is_empty()));
        }
    }

    /// Adds the Service that was named as the users' endpoint.
    pub fn add_service(&mut self, namespace: &str, name: &str) {
        if !self.is_everything() {
            self.names.insert(name.to_owned());
        }
        self.namespaces.insert(namespace.to_owned());
    }

    /// Adds the address that users are asked at from now on.
    pub(super) fn add_address(&mut self, url: &str) {
        self.addresses.extend(address(url));
    }

    /// The namespaces to watch.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.iter().map(String::as_str)
    }

    /// Whether an object is named.
    pub(super) fn includes_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The hosts and ports of the experiment's requests.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&str, u16)> {
        self.addresses.iter().map(|(host, port)| (host.as_str(), *port))
    }

    /// Whether no object is named: then everything in the namespaces is in play.
    pub(super) fn is_everything(&self) -> bool {
        self.names.is_empty()
            && self.containers.is_empty()
            && self.patterns.is_empty()
            && self.selectors.is_empty()
    }

    /// Whether a pod is named: by its name, its owner's, its containers' or its labels.
    pub(super) fn includes_pod(
        &self,
        name: &str,
        owner: Option<&str>,
        labels: &BTreeMap<String, String>,
        mut containers: impl Iterator<Item = impl AsRef<str>>,
    ) -> bool {
        self.is_everything()
            || self.includes_name(name)
            || owner.is_some_and(|owner| self.includes_name(owner))
            || labels.get("name").is_some_and(|label| self.includes_name(label))
            || containers.any(|container| self.containers.contains(container.as_ref()))
            || self.selectors.iter().any(|selector| selector.matches(labels))
            || self.patterns.iter().any(|pattern| pattern.is_match(name).unwrap_or(false))
    }
}

/// The host and port of a URL.
fn address(url: &str) -> Option<Address> {
    let url = reqwest::Url::parse(url).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}
