//! Pods, Services, workloads and the Kubernetes events about them.

mod liveness;
mod logs;
mod pods;
mod roles;
mod rows;
mod victims;

use super::History;
use crate::session::event::{
    ClusterNote, FoundPods, LogSource, Pod, PodKey, PodLine, ServiceEndpoints, Source, SourceState,
    Timestamp, Workload,
};
pub use liveness::{LivenessMisses, RestartCountdown};
pub use logs::{LogState, PodLog, PodLogs};
pub use pods::{Identity, PodRow};
pub use roles::{ReadySince, Roles};
pub use rows::{NoteRow, ServiceRow, SourceRow, WorkloadRow, WorkloadState};
use std::collections::{BTreeMap, VecDeque};

/// The maximum number of Kubernetes events kept.
const NOTES: usize = 200;
/// The maximum number of past silences kept.
const SILENCES: usize = 64;
/// The maximum number of gone pods in play that are still shown.
const GONE: usize = 16;

/// The known state of the cluster. Only pods in play have a row with a history; for the others only the latest state is
/// kept.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Pods in play, including those gone lately, in the order they were first seen.
    pub in_play: Vec<PodRow>,
    /// All other pods, by namespace and name.
    pub others: BTreeMap<PodKey, Pod>,
    /// The number of individually watched pods, by the text that `kubectl` prints in the STATUS column.
    pub counts: BTreeMap<String, usize>,
    /// The number of pods that are only counted, by namespace and by the text of the STATUS column.
    pub counted: BTreeMap<String, BTreeMap<String, u32>>,
    /// The result of the operator's latest search among the pods that are only counted.
    pub found: Option<FoundPods>,
    pub services: Vec<ServiceRow>,
    pub workloads: Vec<WorkloadRow>,
    /// Kubernetes events about objects in play, oldest first.
    pub notes: VecDeque<NoteRow>,
    /// The state of each source of observations.
    pub sources: Vec<SourceRow>,
    /// Past intervals in which pods and replicas were not observed, oldest first.
    pub silences: VecDeque<(Timestamp, Timestamp)>,
    /// The lines read from pod logs.
    pub logs: PodLogs,
}

impl Cluster {
    /// Returns the number of existing pods by the text of the STATUS column, the most frequent first.
    pub fn states(&self) -> Vec<(&str, usize)> {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        let counted = self.counted.values().flatten().map(|(status, count)| (status, *count as usize));
        for (status, count) in self.counts.iter().map(|(status, count)| (status, *count)).chain(counted) {
            *states.entry(status.as_str()).or_default() += count;
        }
        let mut states: Vec<_> = states.into_iter().collect();
        states.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        states
    }

    /// Returns the state of a source.
    pub fn source(&self, source: Source) -> Option<&SourceRow> {
        self.sources.iter().find(|row| row.source == source)
    }

    /// Returns the row of a pod in play, by name.
    #[cfg(test)]
    pub fn pod(&self, name: &str) -> Option<&PodRow> {
        self.in_play.iter().rev().find(|row| row.pod.key.name == name)
    }

    pub(super) fn pod_seen(&mut self, at: Timestamp, pod: &Pod, t0: Option<Timestamp>) {
        self.source_reported(Source::Pods, at);
        self.forget_status(&pod.key);
        *self.counts.entry(pod.status.clone()).or_default() += 1;
        let known = self.in_play.iter().position(|row| row.pod.key == pod.key);
        if known.is_none() && !pod.in_play {
            self.others.insert(pod.key.clone(), pod.clone());
            return;
        }
        self.others.remove(&pod.key);
        if let Some(row) = known.and_then(|i| self.in_play.get_mut(i)) {
            row.changed(at, pod);
        } else {
            let replaces = t0.and_then(|t0| pods::predecessor(&self.in_play, pod, t0));
            self.in_play.push(PodRow::new(at, pod.clone(), replaces));
        }
    }

    pub(super) fn pod_gone(&mut self, at: Timestamp, key: &PodKey) {
        self.source_reported(Source::Pods, at);
        self.forget_status(key);
        self.others.remove(key);
        if let Some(row) = self.in_play.iter_mut().find(|row| row.pod.key == *key) {
            row.gone = Some(at);
        }
        while self.in_play.iter().filter(|row| row.gone.is_some()).count() > GONE {
            if let Some(oldest) = self.in_play.iter().position(|row| row.gone.is_some()) {
                self.in_play.remove(oldest);
            }
        }
    }

    pub(super) fn pods_counted(&mut self, at: Timestamp, namespace: &str, states: &BTreeMap<String, u32>) {
        self.source_reported(Source::Pods, at);
        self.counted.insert(namespace.to_owned(), states.clone());
    }

    pub(super) fn fired(&mut self) {
        for row in &mut self.in_play {
            row.restarts_at_t0 = Some(row.restarts());
        }
    }

