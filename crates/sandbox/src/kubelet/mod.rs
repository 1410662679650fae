//! Runs the pods: every container is a real process of this machine.
//!
//! The kubelet follows the pods in the store. Each pod that is bound to a node gets a task (`pod`), and each of its
//! containers another one (`container`), which starts the process of the built-in image, probes it, restarts it with an
//! increasing back-off, and stops it with its grace period when the pod is deleted. The results are written to the
//! pod's status and to Events, with the same texts as a real kubelet.
//!
//! **No process outlives the sandbox.** On a regular exit [`Kubelet::stop`] sends SIGTERM to all processes, waits for a
//! grace period and kills the remaining ones. For abnormal exits (even `kill -9`) see `forker`.
//!
//! **Start times.** A service takes as long to start as its manifest declares (`START_DELAY` and the initial delays of
//! its probes), as on any cluster; creating its container takes one more second, as on a node. Until the cluster has
//! been ready for the first time ([`Kubelet::enable_start_delays`]) there are no delays, so that the user need not wait.

mod back_off;
mod command;
mod container;
mod environment;
mod exec;
mod forker;
mod handle;
mod logs;
mod pod;
mod probe;
mod probes;
mod process;
mod status;

#[cfg(test)]
mod tests;

use super::{
    api::{LogLines, LogOptions},
    network::Network,
    recorder::EventRecorder,
    store::{Change, ChangeKind, Object, Resource, Selectors, Status, Store},
};
use forker::Forker;
use handle::ContainerHandle;
use pod::PodUpdate;
use std::{
    collections::HashMap,
    ffi::OsString,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

/// The start time of a container after the cluster has been ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartDelays {
    /// As declared in the manifest.
    #[default]
    AsDeclared,
    /// The given total time, whatever the manifest declares.
    Within(Duration),
}

/// The time to create a container, as on a node that already has its image.
const CREATION: Duration = Duration::from_secs(1);
/// The maximum initial delay of a probe before the cluster has been ready. A delay is needed because a new process does
/// not listen at once.
const FIRST_PROBE: Duration = Duration::from_secs(1);

/// The delays for one start of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContainerStart {
    /// The delay until the process is started.
    creation: Duration,
    /// The start delay of the process; `None` keeps the manifest's value.
    delay: Option<Duration>,
    /// The maximum initial delay of the probes.
    probes: Duration,
}

impl StartDelays {
    /// No delays: containers start as fast as the machine allows.
    pub const AT_ONCE: Self = Self::Within(Duration::ZERO);

    fn start(self, settled: bool) -> ContainerStart {
        match self {
            _ if !settled => {
                ContainerStart { creation: Duration::ZERO, delay: Some(Duration::ZERO), probes: FIRST_PROBE }
            }
            Self::AsDeclared => ContainerStart { creation: CREATION, delay: None, probes: Duration::MAX },
            Self::Within(all) => {
                let creation = CREATION.min(all);
                ContainerStart {
                    creation,
                    delay: Some(all.saturating_sub(creation)),
                    probes: FIRST_PROBE.max(all.saturating_sub(creation)),
                }
            }
        }
    }
}

/// A handle to the kubelet; clones share it.
#[derive(Debug, Clone)]
pub struct Kubelet {
    shared: Arc<KubeletState>,
    /// The grace period, set when all pods are to end.
    ending: Arc<watch::Sender<Option<Duration>>>,
}

/// The state shared by all pod tasks.
#[derive(Debug)]
struct KubeletState {
    store: Store,
    network: Network,
    recorder: EventRecorder,
    forker: Forker,
    program: Vec<OsString>,
    starting: StartDelays,
    has_been_ready: AtomicBool,
    containers: Mutex<HashMap<(String, String), Arc<ContainerHandle>>>,
}

impl KubeletState {
    /// Returns the delays for a container that starts now.
    fn start(&self) -> ContainerStart {
        self.starting.start(self.has_been_ready.load(Ordering::Relaxed))
    }

    fn register(&self, pod_uid: &str, container: &str, handle: Arc<ContainerHandle>) {
        self.containers().insert((pod_uid.to_owned(), container.to_owned()), handle);
    }

    fn forget(&self, pod_uid: &str) {
        self.containers().retain(|(known, _), _| known != pod_uid);
    }

    fn find(&self, pod_uid: &str, container: &str) -> Option<Arc<ContainerHandle>> {
        self.containers().get(&(pod_uid.to_owned(), container.to_owned())).cloned()
    }

