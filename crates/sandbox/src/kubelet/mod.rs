//! Runs the pods: every container is a real process of this machine.
//!
//! The kubelet follows the pods in the store. Each pod that is bound to a node gets a task (`pod`), each of its
//! containers another one (`container`), which starts the process of the built-in image, probes it, restarts it with
//! a growing back-off, and stops it with its grace period when the pod goes. What happens is told in the pod's status
//! and in Events, in the words of a real kubelet.
//!
//! **Nothing outlives the sandbox.** In order: [`Kubelet::stop`] asks all processes to end, waits a grace period and
//! kills what is left. In disorder (even `kill -9`): see `forker`.
//!
//! **Starting.** A service takes as long as its manifest says (`START_DELAY`, and its probes' initial delays), as on any
//! cluster; making its container takes a second more, as on a node. Nobody wants to wait for that before there is anything
//! to see: until the cluster has been ready for the first time ([`Kubelet::settle`]) everything starts at once.

mod applets;
mod back_off;
mod container;
mod environment;
mod forker;
mod handle;
mod logs;
mod pod;
mod probe;
mod process;
mod status;

#[cfg(test)]
mod tests;

use super::api::{LogLines, LogOptions};
use super::network::Network;
use super::recorder::EventRecorder;
use super::store::{Change, ChangeKind, Object, Resource, Selectors, Status, Store};
use forker::Forker;
use handle::ContainerHandle;
use pod::PodUpdate;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a container takes to start, once the cluster has been ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartDelays {
    /// As its manifest says.
    #[default]
    AsDeclared,
    /// So long in all, whatever its manifest says.
    Within(Duration),
}

/// What making a container takes, as on a node that has its image.
const CREATION: Duration = Duration::from_secs(1);
/// The longest initial delay of a probe until the cluster has been ready: a process is not there in its first moment.
const FIRST_PROBE: Duration = Duration::from_secs(1);

/// How one container starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContainerStart {
    /// Until its process is there.
    creation: Duration,
    /// What its process is told to take; as its manifest says if none.
    delay: Option<Duration>,
    /// The longest initial delay of its probes.
    probes: Duration,
}

impl StartDelays {
    /// As fast as this machine can.
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
                    delay: Some(all - creation),
                    probes: FIRST_PROBE.max(all - creation),
                }
            }
        }
    }
}

/// The handle to the kubelet; clones share it.
#[derive(Debug, Clone)]
pub struct Kubelet {
    shared: Arc<KubeletState>,
    /// Set when everything shall end, with the grace to give.
    ending: Arc<watch::Sender<Option<Duration>>>,
}

/// What every pod's task needs.
#[derive(Debug)]
struct KubeletState {
    store: Store,
    network: Network,
    recorder: EventRecorder,
    forker: Forker,
    program: Vec<OsString>,
    starting: StartDelays,
    settled: AtomicBool,
    containers: Mutex<HashMap<(String, String), Arc<ContainerHandle>>>,
}

impl KubeletState {
    /// How a container starts that is started now.
    fn start(&self) -> ContainerStart {
        self.starting.start(self.settled.load(Ordering::Relaxed))
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
    /// A kubelet that starts images by `program IMAGE` (the words before the image's name: this binary and `image`).
    /// It does nothing until [`Kubelet::run`].
    ///
    /// # Errors
    /// When the thread that starts processes cannot be made.
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
            settled: AtomicBool::new(false),
            containers: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), ending: Arc::new(watch::Sender::new(None)) })
    }

    /// From now on containers take their time to start.
    pub fn settle(&self) {
        self.shared.settled.store(true, Ordering::Relaxed);
    }

    /// Follows the pods until [`Kubelet::stop`]; then all of them have ended.
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

    /// Ends all pods: asks their processes, waits up to `grace`, kills what is left.
    pub fn stop(&self, grace: Duration) {
        self.ending.send_replace(Some(grace));
    }

    /// Kills a container's process as an outsider would. False when none runs.
    pub fn kill(&self, pod: &Object, container: &str) -> bool {
        self.signal(pod, container, libc::SIGKILL)
    }

    /// Signals a container's process group as an outsider would. False when none runs.
    pub fn signal(&self, pod: &Object, container: &str, signal: i32) -> bool {
        self.shared.find(&pod.uid, container).is_some_and(|handle| handle.signal(signal))
    }

    /// What a container's process was told by its environment; none when it does not run.
    pub fn environment(&self, pod: &Object, container: &str) -> Option<Vec<(String, String)>> {
        let handle = self.shared.find(&pod.uid, container).filter(|handle| handle.is_running())?;
        Some(handle.environment())
    }

    /// Whether a container's process runs.
    pub fn is_running(&self, pod: &Object, container: &str) -> bool {
        self.shared.find(&pod.uid, container).is_some_and(|handle| handle.is_running())
    }

    /// A container's log.
    ///
    /// # Errors
    /// 400 when it has not started, or had no run before and that one is asked for.
    pub fn log(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<LogLines, Status> {
        let handle = self.shared.find(&pod.uid, container);
        let log = handle.and_then(|handle| handle.log(options.previous));
        let log = log.ok_or_else(|| {
            let (name, pod) = (container, &pod.name);
            Status::bad_request(match options.previous {
                true => format!("previous terminated container \"{name}\" in pod \"{pod}\" not found"),
                false => {
                    format!("container \"{name}\" in pod \"{pod}\" is waiting to start: ContainerCreating")
                }
            })
        })?;
        Ok(log.read(options))
    }
}

/// The pods that have a task, or had one and are still in the store: those must not run a second time.
struct PodTasks {
    shared: Arc<KubeletState>,
    known: HashMap<String, watch::Sender<PodUpdate>>,
    tasks: JoinSet<()>,
}

impl PodTasks {
    fn follow(&mut self, change: &Change) {
        if change.kind != ChangeKind::Deleted {
            return self.see(&change.object);
        }
        if let Some(news) = self.known.remove(&change.object.uid) {
            news.send_replace(PodUpdate::Gone { grace: Duration::ZERO });
        }
        self.shared.forget(&change.object.uid);
    }

    /// Takes the pods that are there for all that are: the history does not reach back far enough.
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
        pods.iter().for_each(|pod| self.see(pod));
    }

    fn see(&mut self, pod: &Arc<Object>) {
        if let Some(news) = self.known.get(&pod.uid) {
            news.send_replace(PodUpdate::Is(Arc::clone(pod)));
            return;
        }
        let finished = matches!(pod.field("status.phase"), "Succeeded" | "Failed");
        if pod.field("spec.nodeName").is_empty() || finished {
            return;
        }
        let (news, hear) = watch::channel(PodUpdate::Is(Arc::clone(pod)));
        self.known.insert(pod.uid.clone(), news);
        self.tasks.spawn(pod::run(Arc::clone(&self.shared), Arc::clone(pod), hear));
    }

    async fn end(mut self, grace: Duration) {
        for news in self.known.values() {
            news.send_replace(PodUpdate::Gone { grace });
        }
        while self.tasks.join_next().await.is_some() {}
    }
}