    pub(super) fn service_seen(&mut self, at: Timestamp, endpoints: &ServiceEndpoints) {
        self.source_reported(Source::Endpoints, at);
        match self.services.iter_mut().find(|row| row.is(&endpoints.namespace, &endpoints.name)) {
            Some(row) => row.changed(at, endpoints),
            None => self.services.push(ServiceRow::new(at, endpoints.clone())),
        }
    }

    pub(super) fn workload_seen(&mut self, at: Timestamp, workload: &Workload) {
        self.source_reported(Source::Workloads, at);
        match self.workloads.iter_mut().find(|row| row.is(&workload.namespace, &workload.name)) {
            Some(row) => row.changed(at, workload),
            None => self.workloads.push(WorkloadRow::new(at, workload.clone())),
        }
    }

    pub(super) fn workload_gone(&mut self, at: Timestamp, namespace: &str, name: &str) {
        self.source_reported(Source::Workloads, at);
        if let Some(row) = self.workloads.iter_mut().find(|row| row.is(namespace, name)) {
            row.gone(at);
        }
    }

    pub(super) fn noted(&mut self, at: Timestamp, note: &ClusterNote) {
        self.source_reported(Source::ClusterEvents, at);
        let pod = note.object.strip_prefix("pod/");
        let row = self.in_play.iter_mut().find(|row| pod == Some(&row.pod.key.name) && row.gone.is_none());
        if let Some(row) = row {
            row.misses.noted(at, note, row.pod.liveness.as_ref());
        }
        if self.notes.len() == NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back(NoteRow { at, note: note.clone() });
    }

    pub(super) fn log_opened(&mut self, at: Timestamp, source: &LogSource) {
        self.logs.opened(at, source);
    }

    pub(super) fn logged(&mut self, source: &LogSource, lines: &[PodLine]) {
        self.logs.line_received(source, lines);
    }

    pub(super) fn log_closed(&mut self, at: Timestamp, source: &LogSource, failed: Option<&str>) {
        self.logs.closed(at, source, failed);
    }

    pub(super) fn source_changed(&mut self, at: Timestamp, source: Source, state: &SourceState) {
        let stale = self.stale_since();
        let row = self.source_row(source, at);
        let turned = (row.state == SourceState::Live) != (*state == SourceState::Live);
        // A failed reconnection does not restart the time for which the source has been silent.
        if turned {
            row.since = at;
        }
        row.state = state.clone();
        if let Some(since) = stale.filter(|_| self.stale_since().is_none()) {
            self.silences.push_back((since, at));
            self.silences.drain(..self.silences.len().saturating_sub(SILENCES));
        }
    }

    /// Returns since when pods and replicas are no longer observed, though they were before: the API server does not answer
    /// or refuses the credentials, the watch of pods broke, or a kubelet does not report. `None` while all is observed.
    pub fn stale_since(&self) -> Option<Timestamp> {
        let stale = |row: &&SourceRow| match (row.source, &row.state) {
            (_, SourceState::Live) => false,
            (Source::Pods, _) => row.last_report.is_some(),
            (Source::Api | Source::Kubelets, SourceState::Reconnecting { .. }) => {
                self.source(Source::Pods).is_some()
            }
            _ => false,
        };
        self.sources.iter().filter(stale).map(|row| row.since).min()
    }

    /// Returns why pods and replicas are no longer observed.
    pub fn stale_reason(&self) -> Option<&str> {
        let since = self.stale_since()?;
        let rows = self.sources.iter().filter(|row| row.since == since);
        rows.filter_map(|row| match &row.state {
            SourceState::Live => None,
            SourceState::Reconnecting { reason } | SourceState::Absent { reason } => Some(reason.as_str()),
        })
        .next()
    }

    /// Records that a source reported something.
    pub(super) fn source_reported(&mut self, source: Source, at: Timestamp) {
        self.source_row(source, at).last_report = Some(at);
    }

    fn source_row(&mut self, source: Source, at: Timestamp) -> &mut SourceRow {
        let place = self.sources.iter().position(|row| row.source == source).unwrap_or_else(|| {
            self.sources.push(SourceRow { source, state: SourceState::Live, since: at, last_report: None });
            self.sources.len() - 1
        });
        self.sources.get_mut(place).expect("the place was just found or made")
    }

    fn forget_status(&mut self, key: &PodKey) {
        let old = match self.in_play.iter().find(|row| row.pod.key == *key && row.gone.is_none()) {
            Some(row) => Some(&row.pod.status),
            None => self.others.get(key).map(|pod| &pod.status),
        };
        let Some(count) = old.and_then(|status| self.counts.get_mut(status)) else { return };
        *count -= 1;
        if *count == 0 {
            self.counts.retain(|_, count| *count > 0);
        }
    }
}

/// Ready replicas or endpoints over time: the ready number, and the desired number where it is known.
pub(super) type Readiness = History<(u32, Option<u32>)>;
