//! The kinds served under each group and version (kubernetes-wire 15.1).

use super::{review::REVIEWS, view::View};
use crate::store::{Descriptor, Resource};

/// A kind served under one group and version.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Served {
    /// The names for discovery and error messages; `group` and `version` are those under which the kind is served.
    pub(super) descriptor: Descriptor,
    pub(super) resource: Resource,
    /// The conversion between the stored form and the form of this group and version.
    pub(super) view: View,
}

/// A subresource, as discovery lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subresource {
    pub(super) name: &'static str,
    /// The group, version and kind of the subresource's bodies.
    pub(super) kind: (&'static str, &'static str, &'static str),
    pub(super) verbs: &'static [&'static str],
}

/// The verbs that every kind supports.
pub(super) const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Served {
    /// Returns the `apiVersion`: `apps/v1`, or `v1` for the core group.
    pub(super) fn group_version(&self) -> String {
        group_version(self.descriptor.group, self.descriptor.version)
    }

    pub(super) fn subresources(&self) -> Vec<Subresource> {
        subresources(self.resource, self.descriptor)
    }
}

/// Returns the `apiVersion`: `apps/v1`, or `v1` for the core group.
pub(super) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Returns all served kinds; kinds under their stored group come first, so that kubectl prefers them to the other
/// versions.
pub(super) fn all() -> Vec<Served> {
    let stored = Resource::ALL.into_iter().map(|resource| Served {
        descriptor: resource.descriptor(),
        resource,
        view: View::Stored,
    });
    let others = [
        (Resource::Events, "events.k8s.io", "v1", View::EventsV1),
        (Resource::Deployments, "apps", "v1beta1", View::Beta("apps/v1beta1")),
        (Resource::StatefulSets, "apps", "v1beta1", View::Beta("apps/v1beta1")),
        (Resource::Deployments, "extensions", "v1beta1", View::Beta("extensions/v1beta1")),
        (Resource::ReplicaSets, "extensions", "v1beta1", View::Beta("extensions/v1beta1")),
        (Resource::DaemonSets, "extensions", "v1beta1", View::Beta("extensions/v1beta1")),
    ];
    // Listing a category or short name twice would make kubectl list the objects twice.
    let others = others.into_iter().map(|(resource, group, version, view)| Served {
        descriptor: Descriptor { group, version, short_names: &[], categories: &[], ..resource.descriptor() },
        resource,
        view,
    });
    stored.chain(others).collect()
}

/// Returns the kind served at `group`/`version` under this plural name.
pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<Served> {
    all().into_iter().find(|served| {
        let d = served.descriptor;
        d.group == group && d.version == version && d.plural == plural
    })
}

/// Returns the groups with their versions, in discovery order; the name of the core group is empty.
pub(super) fn groups() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    let kinds = all().into_iter().map(|served| (served.descriptor.group, served.descriptor.version));
    for (group, version) in kinds.chain(REVIEWS.map(|(_, group, ..)| (group, "v1"))) {
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, versions)) if versions.contains(&version) => {}
            Some((_, versions)) => versions.push(version),
            None => groups.push((group, vec![version])),
        }
    }
    groups
}

fn subresources(resource: Resource, d: Descriptor) -> Vec<Subresource> {
    let own = (d.group, d.version, d.kind);
    let status = Subresource { name: "status", kind: own, verbs: &["get", "patch", "update"] };
    let scale = Subresource {
        name: "scale",
        kind: ("autoscaling", "v1", "Scale"),
        verbs: &["get", "patch", "update"],
    };
    match resource {
        Resource::Pods => vec![
            Subresource { name: "eviction", kind: ("policy", "v1", "Eviction"), verbs: &["create"] },
            Subresource { name: "exec", kind: ("", "v1", "PodExecOptions"), verbs: &["create", "get"] },
            Subresource { name: "log", kind: own, verbs: &["get"] },
            Subresource {
                name: "portforward",
                kind: ("", "v1", "PodPortForwardOptions"),
                verbs: &["create", "get"],
            },
            Subresource { name: "proxy", kind: ("", "v1", "PodProxyOptions"), verbs: &["get"] },
            status,
        ],
        Resource::Services => {
            vec![
                Subresource { name: "proxy", kind: ("", "v1", "ServiceProxyOptions"), verbs: &["get"] },
                status,
            ]
        }
        Resource::Deployments | Resource::ReplicaSets | Resource::StatefulSets => vec![scale, status],
        Resource::DaemonSets
        | Resource::Nodes
        | Resource::Namespaces
        | Resource::PodDisruptionBudgets
        | Resource::Ingresses => vec![status],
        _ => Vec::new(),
    }
}
