//! Decides which logs are read, and when a log is read again.

use super::read::read;
use crate::{
    cluster::Connection,
    session::{
        Event,
        event::{Container, EventKind, LogSource, Pod, PodKey, TargetCard, object_has_name},
        stream::Emitter,
    },
};
use k8s_openapi::api::core::v1;
use kube::{Api, Client};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// The maximum number of pods whose logs are followed at once; the one followed longest is dropped first.
const PODS: usize = 8;
/// The maximum number of containers read of a pod.
const CONTAINERS: usize = 4;
/// The maximum number of pods of a target card that are read without a request.
const VICTIMS: usize = 4;

/// Removes secrets from a text.
pub type Redact = Arc<dyn Fn(String) -> String + Send + Sync>;

/// Follows logs of pods in play until `stop` is cancelled: of those requested, and of those on a target card.
pub async fn watch(
    connection: Connection,
    emitter: Emitter,
    redact: Redact,
    mut asked: mpsc::Receiver<PodKey>,
    mut tap: mpsc::Receiver<Arc<Event>>,
    stop: CancellationToken,
) {
    // Without a client the watch of the pods reports the reason.
    let Ok(client) = connection.client() else { return };
    let mut readers = LogReaders {
        client,
        emitter,
        redact,
        known: HashMap::new(),
        followed: Vec::new(),
        tasks: JoinSet::new(),
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(key) = asked.recv() => readers.follow(&key.uid),
            Some(_) = readers.tasks.join_next() => {}
            event = tap.recv() => match event {
                Some(event) => readers.handle(&event.what),
                None => return,
            },
        }
    }
}

struct LogReaders {
    client: Client,
    emitter: Emitter,
    redact: Redact,
    /// Pods in play, by UID.
    known: HashMap<String, Pod>,
    /// Pods whose logs are read, in the order of the requests.
    followed: Vec<Followed>,
    tasks: JoinSet<()>,
}

struct Followed {
    uid: String,
    containers: HashMap<String, LogReader>,
}

/// A container whose log is read.
struct LogReader {
    restarts: u32,
    task: AbortHandle,
    /// Whether the last attempt failed, for example because the container had not started.
    failed: Arc<AtomicBool>,
}

impl LogReaders {
    fn handle(&mut self, what: &EventKind) {
        match what {
            EventKind::PodSeen(pod) if pod.in_play => {
                self.known.insert(pod.key.uid.clone(), pod.clone());
                if self.followed.iter().any(|followed| followed.uid == pod.key.uid) {
                    self.read(&pod.key.uid);
                }
            }
            EventKind::PodGone(key) => {
                self.known.remove(&key.uid);
            }
            EventKind::Targeted(card) => {
                for uid in self.victims(card) {
                    self.follow(&uid);
                }
            }
            _ => {}
        }
    }

    /// The pods that a target card names.
    fn victims(&self, card: &TargetCard) -> Vec<String> {
        let named = |pod: &&Pod| card.objects.iter().any(|object| object_has_name(object, &pod.key.name));
        self.known.values().filter(named).take(VICTIMS).map(|pod| pod.key.uid.clone()).collect()
    }

    fn follow(&mut self, uid: &str) {
        if !self.followed.iter().any(|followed| followed.uid == uid) {
            if self.followed.len() == PODS {
                let first = self.followed.remove(0);
                first.containers.values().for_each(|reading| reading.task.abort());
            }
            self.followed.push(Followed { uid: uid.to_owned(), containers: HashMap::new() });
        }
        self.read(uid);
    }

    /// Starts to read the containers that are not read yet, and those that restarted or whose last attempt failed.
    fn read(&mut self, uid: &str) {
        let Some(pod) = self.known.get(uid) else { return };
        let Some(followed) = self.followed.iter_mut().find(|followed| followed.uid == uid) else { return };
        for container in pod.containers.iter().take(CONTAINERS) {
            let known = followed.containers.get(&container.name);
            let restarted = known.map_or(container.restarts > 0, |known| known.restarts < container.restarts);
            let again = known.is_none_or(|known| {
                restarted
                    || (known.task.is_finished()
                        && known.failed.load(Ordering::Relaxed)
                        && started(container))
            });
            if !again {
                continue;
            }
            if let Some(known) = known {
                known.task.abort();
            }
            let api: Api<v1::Pod> = Api::namespaced(self.client.clone(), &pod.key.namespace);
            let source =
                |previous| LogSource { pod: pod.key.clone(), container: container.name.clone(), previous };
            let (before, now) = (restarted.then(|| source(true)), source(false));
            let (emitter, redact, failed) =
                (self.emitter.clone(), self.redact.clone(), Arc::new(AtomicBool::new(false)));
            let failure = failed.clone();
            let task = self.tasks.spawn(async move {
                if let Some(before) = before {
                    read(api.clone(), before, emitter.clone(), redact.clone()).await;
                }
                let well = read(api, now, emitter, redact).await;
                failure.store(!well, Ordering::Relaxed);
            });
            followed
                .containers
                .insert(container.name.clone(), LogReader { restarts: container.restarts, task, failed });
        }
    }
}

/// Whether the container has, or had, a process with a log.
fn started(container: &Container) -> bool {
    container.waiting.is_none() || container.last_end.is_some()
}
