//! Pods in play, with their identity before and after the kill.

use super::{LivenessMisses, RestartCountdown};
use crate::session::event::{LastEnd, Pod, Timestamp};

/// A pod in play.
#[derive(Clone, Debug, PartialEq)]
pub struct PodRow {
    /// The pod as last seen.
    pub pod: Pod,
    pub first_seen: Timestamp,
    /// Since when it has its present STATUS.
    pub status_since: Timestamp,
    /// Since when it is ready; `None` while it is not.
    pub ready_since: Option<Timestamp>,
    /// Since when it is not ready; `None` while it is.
    pub unready_since: Option<Timestamp>,
    pub gone: Option<Timestamp>,
    /// The pod that it replaced after T0.
    pub replaces: Option<String>,
    /// The number of its restarts at T0.
    pub restarts_at_t0: Option<u32>,
    /// When a restart of one of its containers was last seen.
    pub restarted: Option<Timestamp>,
    /// Its failures of the liveness probe in a row.
    pub misses: LivenessMisses,
}

/// How a pod relates to the pods before the kill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Existed before T0 and was not touched since, or nothing was fired yet.
    Same,
    /// The same pod, with this many container restarts since T0.
    Restarted(u32),
    /// A new pod that replaces another one.
    Replaces(String),
    Gone,
}

impl PodRow {
    pub(super) fn new(at: Timestamp, pod: Pod, replaces: Option<String>) -> Self {
        let is_ready = ready(&pod);
        Self {
            pod,
            first_seen: at,
            status_since: at,
            ready_since: is_ready.then_some(at),
            unready_since: (!is_ready).then_some(at),
            gone: None,
            replaces,
            restarts_at_t0: None,
            restarted: None,
            misses: LivenessMisses::default(),
        }
    }

    pub(super) fn changed(&mut self, at: Timestamp, pod: &Pod) {
        if pod.status != self.pod.status {
            self.status_since = at;
        }
        match (ready(pod), self.ready_since) {
            (true, None) => (self.ready_since, self.unready_since) = (Some(at), None),
            (false, Some(_)) => (self.ready_since, self.unready_since) = (None, Some(at)),
            _ => {}
        }
        if restarts(pod) > self.restarts() {
            self.misses = LivenessMisses::default();
            self.restarted = Some(at);
        }
        self.gone = None;
        self.pod = pod.clone();
    }

    /// Returns the number of ready containers and the number of all containers.
    pub fn ready(&self) -> (usize, usize) {
        (self.pod.containers.iter().filter(|container| container.ready).count(), self.pod.containers.len())
    }

    /// Returns the restarts of its containers, as `kubectl` counts them.
    pub fn restarts(&self) -> u32 {
        restarts(&self.pod)
    }

    /// Returns the number of container restarts since T0; 0 before T0, and for a pod created later.
    pub fn restarts_since_t0(&self) -> u32 {
        self.restarts_at_t0.map_or(0, |before| self.restarts().saturating_sub(before))
    }

    /// Returns how far the kubelet is from restarting it; `None` when its last liveness probe succeeded.
    pub fn misses_now(&self, now: Timestamp) -> Option<RestartCountdown> {
        self.pod.liveness.as_ref().and_then(|liveness| self.misses.countdown(now, liveness))
    }

    /// Returns how one of its containers last terminated.
    pub fn last_end(&self) -> Option<&LastEnd> {
        self.pod.containers.iter().find_map(|container| container.last_end.as_ref())
    }

    /// Returns how the pod relates to the pods before the kill.
    pub fn identity(&self) -> Identity {
        match (&self.gone, &self.replaces, self.restarts_at_t0) {
            (Some(_), ..) => Identity::Gone,
            (None, Some(old), _) => Identity::Replaces(old.clone()),
            (None, None, Some(before)) if self.restarts() > before => {
                Identity::Restarted(self.restarts() - before)
            }
            _ => Identity::Same,
        }
    }
}

/// Returns the pod that a new one replaces: of the same owner, terminating or gone since T0, not yet replaced.
pub(super) fn predecessor(rows: &[PodRow], pod: &Pod, t0: Timestamp) -> Option<String> {
    let leaving = |row: &&PodRow| {
        row.pod.owner.is_some()
            && row.pod.owner == pod.owner
            && row.pod.key.namespace == pod.key.namespace
            && (row.pod.deleting.is_some() || row.gone.is_some_and(|gone| gone >= t0))
    };
    let taken = |name: &str| rows.iter().any(|row| row.replaces.as_deref() == Some(name));
    rows.iter().filter(leaving).map(|row| &row.pod.key.name).find(|name| !taken(name)).cloned()
}

fn ready(pod: &Pod) -> bool {
    !pod.containers.is_empty()
        && pod.deleting.is_none()
        && pod.containers.iter().all(|container| container.ready)
}

fn restarts(pod: &Pod) -> u32 {
    pod.containers.iter().map(|container| container.restarts).fold(pod.init_restarts, u32::saturating_add)
}
