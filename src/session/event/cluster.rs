//! Event types about Kubernetes objects: rows of a dozen fields, never whole objects.

use super::{PlanChange, StepRef, Timestamp};
use serde::{Deserialize, Serialize};

/// A pod's identity: a replacement pod has another uid, a restarted pod keeps its uid.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodKey {
    pub namespace: String,
    pub name: String,
    /// The uid of the object.
    pub uid: String,
}

/// Phase as `kubectl` prints it in STATUS: `status.reason`, waiting or terminated reason, `Terminating`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPhase {
    /// Not started yet.
    Pending,
    Running,
    /// Deletion was requested.
    Terminating,
    /// Ended successfully.
    Succeeded,
    /// Ended with a failure.
    Failed,
    /// The phase is not known.
    Unknown,
}

/// How a container last terminated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEnd {
    /// `Error`, `OOMKilled`, `Completed`.
    pub reason: String,
    /// 128 + signal number for a signal.
    pub exit_code: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub ready: bool,
    /// The number of restarts.
    pub restarts: u32,
    /// `ContainerCreating`, `CrashLoopBackOff`, ... while it is waiting.
    pub waiting: Option<String>,
    pub last_end: Option<LastEnd>,
}

/// The liveness probe that the kubelet runs against a pod's container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    /// HTTP path, for an HTTP probe.
    pub path: Option<String>,
    /// Seconds between two probes.
    pub period_s: u32,
    /// Consecutive failures after which the container is restarted.
    pub threshold: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    pub key: PodKey,
    /// The workload it belongs to, such as the Deployment's name.
    pub owner: Option<String>,
    pub phase: PodPhase,
    /// The text of the STATUS column, as `kubectl` prints it.
    pub status: String,
    pub containers: Vec<Container>,
    pub node: Option<String>,
    pub ip: Option<String>,
    pub created: Option<Timestamp>,
    /// When deletion was requested.
    pub deleting: Option<Timestamp>,
    /// The liveness probe of its first container that has one.
    pub liveness: Option<Liveness>,
    /// Whether the experiment names the pod, or a Service in front of it.
    pub in_play: bool,
}

/// Pods that a search by name found among those that are only counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPods {
    /// The text that their names contain.
    pub text: String,
    /// The first matches by namespace and name, each with the text of its STATUS column.
    pub pods: Vec<(PodKey, String)>,
    pub all: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceEndpoints {
    pub namespace: String,
    pub name: String,
    /// Addresses that receive traffic.
    pub ready: u32,
    /// Addresses that exist but receive no traffic.
    pub not_ready: u32,
    /// Names of the pods behind the Service; only the first ones where there are many.
    pub pods: Vec<String>,
}

/// Replicas of a Deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    pub namespace: String,
    pub name: String,
    pub desired: u32,
    pub ready: u32,
    /// Replicas that were updated to the current template.
    pub updated: u32,
}

/// A Kubernetes event about an object in play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterNote {
    /// Kind and name: `pod/my-provider-app-6c8b-x2k8p`.
    pub object: String,
    /// `Normal` or `Warning`.
    pub level: String,
    /// `Killing`, `Unhealthy`, `BackOff`, ...
    pub reason: String,
    /// The message, cleaned.
    pub message: String,
    /// How often it occurred.
    pub count: u32,
}

/// Sources of observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The API server itself, whose version is requested repeatedly.
    Api,
    Pods,
    /// Watch of `EndpointSlices`.
    Endpoints,
    /// Watch of Deployments.
    Workloads,
    /// Watch of Kubernetes events.
    ClusterEvents,
    /// The kubelets of the nodes that pods in play run on, by their leases.
    Kubelets,
    /// Probe of the consumer's endpoint.
    Users,
    /// The breaker's health page.
    Health,
    /// The breaker's metrics page.
    Metrics,
}

/// The state of a source of observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    Live,
    /// The connection broke and is retried.
    Reconnecting {
        reason: String,
    },
    /// The source is not available: forbidden, or missing.
    Absent {
        /// The reason, and what to do about it.
        reason: String,
    },
}

/// The result level of a preflight check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckLevel {
    Ok,
    /// The run will fail unless this is fixed.
    Fix,
    /// Worth knowing before firing.
    Know,
}

/// One line of the preflight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreflightCheck {
    pub level: CheckLevel,
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The fix that one key applies, in this session only.
    #[serde(default)]
    pub offer: Option<PlanChange>,
}

/// The cluster that a step acts on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCluster {
    /// Its context; `None` where there is none, as far as it can be determined.
    pub context: Option<String>,
    /// Whether the step cannot act on another cluster: a program is given a cluster but may choose another.
    pub sure: bool,
    /// Whether a fire on this cluster needs no typed name.
    pub allowed: bool,
}

/// What firing a step would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetCard {
    pub step: StepRef,
    /// `KILL 1 pod, by deleting it`.
    pub headline: String,
    /// The objects that the fire would hit, as far as they are known beforehand.
    pub objects: Vec<String>,
    /// `1 of 1 replicas`.
    pub share: Option<String>,
    /// The consequences: `Service my-provider-service is left with 0 endpoints`.
    pub consequences: Vec<String>,
    /// Whether the objects come back by themselves, and through what.
    pub comes_back: String,
    /// What an abort would do and how long that takes.
    pub undo: String,
    /// The word to type where the context is not on the allow-list.
    pub confirm: String,
    /// The cluster that the step acts on; `None` in recordings made before this field existed.
    #[serde(default)]
    pub place: Option<StepCluster>,
}

/// Returns whether an object, as cards and faults write it, has this name: `pod/NAME`, `NAME on NODE`, `NAME`.
pub fn object_has_name(object: &str, name: &str) -> bool {
    object.split(['/', ' ']).any(|word| word == name)
}
