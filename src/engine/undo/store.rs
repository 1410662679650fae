//! The undo kit of a session: saved before a fire, checked while one is awaited, put back when the operator asks.

use crate::{
    cluster::{Connection, Identity},
    engine::current_steps::CurrentSteps,
    experiment::ProviderKind,
    provider::{
        Providers,
        kit::{self, Manifest, Restored, SavedManifests},
    },
    runner::RunRequest,
    session::{
        Event, EventKind, Session,
        event::{Level, StepRef, Timestamp, UndoKit, UndoResult},
        private_file,
        stream::Emitter,
    },
};
use pyvalue::Map;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::MissedTickBehavior,
};

/// How often the server is asked whether the kit could be put back, while a fire is awaited.
const CHECK: Duration = Duration::from_secs(10);

/// Versions of a manifest that are kept: the one before the fire, and those of saves that the fire overtook.
const VERSIONS: usize = 4;

/// A cluster, a kind, a namespace and a name.
type Key = (Identity, &'static str, String, String);

/// The kit; clones share what was saved.
#[derive(Clone)]
pub(crate) struct UndoStore {
    /// The providers, which choose the cluster of a step; `None` if nothing is saved.
    providers: Option<Arc<Providers>>,
    emitter: Emitter,
    /// The file that manifests are written to, if any.
    file: Option<PathBuf>,
    /// Shows what was fired, and when.
    session: watch::Receiver<Session>,
    held: Arc<Mutex<StoredManifests>>,
}

#[derive(Default)]
struct StoredManifests {
    /// The saved versions, oldest first, with the time at which each save had ended.
    manifests: BTreeMap<Key, Vec<(Timestamp, Connection, Manifest)>>,
    steps: BTreeMap<StepRef, Vec<Key>>,
}

impl StoredManifests {
    /// Keeps what was saved for a step, but replaces nothing once a step was fired. Returns the titles.
    fn keep(
        &mut self,
        (step, ended): (StepRef, Timestamp),
        connection: &Connection,
        saved: &SavedManifests,
        t0: Option<Timestamp>,
    ) -> Vec<String> {
        let mut keys = Vec::new();
        for manifest in &saved.manifests {
            let (kind, namespace) = (manifest.kind.word(), manifest.namespace.clone());
            let key = (connection.identity(), kind, namespace, manifest.name.clone());
            let versions = self.manifests.entry(key.clone()).or_default();
            if t0.is_none() || versions.is_empty() {
                versions.push((ended, connection.clone(), manifest.clone()));
                versions.drain(..versions.len().saturating_sub(VERSIONS));
            }
            keys.push(key);
        }
        let titles = saved.manifests.iter().map(Manifest::title).collect();
        self.steps.insert(step, keys);
        titles
    }

    /// Returns what the steps would hit, as it was before the first fire at `t0`.
    fn of(&self, steps: impl Iterator<Item = StepRef>, t0: Option<Timestamp>) -> Vec<(Connection, Manifest)> {
        let keys: Vec<&Key> = steps.filter_map(|step| self.steps.get(&step)).flatten().collect();
        let mut seen = BTreeSet::new();
        let keys = keys.into_iter().filter(|key| seen.insert((*key).clone()));
        let versions = keys.filter_map(|key| unharmed(self.manifests.get(key)?, t0));
        versions.map(|(_, connection, manifest)| (connection.clone(), manifest.clone())).collect()
    }

    /// Returns the manifests of each cluster, as `kubectl apply -f` takes them.
    fn by_cluster(&self, t0: Option<Timestamp>) -> BTreeMap<&Identity, Vec<&serde_json::Value>> {
        let mut clusters = BTreeMap::<_, Vec<_>>::new();
        for ((cluster, ..), versions) in &self.manifests {
            // A list for `kubectl apply` cannot express that an object is to be deleted.
            let body = unharmed(versions, t0).and_then(|(.., manifest)| manifest.body.as_ref());
            clusters.entry(cluster).or_default().extend(body);
        }
        clusters
    }
}

/// Returns the latest version whose save had ended before the first fire, since a save that was running then may have
/// read what was already harmed. Falls back to the first version.
fn unharmed<C, M>(versions: &[(Timestamp, C, M)], t0: Option<Timestamp>) -> Option<&(Timestamp, C, M)> {
    let before = versions.iter().rev().find(|(ended, ..)| t0.is_none_or(|t0| *ended <= t0));
    before.or_else(|| versions.first())
}

impl UndoStore {
    /// Creates an empty kit. With a recording, the manifests are written beside it.
    pub(crate) fn new(
        providers: Option<Arc<Providers>>,
        emitter: Emitter,
        session: watch::Receiver<Session>,
        recording: Option<&Path>,
    ) -> Self {
        let file = recording.map(|path| path.with_extension("undo.json"));
        Self { providers, emitter, file, session, held: Arc::default() }
    }

    /// Follows the session: saves for every destructive step at once, again when its fire is awaited, and asks the
    /// server whether the kit could be put back. A slow API server delays neither the other task nor this event loop.
    pub(crate) async fn follow(
        self,
        request: RunRequest,
        steps: Vec<StepRef>,
        mut events: mpsc::UnboundedReceiver<Arc<Event>>,
    ) {
        let mut played = CurrentSteps::new(request);
        // These tasks end with this function.
        let (mut saves, mut checks) = (JoinSet::new(), JoinSet::new());
        for step in steps {
            self.begin_to_save(&mut saves, &played, step);
        }
        let mut due = tokio::time::interval(CHECK);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut shown = self.session.clone();
        let (mut awaited, mut fired) = (None, false);
        loop {
            tokio::select! {
                event = events.recv() => match event.as_deref() {
                    None => return,
                    Some(Event { what: EventKind::StepAwaited { step, destructive }, .. }) => {
                        awaited = destructive.then_some(*step);
                        if let Some(step) = awaited {
                            self.begin_to_save(&mut saves, &played, step);
                        }
                    }
                    Some(Event { what: EventKind::ActivityStarted { .. } | EventKind::StepSkipped { .. }, .. }) => awaited = None,
                    Some(event) => {
                        if let Some(step) = played.handle(event) {
                            self.begin_to_save(&mut saves, &played, step);
                        }
                    }
                },
                // Read from the session's state, which misses no event.
                true = async { shown.wait_for(|session| session.t0().is_some()).await.is_ok() }, if !fired => {
                    fired = true;
                    self.rewrite().await;
                }
                Some(saved) = saves.join_next() => {
                    // What was saved for the awaited fire is checked at once.
                    if saved.is_ok_and(|step| Some(step) == awaited) {
                        due.reset_immediately();
                    }
                }
                Some(_) = checks.join_next() => {}
                _ = due.tick(), if awaited.is_some() && checks.is_empty() && saves.is_empty() => {
                    if let Some(step) = awaited {
                        checks.spawn(self.clone().check(step));
                    }
                }
            }
        }
    }

    fn begin_to_save(&self, saves: &mut JoinSet<StepRef>, played: &CurrentSteps, step: StepRef) {
        let (Some(providers), Some(provider)) = (self.providers.clone(), played.provider(step)) else {
            return;
        };
        let (kit, secrets) = (self.clone(), played.request.secrets.clone());
        saves.spawn(async move {
            // Only Python functions have manifests. A missing cluster is looked for again when the fire is awaited.
            let site = providers.cluster_of(ProviderKind::Python, &provider, &secrets).await;
            if let Some(connection) = site.connection() {
                kit.save(step, &provider, connection).await;
            }
            step
        });
    }

    async fn save(&self, step: StepRef, provider: &Map, connection: &Connection) {
        if self.was_fired(step) {
            return;
        }
        let saved = match kit::save(provider, connection).await {
            Ok(Some(saved)) if !saved.manifests.is_empty() => saved,
            // What does not exist cannot be lost, and the preflight reports that it does not exist.
            Ok(_) => return,
            Err(why) => {
                return self.log(Level::Warning, format!("the undo kit could not be saved: {why}")).await;
            }
        };
        let (ended, t0) = (self.emitter.clock().now(), self.t0());
        if self.was_fired(step) && !self.with(|held| held.steps.contains_key(&step)) {
            let why = "fired before the target was saved: the undo kit cannot restore it";
            return self.log(Level::Warning, why.to_owned()).await;
        }
        let manifests = self.with(|held| held.keep((step, ended), connection, &saved, t0));
        let file = match self.write(&connection.identity()).await {
            Ok(path) => path,
            Err(why) => {
                self.log(Level::Warning, why).await;
                None
            }
        };
        let SavedManifests { cost, needed, .. } = saved;
        self.emitter.emit(EventKind::KitSaved(UndoKit { step, manifests, cost, needed, file })).await;
    }

    async fn check(self, step: StepRef) {
        let t0 = self.t0();
        let mut manifests = self.with(|held| held.of(std::iter::once(step), t0));
        manifests.retain(|(_, manifest)| manifest.touched);
        if manifests.is_empty() {
            // Without manifests, there is nothing that could be put back.
            return;
        }
        let mut refused = None;
        for (connection, manifest) in manifests {
            if let Err(why) = kit::check(&connection, &manifest).await {
                refused = Some(format!("{}: {why}", manifest.title()));
            }
        }
        self.emitter.emit(EventKind::KitChecked { refused }).await;
    }

    /// Whether a step was fired. Read from the session's state, which does not wait for this kit.
    fn was_fired(&self, step: StepRef) -> bool {
        let session = self.session.borrow();
        session.fault.iter().flat_map(|fault| &fault.fires).any(|firing| firing.step == step)
    }

    /// The time of the first fire. Read from the session's state, which does not wait for this kit.
    fn t0(&self) -> Option<Timestamp> {
        self.session.borrow().t0()
    }

    /// Writes the files again after the first fire: a save that the fire overtook may have written what was harmed.
    async fn rewrite(&self) {
        let clusters: Vec<Identity> = self.with(|held| held.by_cluster(None).into_keys().cloned().collect());
        for cluster in clusters {
            if let Err(why) = self.write(&cluster).await {
                self.log(Level::Warning, why).await;
            }
        }
    }

    /// Puts back what the fired steps took away or changed.
    pub(crate) async fn restore(self) {
        if self.providers.is_none() {
            return;
        }
        let (fired, t0) = {
            let session = self.session.borrow();
            let fires = session.fault.iter().flat_map(|fault| &fault.fires);
            (fires.map(|firing| firing.step).collect::<BTreeSet<_>>(), session.t0())
        };
        let manifests = self.with(|held| held.of(fired.into_iter(), t0));
        self.emitter.emit(EventKind::UndoBegan).await;
        let mut undone = UndoResult::default();
        let clusters: BTreeSet<Identity> =
            manifests.iter().map(|(connection, _)| connection.identity()).collect();
        for (connection, manifest) in manifests {
            // Each manifest goes to the cluster that it was saved in.
            let place = match clusters.len() {
                0 | 1 => String::new(),
                _ => format!(" in context {}", connection.context()),
            };
            match kit::restore(&connection, &manifest).await {
                Ok(restored @ Restored::Untouched) => {
                    undone.untouched.push(restored.words(&manifest) + &place);
                }
                Ok(restored) => undone.restored.push(restored.words(&manifest) + &place),
                Err(why) if !manifest.touched => {
                    let why = format!("{}{place}, which the step leaves alone: {why}", manifest.title());
                    self.log(Level::Info, why).await;
                }
                Err(why) => undone.failed.push(format!("{}{place}: {why}", manifest.title())),
            }
        }
        self.emitter.emit(EventKind::UndoDone(undone)).await;
    }

    /// Writes the manifests of a cluster as one list for `kubectl apply -f`, readable by its owner alone. Each further
    /// cluster has a file of its own.
    async fn write(&self, cluster: &Identity) -> Result<Option<String>, String> {
        let Some(path) = &self.file else { return Ok(None) };
        let t0 = self.t0();
        let (number, list) = self.with(|held| {
            let clusters = held.by_cluster(t0);
            let number = clusters.keys().position(|other| *other == cluster).unwrap_or_default();
            let items = clusters.get(cluster).cloned().unwrap_or_default();
            (number, serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}))
        });
        let path = match number {
            0 => path.clone(),
            number => path.with_extension(format!("{}.json", number + 1)),
        };
        let (shown, list) = (path.display().to_string(), format!("{list:#}\n"));
        // On a blocking thread, because a disk may hang.
        let written = tokio::task::spawn_blocking(move || {
            private_file::create_private(&path).and_then(|mut file| file.write_all(list.as_bytes()))
        });
        let written = written.await.map_err(io::Error::other).flatten();
        written.map_err(|error| format!("the undo kit cannot be written to {shown}: {error}"))?;
        Ok(Some(shown))
    }

    async fn log(&self, level: Level, message: String) {
        self.emitter.emit(EventKind::Logged { level, target: "undo".to_owned(), message }).await;
    }

    fn with<T>(&self, change: impl FnOnce(&mut StoredManifests) -> T) -> T {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod outcome_tests;
#[cfg(test)]
#[path = "kit_tests.rs"]
mod tests;