    fn containers(&self) -> MutexGuard<'_, HashMap<(String, String), Arc<ContainerHandle>>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kubelet {
    /// Creates a kubelet that starts images by `program IMAGE` (`program`: this binary and `image`). It is inactive
    /// until [`Kubelet::run`].
    ///
    /// # Errors
    /// Fails when the thread that starts processes cannot be created.
    pub fn new(
        store: &Store,
        network: &Network,
        recorder: &EventRecorder,
        program: Vec<OsString>,
        starting: StartDelays,
    ) -> io::Result<Self> {
        let shared = KubeletState {
            store: store.clone(),
            network: network.clone(),
            recorder: recorder.of("kubelet"),
            forker: Forker::start()?,
            program,
            starting,
            has_been_ready: AtomicBool::new(false),
            containers: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), ending: Arc::new(watch::Sender::new(None)) })
    }

    /// Applies the start delays to all containers that start from now on.
    pub fn enable_start_delays(&self) {
        self.shared.has_been_ready.store(true, Ordering::Relaxed);
    }

    /// Follows the pods until [`Kubelet::stop`] is called; returns when all pods have ended.
    pub async fn run(self) {
        let store = &self.shared.store;
        let mut ending = self.ending.subscribe();
        let mut ticked = store.ticked();
        let mut pods =
            PodTasks { shared: Arc::clone(&self.shared), known: HashMap::new(), tasks: JoinSet::new() };
        let mut cursor = None;
        let grace = loop {
            if let Some(grace) = *ending.borrow_and_update() {
                break grace;
            }
            let changes = cursor.map(|cursor| store.changes_of(Resource::Pods, cursor, usize::MAX));
            if let Some(Ok(changes)) = changes {
                cursor = Some(changes.cursor);
                changes.changes.iter().for_each(|change| pods.follow(change));
            } else {
                let listing = store.list(Resource::Pods, None, &Selectors::default());
                cursor = Some(listing.version);
                pods.follow_all(listing.objects);
            }
            tokio::select! {
                Ok(()) = ticked.changed() => {}
                _ = ending.changed() => {}
                Some(_) = pods.tasks.join_next() => {}
            }
        };
        pods.end(grace).await;
    }

    /// Ends all pods: sends SIGTERM to their processes, waits up to `grace`, kills the remaining ones.
    pub fn stop(&self, grace: Duration) {
        self.ending.send_replace(Some(grace));
    }

    /// Kills a container's process with SIGKILL. Returns false when it is not running.
    pub fn kill(&self, pod: &Object, container: &str) -> bool {
        self.signal(pod, container, libc::SIGKILL)
    }

    /// Sends a signal to a container's process group. Returns false when it is not running.
    pub fn signal(&self, pod: &Object, container: &str, signal: i32) -> bool {
        self.shared.find(&pod.uid, container).is_some_and(|handle| handle.signal(signal))
    }

    /// Returns the environment of a container's process; `None` when it is not running.
    pub fn environment(&self, pod: &Object, container: &str) -> Option<Vec<(String, String)>> {
        let handle = self.shared.find(&pod.uid, container).filter(|handle| handle.is_running())?;
        Some(handle.environment())
    }

    /// Returns whether a container's process is running.
    pub fn is_running(&self, pod: &Object, container: &str) -> bool {
        self.shared.find(&pod.uid, container).is_some_and(|handle| handle.is_running())
    }

    /// Returns a container's log.
    ///
    /// # Errors
    /// Returns 400 when the container has not started, or has no previous run and that is requested.
    pub fn log(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<LogLines, Status> {
        let handle = self.shared.find(&pod.uid, container);
        let log = handle.and_then(|handle| handle.log(options.previous));
        let log = log.ok_or_else(|| {
            Status::bad_request(if options.previous {
                format!("previous terminated container \"{container}\" in pod \"{}\" not found", pod.name)
            } else {
                let why = status::why_waiting(&pod.value(), container);
                format!("container \"{container}\" in pod \"{}\" is waiting to start: {why}", pod.name)
            })
        })?;
        Ok(log.read(options))
    }
}

/// The pods that have a task, or that had one and are still in the store and so must not run again.
struct PodTasks {
    shared: Arc<KubeletState>,
    known: HashMap<String, watch::Sender<PodUpdate>>,
    tasks: JoinSet<()>,
}

impl PodTasks {
    fn follow(&mut self, change: &Change) {
        if change.kind != ChangeKind::Deleted {
            return self.update_pod(&change.object);
        }
        if let Some(news) = self.known.remove(&change.object.uid) {
            news.send_replace(PodUpdate::Gone { grace: Duration::ZERO });
        }
        self.shared.forget(&change.object.uid);
    }

    /// Synchronises with the complete list of pods, because the history does not reach back far enough.
    fn follow_all(&mut self, pods: Vec<Arc<Object>>) {
        let present: std::collections::HashSet<String> = pods.iter().map(|pod| pod.uid.clone()).collect();
        self.known.retain(|uid, news| {
            let stays = present.contains(uid);
            if !stays {
                news.send_replace(PodUpdate::Gone { grace: Duration::ZERO });
                self.shared.forget(uid);
            }
            stays
        });
        for pod in &pods {
            self.update_pod(pod);
        }
    }

    fn update_pod(&mut self, pod: &Arc<Object>) {
        if let Some(news) = self.known.get(&pod.uid) {
            news.send_replace(PodUpdate::Current(Arc::clone(pod)));
            return;
        }
        let finished = matches!(pod.field("status.phase"), "Succeeded" | "Failed");
        if pod.field("spec.nodeName").is_empty() || finished {
            return;
        }
        let (news, receiver) = watch::channel(PodUpdate::Current(Arc::clone(pod)));
        self.known.insert(pod.uid.clone(), news);
        self.tasks.spawn(pod::run(Arc::clone(&self.shared), Arc::clone(pod), receiver));
    }

    async fn end(mut self, grace: Duration) {
        for news in self.known.values() {
            news.send_replace(PodUpdate::Gone { grace });
        }
        while self.tasks.join_next().await.is_some() {}
    }
}
