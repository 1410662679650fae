//! Rows of the pods pane other than pods.

use super::Readiness;
use crate::session::event::{ClusterNote, ServiceEndpoints, Source, SourceState, Timestamp, Workload};
use std::collections::VecDeque;

/// A Service with its endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRow {
    /// The endpoints as last seen.
    pub endpoints: ServiceEndpoints,
    /// Since when the number of ready endpoints has not changed.
    pub since: Timestamp,
    /// Ready endpoints over time.
    pub(super) readiness: Readiness,
    /// Names of the pods that were ever behind it, the latest ones.
    pub(super) pods_seen: VecDeque<String>,
}

/// The maximum number of pod names kept per Service.
const PODS_SEEN: usize = 64;

impl ServiceRow {
    pub(super) fn new(at: Timestamp, endpoints: ServiceEndpoints) -> Self {
        let mut readiness = Readiness::default();
        readiness.set(at, (endpoints.ready, None));
        let mut row = Self { endpoints, since: at, readiness, pods_seen: VecDeque::new() };
        row.remember_pods();
        row
    }

    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.endpoints.namespace == namespace && self.endpoints.name == name
    }

    pub(super) fn changed(&mut self, at: Timestamp, endpoints: &ServiceEndpoints) {
        if endpoints.ready != self.endpoints.ready {
            self.since = at;
        }
        self.readiness.set(at, (endpoints.ready, None));
        self.endpoints = endpoints.clone();
        self.remember_pods();
    }

    fn remember_pods(&mut self) {
        for pod in &self.endpoints.pods {
            if !self.pods_seen.contains(pod) {
                if self.pods_seen.len() == PODS_SEEN {
                    self.pods_seen.pop_front();
                }
                self.pods_seen.push_back(pod.clone());
            }
        }
    }

    /// Returns the names of the pods that were ever behind it, the latest ones.
    pub fn seen_pods(&self) -> impl Iterator<Item = &String> {
        self.pods_seen.iter()
    }

    /// Returns the seconds for which it has had no ready endpoint; `None` if it has one.
    pub fn empty_for(&self, now: Timestamp) -> Option<f64> {
        (self.endpoints.ready == 0).then(|| now.duration_since(self.since).as_secs_f64().max(0.0))
    }
}

/// A workload with its replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadRow {
    /// The workload as last seen.
    pub workload: Workload,
    /// Whether all its replicas are ready; `since` is when that began.
    pub state: WorkloadState,
    pub since: Timestamp,
    /// Ready replicas over time.
    pub(super) readiness: Readiness,
}

/// Whether the replicas of a workload are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadState {
    /// All desired replicas are ready.
    Whole,
    /// Some replicas are not ready.
    Degraded,
    /// None is ready although some are desired.
    Down,
    /// None is desired, and none is ready.
    ScaledToZero,
    Gone,
}

impl WorkloadState {
    fn of(workload: &Workload) -> Self {
        match (workload.ready, workload.desired) {
            (0, 0) => WorkloadState::ScaledToZero,
            (0, _) => WorkloadState::Down,
            (ready, desired) if ready < desired => WorkloadState::Degraded,
            _ => WorkloadState::Whole,
        }
    }
}

impl WorkloadRow {
    pub(super) fn new(at: Timestamp, workload: Workload) -> Self {
        let mut readiness = Readiness::default();
        readiness.set(at, (workload.ready, Some(workload.desired)));
        Self { state: WorkloadState::of(&workload), workload, since: at, readiness }
    }

    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.workload.namespace == namespace && self.workload.name == name
    }

    pub(super) fn changed(&mut self, at: Timestamp, workload: &Workload) {
        self.readiness.set(at, (workload.ready, Some(workload.desired)));
        self.workload = workload.clone();
        self.turn(at, WorkloadState::of(workload));
    }

    pub(super) fn gone(&mut self, at: Timestamp) {
        self.readiness.set(at, (0, None));
        self.turn(at, WorkloadState::Gone);
    }

    fn turn(&mut self, at: Timestamp, state: WorkloadState) {
        if state != self.state {
            self.state = state;
            self.since = at;
        }
    }
}

/// A Kubernetes event.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteRow {
    /// When it was received.
    pub at: Timestamp,
    pub note: ClusterNote,
}

/// The state of a source of observations.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    pub source: Source,
    pub state: SourceState,
    pub since: Timestamp,
    /// When the source last reported something.
    pub last_report: Option<Timestamp>,
}

impl SourceRow {
    /// Returns the seconds since the source last reported something. A watch is silent while nothing changes.
    pub fn age(&self, now: Timestamp) -> f64 {
        now.duration_since(self.last_report.unwrap_or(self.since)).as_secs_f64().max(0.0)
    }
}
