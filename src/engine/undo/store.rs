//! The undo kit of a session: saved before a fire, checked while one is awaited, put back when the operator asks.

use super::{
    files::{KitFiles, SavedEntry, WrittenKit},
    put_back::put_back,
};
use crate::{
    cluster::{Connection, Identity},
    engine::current_steps::CurrentSteps,
    experiment::{ProviderKind, Secrets},
    provider::{
        Providers,
        kit::{self, Manifest, SavedManifests},
    },
    runner::RunRequest,
    session::{
        Event, EventKind, Session,
        event::{Level, StepRef, Timestamp, UndoKit},
        stream::Emitter,
    },
};
use pyvalue::Map;
use std::{
    collections::{BTreeMap, BTreeSet},
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
    files: KitFiles,
    /// The level at which it reports that something could not be saved.
    level: Level,
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

    /// Returns every manifest with the steps that it belongs to, as it was before the first fire.
    fn entries(&self, t0: Option<Timestamp>) -> Vec<SavedEntry> {
        let entry = |(key, versions): (&Key, &Vec<(Timestamp, Connection, Manifest)>)| {
            let (_, connection, manifest) = unharmed(versions, t0)?;
            let of_step = self.steps.iter().filter(|(_, keys)| keys.contains(key));
            let steps = of_step.map(|(step, _)| *step).collect();
            Some(SavedEntry { steps, cluster: connection.reference(), manifest: manifest.clone() })
        };
        self.manifests.iter().filter_map(entry).collect()
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
    /// Creates an empty kit that is written to these files.
    pub(crate) fn new(
        providers: Option<Arc<Providers>>,
        emitter: Emitter,
        session: watch::Receiver<Session>,
        files: KitFiles,
    ) -> Self {
        Self { providers, emitter, files, level: Level::Warning, session, held: Arc::default() }
    }

    /// Reports only for developers what could not be saved, as fits the console of a headless run.
    pub(crate) fn quiet(self) -> Self {
        Self { level: Level::Debug, ..self }
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
                return self.log(self.level, format!("the undo kit could not be saved: {why}")).await;
            }
        };
        let (ended, t0) = (self.emitter.clock().now(), self.t0());
        if self.was_fired(step) && !self.with(|held| held.steps.contains_key(&step)) {
            let why = "fired before the target was saved: the undo kit cannot restore it";
            return self.log(self.level, why.to_owned()).await;
        }
        let manifests = self.with(|held| held.keep((step, ended), connection, &saved, t0));
        let file = match self.write(&connection.identity()).await {
            Ok(path) => path,
            Err(why) => {
                self.log(self.level, why).await;
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
        let cluster = self.with(|held| held.by_cluster(None).into_keys().next().cloned());
        if let Some(cluster) = cluster
            && let Err(why) = self.write(&cluster).await
        {
            self.log(self.level, why).await;
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
        put_back(manifests, &self.emitter).await;
    }

    /// Writes all files, synced. Returns the path of the list for `kubectl apply -f` with this cluster's manifests.
    async fn write(&self, cluster: &Identity) -> Result<Option<String>, String> {
        let t0 = self.t0();
        let (number, kit) = self.with(|held| {
            let clusters = held.by_cluster(t0);
            let number = clusters.keys().position(|other| *other == cluster).unwrap_or_default();
            let lists = clusters.into_values().map(|items| items.into_iter().cloned().collect()).collect();
            (number, WrittenKit { lists, entries: held.entries(t0) })
        });
        self.files.write(kit).await?;
        Ok(self.files.applicable(number).map(|path| path.display().to_string()))
    }

    /// Saves the objects of a step that is about to be fired without having been awaited, in a headless run.
    pub(crate) async fn save_before_fire(&self, step: StepRef, provider: &Map, secrets: &Secrets) {
        let Some(providers) = &self.providers else { return };
        let site = providers.cluster_of(ProviderKind::Python, provider, secrets).await;
        if let Some(connection) = site.connection() {
            self.save(step, provider, connection).await;
        }
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
