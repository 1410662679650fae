//! The undo kit of a session: saved before a fire, checked while one is awaited, put back when somebody asks.

use super::played::Played;
use crate::{
    cluster::{Connection, Identity},
    experiment::ProviderKind,
    provider::{
        Providers,
        kit::{self, Manifest, Restored, Saved},
    },
    runner::Request,
    session::{
        Event, What,
        event::{Level, StepRef, UndoKit, Undone},
        stream::Emitter,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::MissedTickBehavior};

/// How often the server is asked whether the kit could be put back, while a fire is awaited.
const CHECK: Duration = Duration::from_secs(10);

/// A cluster, a kind, a namespace and a name.
type Key = (Identity, &'static str, String, String);

/// The kit; clones share what was saved.
#[derive(Clone)]
pub struct Kit {
    /// They choose the cluster of a step; none where nothing is saved.
    providers: Option<Arc<Providers>>,
    emitter: Emitter,
    /// Where manifests are written, if anywhere.
    file: Option<PathBuf>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    manifests: BTreeMap<Key, (Connection, Manifest)>,
    steps: BTreeMap<StepRef, Vec<Key>>,
    fired: BTreeSet<StepRef>,
}

impl Held {
    /// Keeps what was saved for a step. Once something was fired, what is held already stays as it was before.
    fn keep(&mut self, step: StepRef, connection: &Connection, saved: &Saved) -> Vec<String> {
        let begun = !self.fired.is_empty();
        let mut keys = Vec::new();
        for manifest in &saved.manifests {
            let (kind, namespace) = (manifest.kind.word(), manifest.namespace.clone());
            let key = (connection.identity(), kind, namespace, manifest.name.clone());
            if !begun || !self.manifests.contains_key(&key) {
                self.manifests.insert(key.clone(), (connection.clone(), manifest.clone()));
            }
            keys.push(key);
        }
        let titles = saved.manifests.iter().map(Manifest::title).collect();
        self.steps.insert(step, keys);
        titles
    }

    fn of(&self, steps: impl Iterator<Item = StepRef>) -> Vec<(Connection, Manifest)> {
        let keys: Vec<&Key> = steps.filter_map(|step| self.steps.get(&step)).flatten().collect();
        let mut seen = BTreeSet::new();
        let keys = keys.into_iter().filter(|key| seen.insert((*key).clone()));
        keys.filter_map(|key| self.manifests.get(key)).cloned().collect()
    }

    /// Of each cluster what `kubectl apply -f` takes.
    fn by_cluster(&self) -> BTreeMap<&Identity, Vec<&serde_json::Value>> {
        let mut clusters = BTreeMap::<_, Vec<_>>::new();
        for ((cluster, ..), (_, manifest)) in &self.manifests {
            clusters.entry(cluster).or_default().push(&manifest.body);
        }
        clusters
    }
}

impl Kit {
    /// An empty kit. With a recording the manifests are written beside it.
    pub fn new(providers: Option<Arc<Providers>>, emitter: Emitter, recording: Option<&Path>) -> Self {
        let file = recording.map(|path| path.with_extension("undo.json"));
        Self { providers, emitter, file, held: Arc::default() }
    }

    /// Follows the session: saves for every destructive step at once, anew when its fire is awaited, and asks the server
    /// whether it could be put back.
    pub async fn follow(self, request: Request, steps: Vec<StepRef>, mut tap: mpsc::Receiver<Arc<Event>>) {
        let mut played = Played::new(request);
        for step in steps {
            self.save(&played, step).await;
        }
        let mut checks = tokio::time::interval(CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut awaited = None;
        loop {
            tokio::select! {
                event = tap.recv() => match event.as_deref() {
                    None => return,
                    Some(Event { what: What::StepAwaited { step, destructive }, .. }) => {
                        awaited = destructive.then_some(*step);
                        if let Some(step) = awaited {
                            self.save(&played, step).await;
                            checks.reset_immediately();
                        }
                    }
                    Some(Event { what: What::FaultFired { step, .. }, .. }) => {
                        self.with(|held| held.fired.insert(*step));
                        awaited = None;
                    }
                    Some(Event { what: What::ActivityStarted { .. } | What::StepSkipped { .. }, .. }) => awaited = None,
                    Some(event) => {
                        if let Some(step) = played.hear(event) {
                            self.save(&played, step).await;
                        }
                    }
                },
                _ = checks.tick(), if awaited.is_some() => {
                    if let Some(step) = awaited {
                        self.check(step).await;
                    }
                }
            }
        }
    }

    async fn save(&self, played: &Played, step: StepRef) {
        let (Some(providers), Some(provider)) = (&self.providers, played.provider(step)) else { return };
        // Manifests are kept of what functions do. One whose cluster is not there yet is saved when its fire is awaited.
        let site = providers.site(ProviderKind::Python, &provider, &played.request.secrets).await;
        let Some(connection) = site.connection() else { return };
        let saved = match kit::save(&provider, connection).await {
            Ok(Some(saved)) if !saved.manifests.is_empty() => saved,
            // What is not there cannot be lost, and the preflight tells that it is not.
            Ok(_) => return,
            Err(why) => {
                return self.say(Level::Warning, format!("the undo kit could not be filled: {why}")).await;
            }
        };
        let manifests = self.with(|held| held.keep(step, connection, &saved));
        let file = match self.write(&connection.identity()) {
            Ok(path) => path,
            Err(why) => {
                self.say(Level::Warning, why).await;
                None
            }
        };
        let Saved { cost, needed, .. } = saved;
        self.emitter.emit(What::KitSaved(UndoKit { step, manifests, cost, needed, file })).await;
    }

    async fn check(&self, step: StepRef) {
        let mut refused = None;
        for (connection, manifest) in self.with(|held| held.of(std::iter::once(step))) {
            if let Err(why) = kit::check(&connection, &manifest).await {
                refused = Some(format!("{}: {why}", manifest.title()));
            }
        }
        self.emitter.emit(What::KitChecked { refused }).await;
    }

    /// Puts back what the fired steps took away or changed.
    pub async fn restore(self) {
        if self.providers.is_none() {
            return;
        }
        let manifests = self.with(|held| held.of(held.fired.iter().copied()));
        self.emitter.emit(What::UndoBegan).await;
        let mut undone = Undone::default();
        let clusters: BTreeSet<Identity> =
            manifests.iter().map(|(connection, _)| connection.identity()).collect();
        for (connection, manifest) in manifests {
            // Each in the cluster that it was saved in.
            let place = match clusters.len() {
                0 | 1 => String::new(),
                _ => format!(" in context {}", connection.context()),
            };
            match kit::restore(&connection, &manifest).await {
                Ok(restored @ Restored::Untouched) => {
                    undone.untouched.push(restored.words(&manifest) + &place);
                }
                Ok(restored) => undone.restored.push(restored.words(&manifest) + &place),
                Err(why) => undone.failed.push(format!("{}{place}: {why}", manifest.title())),
            }
        }
        self.emitter.emit(What::UndoDone(undone)).await;
    }

    /// Writes the manifests of a cluster as one list that `kubectl apply -f` takes, readable by its owner alone. Each further
    /// cluster has a file of its own.
    fn write(&self, cluster: &Identity) -> Result<Option<String>, String> {
        let Some(path) = &self.file else { return Ok(None) };
        let (number, list) = self.with(|held| {
            let clusters = held.by_cluster();
            let number = clusters.keys().position(|other| *other == cluster).unwrap_or_default();
            let items = clusters.get(cluster).cloned().unwrap_or_default();
            (number, serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}))
        });
        let path = match number {
            0 => path.clone(),
            number => path.with_extension(format!("{}.json", number + 1)),
        };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written =
            options.open(&path).and_then(|mut file| file.write_all(format!("{list:#}\n").as_bytes()));
        let shown = path.display().to_string();
        written.map_err(|error| format!("the undo kit cannot be written to {shown}: {error}"))?;
        Ok(Some(shown))
    }

    async fn say(&self, level: Level, message: String) {
        self.emitter.emit(What::Logged { level, target: "undo".to_owned(), message }).await;
    }

    fn with<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{provider::kit::Kept, session::event::Section};
    use serde_json::json;

    fn saved(name: &str, replicas: u32) -> Saved {
        let manifest = Manifest {
            kind: Kept::Deployment,
            namespace: "default".to_owned(),
            name: name.to_owned(),
            body: json!({"spec": {"replicas": replicas}}),
        };
        Saved { manifests: vec![manifest], cost: String::new(), needed: true }
    }

    fn cluster(context: &str) -> Connection {
        let config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        Connection::over(kube::Client::try_from(config).unwrap(), context)
    }

    #[tokio::test]
    async fn what_is_called_the_same_in_two_clusters_is_kept_of_both() {
        let step = |index| StepRef { section: Section::Method, index };
        let mut held = Held::default();
        held.keep(step(0), &cluster("here"), &saved("a", 1));
        held.keep(step(1), &cluster("there"), &saved("a", 2));
        let kept = held.of([step(0), step(1)].into_iter());
        let kept: Vec<_> = kept
            .iter()
            .map(|(at, it)| (at.context(), it.body["spec"]["replicas"].as_u64().unwrap()))
            .collect();
        assert_eq!(kept, [("here", 1), ("there", 2)]);
        assert_eq!(held.by_cluster().len(), 2, "no file mixes clusters");
    }

    #[tokio::test]
    async fn what_was_saved_before_the_fire_is_never_saved_over() {
        let step = |index| StepRef { section: Section::Method, index };
        let mut held = Held::default();
        let here = cluster("here");
        held.keep(step(0), &here, &saved("a", 1));
        assert_eq!(held.keep(step(0), &here, &saved("a", 2)), ["Deployment a"]);
        held.fired.insert(step(0));
        // The same object, now harmed, and another one that a later step would hit.
        held.keep(step(1), &here, &saved("a", 0));
        held.keep(step(2), &here, &saved("b", 3));
        let bodies = |steps: &[usize]| -> Vec<u64> {
            let kept = held.of(steps.iter().copied().map(step));
            kept.iter().map(|(_, it)| it.body["spec"]["replicas"].as_u64().unwrap()).collect()
        };
        assert_eq!((bodies(&[0]), bodies(&[0, 1]), bodies(&[1, 2])), (vec![2], vec![2], vec![2, 3]));
    }
}
