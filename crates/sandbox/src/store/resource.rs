//! The resource types of the cluster (kubernetes-wire 15.1).

/// A stored kind of object. The same kind may be served under several group-versions (see `api::served`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Kubernetes' own")]
pub enum Resource {
    Pods,
    Services,
    Endpoints,
    Events,
    Namespaces,
    Nodes,
    ConfigMaps,
    Secrets,
    ServiceAccounts,
    Deployments,
    ReplicaSets,
    StatefulSets,
    DaemonSets,
    EndpointSlices,
    PodDisruptionBudgets,
    NetworkPolicies,
    Ingresses,
    Leases,
}

/// The properties of a [`Resource`], as in discovery documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The API group, such as `apps`; empty for the core group.
    pub group: &'static str,
    /// The version in which objects are stored, such as `v1`.
    pub version: &'static str,
    /// The kind, such as `Deployment`.
    pub kind: &'static str,
    /// The plural name, such as `deployments`.
    pub plural: &'static str,
    /// The singular name, such as `deployment`.
    pub singular: &'static str,
    /// The short names that kubectl accepts, such as `deploy`.
    pub short_names: &'static [&'static str],
    /// The categories: `all` when `kubectl get all` lists the resource.
    pub categories: &'static [&'static str],
    /// Whether objects belong to a namespace.
    pub namespaced: bool,
    /// Whether `metadata.generation` counts the changes of `spec`.
    pub counts_generations: bool,
}

impl Resource {
    /// All resources, in discovery order.
    pub const ALL: [Resource; 18] = [
        Resource::Pods,
        Resource::Services,
        Resource::Endpoints,
        Resource::Events,
        Resource::Namespaces,
        Resource::Nodes,
        Resource::ConfigMaps,
        Resource::Secrets,
        Resource::ServiceAccounts,
        Resource::Deployments,
        Resource::ReplicaSets,
        Resource::StatefulSets,
        Resource::DaemonSets,
        Resource::EndpointSlices,
        Resource::PodDisruptionBudgets,
        Resource::NetworkPolicies,
        Resource::Ingresses,
        Resource::Leases,
    ];

    /// Returns the properties of the resource.
    pub const fn descriptor(self) -> Descriptor {
        match self {
            Resource::Pods => core("Pod", "pods", "pod", &["po"]).in_all(),
            Resource::Services => core("Service", "services", "service", &["svc"]).in_all(),
            Resource::Endpoints => core("Endpoints", "endpoints", "endpoints", &["ep"]),
            Resource::Events => core("Event", "events", "event", &["ev"]),
            Resource::Namespaces => core("Namespace", "namespaces", "namespace", &["ns"]).of_cluster(),
            Resource::Nodes => core("Node", "nodes", "node", &["no"]).of_cluster(),
            Resource::ConfigMaps => core("ConfigMap", "configmaps", "configmap", &["cm"]),
            Resource::Secrets => core("Secret", "secrets", "secret", &[]),
            Resource::ServiceAccounts => core("ServiceAccount", "serviceaccounts", "serviceaccount", &["sa"]),
            Resource::Deployments => core("Deployment", "deployments", "deployment", &["deploy"]).workload(),
            Resource::ReplicaSets => core("ReplicaSet", "replicasets", "replicaset", &["rs"]).workload(),
            Resource::StatefulSets => core("StatefulSet", "statefulsets", "statefulset", &["sts"]).workload(),
            Resource::DaemonSets => core("DaemonSet", "daemonsets", "daemonset", &["ds"]).workload(),
            Resource::EndpointSlices => {
                core("EndpointSlice", "endpointslices", "endpointslice", &[]).group("discovery.k8s.io")
            }
            Resource::PodDisruptionBudgets => {
                core("PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", &["pdb"])
                    .group("policy")
                    .counting()
            }
            Resource::NetworkPolicies => {
                core("NetworkPolicy", "networkpolicies", "networkpolicy", &["netpol"])
                    .group("networking.k8s.io")
                    .counting()
            }
            Resource::Ingresses => {
                core("Ingress", "ingresses", "ingress", &["ing"]).group("networking.k8s.io").counting()
            }
            Resource::Leases => core("Lease", "leases", "lease", &[]).group("coordination.k8s.io"),
        }
    }

    /// Returns the kind, such as `Deployment`.
    pub const fn kind(self) -> &'static str {
        self.descriptor().kind
    }

    /// Returns the API version, such as `apps/v1`, or `v1` for the core group.
    pub fn api_version(self) -> String {
        let d = self.descriptor();
        if d.group.is_empty() { d.version.to_owned() } else { format!("{}/{}", d.group, d.version) }
    }

    /// Returns the name used in error messages, such as `deployments.apps` or `pods`.
    pub fn qualified(self) -> String {
        let d = self.descriptor();
        if d.group.is_empty() { d.plural.to_owned() } else { format!("{}.{}", d.plural, d.group) }
    }

    /// Returns the resource of an owner reference or an object reference.
    pub fn of_kind(api_version: &str, kind: &str) -> Option<Resource> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Resource::ALL.into_iter().find(|r| r.kind() == kind && r.descriptor().group == group)
    }
}

const fn core(
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short_names: &'static [&'static str],
) -> Descriptor {
    Descriptor {
        group: "",
        version: "v1",
        kind,
        plural,
        singular,
        short_names,
        categories: &[],
        namespaced: true,
        counts_generations: false,
    }
}

impl Descriptor {
    const fn group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    const fn workload(self) -> Self {
        self.group("apps").in_all().counting()
    }

    const fn in_all(mut self) -> Self {
        self.categories = &["all"];
        self
    }

    const fn of_cluster(mut self) -> Self {
        self.namespaced = false;
        self
    }

    const fn counting(mut self) -> Self {
        self.counts_generations = true;
        self
    }
}
