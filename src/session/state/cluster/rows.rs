//! Rows of the pods pane other than pods.

use super::Readiness;
use crate::session::event::{ClusterNote, ServiceEndpoints, Source, SourceState, Timestamp, Workload};
use std::collections::VecDeque;

/// A Service with its endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRow {
    /// As last seen.
    pub endpoints: ServiceEndpoints,
    /// Since when it has this number of ready endpoints.
    pub since: Timestamp,
    /// Ready endpoints over time.
    pub(super) readiness: Readiness,
    /// Names of pods that were ever behind it, the latest ones.
    pub(super) pods_seen: VecDeque<String>,
}

/// Names of pods kept for a Service.
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

    /// Names of pods that were ever behind it, the latest ones.
    pub fn seen_pods(&self) -> impl Iterator<Item = &String> {
        self.pods_seen.iter()
    }

    /// Seconds without any ready endpoint.
    pub fn empty_for(&self, now: Timestamp) -> Option<f64> {
        (self.endpoints.ready == 0).then(|| now.duration_since(self.since).as_secs_f64().max(0.0))
    }
}

/// A workload with its replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadRow {
    /// As last seen.
    pub workload: Workload,
    /// Whether it is whole, since when.
    pub state: WorkloadState,
    pub since: Timestamp,
    /// Ready replicas over time.
    pub(super) readiness: Readiness,
}

/// Whether a workload is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadState {
    /// As many replicas ready as asked for.
    Whole,
    /// Some are missing.
    Degraded,
    /// None is ready though some were asked for.
    Down,
    /// Asked for none, and has none.
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

/// What Kubernetes wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteRow {
    /// When we saw it.
    pub at: Timestamp,
    pub note: ClusterNote,
}

/// How a source of observations is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    pub source: Source,
    pub state: SourceState,
    pub since: Timestamp,
    /// When something was last heard from it.
    pub heard: Option<Timestamp>,
}

impl SourceRow {
    /// Seconds since something was last heard from it. A watch is silent while nothing changes.
    pub fn age(&self, now: Timestamp) -> f64 {
        now.duration_since(self.heard.unwrap_or(self.since)).as_secs_f64().max(0.0)
    }
}
