//! What kinds of objects the cluster knows (kubernetes-wire 15.1).

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
}

/// The facts of a [`Resource`], as discovery tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// `apps`; empty for the core group.
    pub group: &'static str,
    /// The version objects are stored in: `v1`.
    pub version: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    /// `deployment`.
    pub singular: &'static str,
    /// What kubectl also takes: `deploy`.
    pub short_names: &'static [&'static str],
    /// `all` where `kubectl get all` lists it.
    pub categories: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether `metadata.generation` counts the changes of `spec`.
    pub counts_generations: bool,
}

impl Resource {
    /// Every resource, in the order of discovery.
    pub const ALL: [Resource; 17] = [
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
    ];

    /// Its facts.
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
        }
    }

    /// `Deployment`.
    pub const fn kind(self) -> &'static str {
        self.descriptor().kind
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(self) -> String {
        let d = self.descriptor();
        if d.group.is_empty() { d.version.to_owned() } else { format!("{}/{}", d.group, d.version) }
    }

    /// `deployments.apps`, or `pods`: how error messages name it.
    pub fn qualified(self) -> String {
        let d = self.descriptor();
        if d.group.is_empty() { d.plural.to_owned() } else { format!("{}.{}", d.plural, d.group) }
    }

    /// The resource of an owner reference or an object reference.
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
