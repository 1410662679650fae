//! Runs one pod: its address, its containers, its status and its termination.

use super::{
    KubeletState,
    container::ContainerRunner,
    environment,
    handle::ContainerHandle,
    status::{self, ContainerState},
};
use crate::{
    network::PodAddress,
    store::{Deletion, Object, Resource},
};
use jiff::Timestamp;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep},
};

/// An update about a pod for its task.
#[derive(Debug, Clone)]
pub(super) enum PodUpdate {
    /// The current version of the pod.
    Current(Arc<Object>),
    /// The pod was removed from the store without waiting for its processes (a forced deletion), or the sandbox is
    /// ending.
    Gone {
        /// The grace period of the processes.
        grace: Duration,
    },
}

/// Runs a pod until it is deleted or has finished.
pub(super) async fn run(shared: Arc<KubeletState>, pod: Arc<Object>, mut news: watch::Receiver<PodUpdate>) {
    let Some(address) = join(&shared, &pod, &mut news).await else { return };
    if pod.value()["spec"]["initContainers"].as_array().is_some_and(|list| !list.is_empty()) {
        let message = "the sandbox does not run init containers; they are treated as completed";
        shared.recorder.warning(&pod, "InitContainersSkipped", message);
    }
    let mut life = PodLifecycle::begin(shared, pod, address);
    life.run_until_ended(&mut news).await;
    life.close();
}

/// Allocates an address for the pod; `None` when the pod is deleted before that succeeds.
async fn join(
    shared: &KubeletState,
    pod: &Object,
    news: &mut watch::Receiver<PodUpdate>,
) -> Option<PodAddress> {
    let containers = pod.value()["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let ports: Vec<u16> = containers.iter().flat_map(environment::ports).collect();
    loop {
        match shared.network.allocate_address(&pod.uid, &ports) {
            Ok(address) => {
                for (wanted, real) in address.replaced_ports() {
                    let message = format!(
                        "port {wanted} is in use by another program on this machine (a listener on 0.0.0.0?); the container listens on {real} instead, and Services forward to that port \
                         container is told to listen on {real} instead, and Services lead there"
                    );
                    shared.recorder.warning(pod, "PortTaken", &message);
                }
                return Some(address);
            }
            Err(error) => {
                let message = format!("Failed to create pod sandbox: {error}");
                shared.recorder.warning(pod, "FailedCreatePodSandBox", &message);
            }
        }
        tokio::select! {
            () = sleep(Duration::from_secs(2)) => {}
            _ = news.wait_for(|news| matches!(news, PodUpdate::Gone { .. }) || deadline(news).is_some()) => {
                confirm_deletion(shared, pod);
                return None;
            }
        }
    }
}

/// Returns the deadline by which the pod's processes must have ended, if the pod is being deleted.
fn deadline(news: &PodUpdate) -> Option<Instant> {
    let object = match news {
        PodUpdate::Gone { grace } => return Some(Instant::now() + *grace),
        PodUpdate::Current(object) => object,
    };
    let value = object.value();
    let at: Timestamp = value["metadata"]["deletionTimestamp"].as_str()?.parse().ok()?;
    // The timestamp has whole seconds: one second is added so that a grace period of one second is not lost by
    // rounding.
    let grace = Duration::from_secs(value["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(0));
    let left = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO);
    Some(Instant::now() + (left + Duration::from_secs(1)).min(grace))
}

/// Confirms to the store that the pod's processes have ended.
fn confirm_deletion(shared: &KubeletState, pod: &Object) {
    match shared.store.delete(Resource::Pods, &pod.namespace, &pod.name, &Deletion::now(&pod.uid)) {
        Err(status) if status.code != 404 && status.code != 409 => {
            tracing::warn!("pod {}: {status}", pod.name);
        }
        _ => {}
    }
}

struct PodLifecycle {
    shared: Arc<KubeletState>,
    pod: Arc<Object>,
    address: PodAddress,
    states: Vec<ContainerState>,
    reports: mpsc::Receiver<(usize, ContainerState)>,
    stop: watch::Sender<Option<Instant>>,
    /// Held so that the containers' tasks end with this one.
    _containers: JoinSet<()>,
}

impl PodLifecycle {
    fn begin(shared: Arc<KubeletState>, pod: Arc<Object>, address: PodAddress) -> Self {
        let (stop, stopped) = watch::channel(None);
        let (sender, reports) = mpsc::channel(16);
        let specs = pod.value()["spec"]["containers"].as_array().cloned().unwrap_or_default();
        let mut containers = JoinSet::new();
        for (place, spec) in specs.iter().enumerate() {
            let (handle, signals) = ContainerHandle::new();
            let handle = Arc::new(handle);
            let name = spec["name"].as_str().unwrap_or_default().to_owned();
            shared.register(&pod.uid, &name, Arc::clone(&handle));
            let runner = ContainerRunner {
                shared: Arc::clone(&shared),
                pod: Arc::clone(&pod),
                place,
                spec: spec.clone(),
                address: address.clone(),
                handle,
                stop: stopped.clone(),
                signals,
                reports: sender.clone(),
                state: ContainerState::creating(),
            };
            containers.spawn(runner.run());
        }
        let states = vec![ContainerState::creating(); specs.len()];
        Self { shared, pod, address, states, reports, stop, _containers: containers }
    }

    /// Follows the containers until all have ended.
    async fn run_until_ended(&mut self, news: &mut watch::Receiver<PodUpdate>) {
        self.publish();
        self.receive(&news.borrow_and_update().clone());
        loop {
            tokio::select! {
                biased;
                report = self.reports.recv() => match report {
                    Some((place, state)) => {
                        if let Some(known) = self.states.get_mut(place) {
                            *known = state;
                        }
                        self.publish();
                    }
                    // All container tasks have ended and all their reports have been received.
                    None => return,
                },
                Ok(()) = news.changed() => {
                    let latest = news.borrow_and_update().clone();
                    self.receive(&latest);
                }
            }
        }
    }

    fn receive(&mut self, news: &PodUpdate) {
        if let Some(deadline) = deadline(news) {
            self.stop.send_if_modified(|known| {
                let sooner = known.is_none_or(|known| deadline < known);
                if sooner {
                    *known = Some(deadline);
                }
                sooner
            });
        }
    }

    /// Writes the status, unless the pod has been replaced by another one of the same name.
    fn publish(&self) {
        let ip = self.address.ip().to_string();
        let written =
            self.shared.store.mutate(Resource::Pods, &self.pod.namespace, &self.pod.name, |known| {
                Ok(known.map(|mut pod: Value| {
                    if pod["metadata"]["uid"] == self.pod.uid.as_str() {
                        status::write(&mut pod, &ip, &self.states);
                    }
                    pod
                }))
            });
        if let Err(status) = written {
            tracing::warn!("status of pod {}: {status}", self.pod.name);
        }
    }

    /// Releases the pod's address. A pod that finished by itself is kept, so that it can be inspected; a pod that is
    /// being deleted is removed from the store.
    fn close(self) {
        self.shared.network.release_address(&self.pod.uid);
        if self.stop.borrow().is_some() {
            confirm_deletion(&self.shared, &self.pod);
        }
    }
}
