//! Waits until a workload is fully available, or is not fully available (kubernetes-catalog 2.4, "WATCH").
//!
//! Deliberate deviations: the timeout is a deadline, not the longest silence; absent counts are 0; a deleted workload
//! has no ready replica.

use super::{failure::Failure, invocation::Invocation, kind::Kind, objects::missing};
use futures_util::TryStreamExt;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use kube::{
    Api, ResourceExt,
    api::{ListParams, WatchEvent, WatchParams},
};
use std::{pin::pin, time::Duration};
use tokio::time::Instant;

/// The numbers of ready and of wanted replicas of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) ready: i32,
    pub(super) wanted: i32,
}

/// A kind of workload with replica counts.
pub(super) trait Workload: Kind {
    /// The replica counts; an absent count is 0.
    fn counts(&self) -> Counts;
}

impl Workload for Deployment {
    fn counts(&self) -> Counts {
        let ready = self.status.as_ref().and_then(|status| status.ready_replicas);
        let wanted = self.spec.as_ref().and_then(|spec| spec.replicas);
        Counts { ready: ready.unwrap_or(0), wanted: wanted.unwrap_or(0) }
    }
}

impl Workload for StatefulSet {
    fn counts(&self) -> Counts {
        let ready = self.status.as_ref().and_then(|status| status.ready_replicas);
        let wanted = self.spec.as_ref().and_then(|spec| spec.replicas);
        Counts { ready: ready.unwrap_or(0), wanted: wanted.unwrap_or(0) }
    }
}

impl Workload for DaemonSet {
    fn counts(&self) -> Counts {
        let status = self.status.as_ref();
        Counts {
            ready: status.map_or(0, |status| status.number_ready),
            wanted: status.map_or(0, |status| status.desired_number_scheduled),
        }
    }
}

/// The state to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadinessGoal {
    /// All wanted replicas are ready.
    Full,
    /// Not all wanted replicas are ready.
    NotFull,
}

impl ReadinessGoal {
    fn reached(self, counts: Counts) -> bool {
        (counts.ready == counts.wanted) == (self == Self::Full)
    }
}

/// The pause before a watch that the server ended is restarted.
const AGAIN: Duration = Duration::from_millis(200);

/// Watches the workload called `name` (restricted further by `selector`). Returns `None` when the goal is reached, else
/// the reason why not.
pub(super) async fn wait<K: Workload>(
    call: &Invocation<'_>,
    name: &str,
    selector: ListParams,
    until: ReadinessGoal,
) -> Result<Option<String>, Failure> {
    let timeout = u64::try_from(call.whole("timeout", 30)?).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(timeout);
    let mut watched = Watched { call, api: K::api(call)?, selector, until, connected: false, seen: None };
    if let Ok(reached) = tokio::time::timeout_at(deadline, watched.run()).await {
        reached.map(|()| None)
    } else {
        let goal = match until {
            ReadinessGoal::Full => "recover",
            ReadinessGoal::NotFull => "stop running",
        };
        let kind = K::kind_name();
        Ok(Some(match watched.seen {
            Some(Counts { ready, wanted }) => {
                format!("{kind} {name} failed to {goal} within {timeout} s: {ready} of {wanted} ready")
            }
            // Another request would only wait for the same server.
            None if !watched.connected => {
                format!("{kind} {name} failed to {goal} within {timeout} s: the API server did not answer")
            }
            None => {
                format!("{kind} {name} failed to {goal} within {timeout} s: {}", missing::<K>(call).await?)
            }
        }))
    }
}

struct Watched<'a, K> {
    call: &'a Invocation<'a>,
    api: Api<K>,
    selector: ListParams,
    until: ReadinessGoal,
    /// Whether a watch was ever answered.
    connected: bool,
    seen: Option<Counts>,
}

impl<K: Workload> Watched<'_, K> {
    /// Completes when the goal is reached. The first connection must succeed; a connection that breaks later is
    /// restored.
    async fn run(&mut self) -> Result<(), Failure> {
        let params = WatchParams {
            label_selector: self.selector.label_selector.clone(),
            field_selector: self.selector.field_selector.clone(),
            ..WatchParams::default()
        };
        let mut version = String::new();
        loop {
            match self.follow(&params, &mut version).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(kube::Error::Api(status)) if status.code == 410 => version.clear(),
                Err(error @ kube::Error::Api(_)) => return Err(error.into()),
                Err(error) if !self.connected => return Err(error.into()),
                Err(error) => tracing::debug!("watch of {} broke: {error}", K::kind_name()),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Processes one watch until it ends; returns true when the goal is reached.
    async fn follow(&mut self, params: &WatchParams, version: &mut String) -> Result<bool, kube::Error> {
        let mut events = pin!(self.api.watch(params, version).await?);
        self.connected = true;
        while let Some(event) = events.try_next().await? {
            let (object, deleted) = match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
                WatchEvent::Deleted(object) => (object, true),
                WatchEvent::Bookmark(bookmark) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            };
            *version = object.resource_version().unwrap_or_default();
            let counts = object.counts();
            let counts = if deleted { Counts { ready: 0, ..counts } } else { counts };
            if self.seen.replace(counts) != Some(counts) {
                (self.call.progress)(format!("ready {}/{}", counts.ready, counts.wanted));
            }
            let reached =
                if deleted { self.until == ReadinessGoal::NotFull } else { self.until.reached(counts) };
            if reached {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
