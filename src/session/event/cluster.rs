//! Words about Kubernetes objects: rows of a dozen fields, never whole objects.

use super::{PlanChange, StepRef, Timestamp};
use serde::{Deserialize, Serialize};

/// A pod's identity: a replaced pod has another uid, a restarted one has not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodKey {
    pub namespace: String,
    pub name: String,
    /// Unique identity.
    pub uid: String,
}

/// Phase as `kubectl` prints it in STATUS: `status.reason`, waiting or terminated reason, `Terminating`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPhase {
    /// Not started yet.
    Pending,
    Running,
    /// Deletion was asked for.
    Terminating,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// How a container last ended.
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
    /// Times it was started again.
    pub restarts: u32,
    /// `ContainerCreating`, `CrashLoopBackOff`, ... when waiting.
    pub waiting: Option<String>,
    pub last_end: Option<LastEnd>,
}

/// How the kubelet asks a pod's container whether it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    /// HTTP path, if it asks by HTTP.
    pub path: Option<String>,
    /// Seconds between two questions.
    pub period_s: u32,
    /// Misses in a row after which the container is restarted.
    pub threshold: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    pub key: PodKey,
    /// The workload it belongs to, such as the Deployment's name.
    pub owner: Option<String>,
    pub phase: PodPhase,
    /// The word for STATUS, as `kubectl` prints it.
    pub status: String,
    pub containers: Vec<Container>,
    pub node: Option<String>,
    pub ip: Option<String>,
    pub created: Option<Timestamp>,
    /// When deletion was asked for.
    pub deleting: Option<Timestamp>,
    /// Liveness probe of its first container that has one.
    pub liveness: Option<Liveness>,
    /// Whether the experiment names it, or a Service in front of it.
    pub in_play: bool,
}

/// Pods that were looked for by name, of those that are only counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPods {
    /// What their names hold.
    pub text: String,
    /// The first of them by namespace and name: with the word for STATUS.
    pub pods: Vec<(PodKey, String)>,
    pub all: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceEndpoints {
    pub namespace: String,
    pub name: String,
    /// Addresses that get traffic.
    pub ready: u32,
    /// Addresses that are there but get none.
    pub not_ready: u32,
    /// Names of the pods behind it, the first ones where they are many.
    pub pods: Vec<String>,
}

/// Replicas of a Deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    pub namespace: String,
    pub name: String,
    pub desired: u32,
    pub ready: u32,
    /// Updated to the present template.
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
    /// How often it was seen.
    pub count: u32,
}

/// Where observations come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The API server itself, asked for its version again and again.
    Api,
    Pods,
    /// Watch of EndpointSlices.
    Endpoints,
    /// Watch of Deployments.
    Workloads,
    /// Watch of Kubernetes events.
    ClusterEvents,
    /// Probe of the consumer's endpoint.
    Users,
    /// The breaker's health page.
    Health,
    /// The breaker's metrics page.
    Metrics,
}

/// How a source is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    Live,
    /// It broke and is tried again.
    Reconnecting {
        reason: String,
    },
    /// It will not come: forbidden, or not there.
    Absent {
        /// Why, and what to do.
        reason: String,
    },
}

/// What a preflight check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckLevel {
    Ok,
    /// The run will fail unless this is mended.
    Fix,
    /// Good to know before firing.
    Know,
}

/// One line of the preflight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreflightCheck {
    pub level: CheckLevel,
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// What one key would do about it, in this session only.
    #[serde(default)]
    pub offer: Option<PlanChange>,
}

/// The cluster that a step would act in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCluster {
    /// Its context; `None` where there is none, as far as can be told.
    pub context: Option<String>,
    /// Whether it cannot be another one: a program is given a cluster and may pick another.
    pub sure: bool,
    /// Whether a fire there needs no typed name.
    pub allowed: bool,
}

/// What firing a step would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetCard {
    pub step: StepRef,
    /// `KILL 1 pod, by deleting it`.
    pub headline: String,
    /// The objects it would hit, as far as can be known before.
    pub objects: Vec<String>,
    /// `1 of 1 replicas`.
    pub share: Option<String>,
    /// What follows: `Service my-provider-service is left with 0 endpoints`.
    pub consequences: Vec<String>,
    /// Whether it comes back by itself, and by what.
    pub comes_back: String,
    /// What the abort would do and how long it takes.
    pub undo: String,
    /// The word to type where the context is not on the allow-list.
    pub confirm: String,
    /// In which cluster; unknown in recordings of before this was told.
    #[serde(default)]
    pub place: Option<StepCluster>,
}

/// Whether an object, as cards and faults write it, is the one of this name: `pod/NAME`, `NAME on NODE`, `NAME`.
pub fn is_about(object: &str, name: &str) -> bool {
    object.split(['/', ' ']).any(|word| word == name)
}
