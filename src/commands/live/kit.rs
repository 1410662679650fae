//! The undo kit of a session: saved before a fire, checked while one is awaited, put back when somebody asks.

use super::played::Played;
use crate::{
    cluster::Connection,
    provider::kit::{self, Manifest, Restored, Saved},
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

/// A kind, a namespace and a name.
type Key = (&'static str, String, String);

/// The kit; clones share what was saved.
#[derive(Clone)]
pub struct Kit {
    connection: Option<Connection>,
    emitter: Emitter,
    /// Where manifests are written, if anywhere.
    file: Option<PathBuf>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    manifests: BTreeMap<Key, Manifest>,
    steps: BTreeMap<StepRef, Vec<Key>>,
    fired: BTreeSet<StepRef>,
}

impl Held {
    /// Keeps what was saved for a step. Once something was fired, what is held already stays as it was before.
    fn keep(&mut self, step: StepRef, saved: &Saved) -> Vec<String> {
        let begun = !self.fired.is_empty();
        let mut keys = Vec::new();
        for manifest in &saved.manifests {
            let key = (manifest.kind.word(), manifest.namespace.clone(), manifest.name.clone());
            if !begun || !self.manifests.contains_key(&key) {
                self.manifests.insert(key.clone(), manifest.clone());
            }
            keys.push(key);
        }
        let titles = saved.manifests.iter().map(Manifest::title).collect();
        self.steps.insert(step, keys);
        titles
    }

    fn of(&self, steps: impl Iterator<Item = StepRef>) -> Vec<Manifest> {
        let keys: Vec<&Key> = steps.filter_map(|step| self.steps.get(&step)).flatten().collect();
        let mut seen = BTreeSet::new();
        let keys = keys.into_iter().filter(|key| seen.insert((*key).clone()));
        keys.filter_map(|key| self.manifests.get(key)).cloned().collect()
    }
}

impl Kit {
    /// An empty kit. With a recording the manifests are written beside it.
    pub fn new(connection: Option<Connection>, emitter: Emitter, recording: Option<&Path>) -> Self {
        let file = recording.map(|path| path.with_extension("undo.json"));
        Self { connection, emitter, file, held: Arc::default() }
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
        let Some(connection) = &self.connection else { return };
        let Some(provider) = played.provider(step) else { return };
        let saved = match kit::save(&provider, connection).await {
            Ok(Some(saved)) if !saved.manifests.is_empty() => saved,
            // What is not there cannot be lost, and the preflight tells that it is not.
            Ok(_) => return,
            Err(why) => {
                return self.say(Level::Warning, format!("the undo kit could not be filled: {why}")).await;
            }
        };
        let manifests = self.with(|held| held.keep(step, &saved));
        let file = match self.write() {
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
        let Some(connection) = &self.connection else { return };
        let mut refused = None;
        for manifest in self.with(|held| held.of(std::iter::once(step))) {
            if let Err(why) = kit::check(connection, &manifest).await {
                refused = Some(format!("{}: {why}", manifest.title()));
            }
        }
        self.emitter.emit(What::KitChecked { refused }).await;
    }

    /// Puts back what the fired steps took away or changed.
    pub async fn restore(self) {
        let Some(connection) = &self.connection else { return };
        let manifests = self.with(|held| held.of(held.fired.iter().copied()));
        self.emitter.emit(What::UndoBegan).await;
        let mut undone = Undone::default();
        for manifest in manifests {
            match kit::restore(connection, &manifest).await {
                Ok(restored @ Restored::Untouched) => undone.untouched.push(restored.words(&manifest)),
                Ok(restored) => undone.restored.push(restored.words(&manifest)),
                Err(why) => undone.failed.push(format!("{}: {why}", manifest.title())),
            }
        }
        self.emitter.emit(What::UndoDone(undone)).await;
    }

    /// Writes all manifests as one list that `kubectl apply -f` takes, readable by its owner alone.
    fn write(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.file else { return Ok(None) };
        let bodies = self.with(|held| held.manifests.values().map(|it| it.body.clone()).collect::<Vec<_>>());
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": bodies});
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written =
            options.open(path).and_then(|mut file| file.write_all(format!("{list:#}\n").as_bytes()));
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

    #[test]
    fn what_was_saved_before_the_fire_is_never_saved_over() {
        let step = |index| StepRef { section: Section::Method, index };
        let mut held = Held::default();
        held.keep(step(0), &saved("a", 1));
        assert_eq!(held.keep(step(0), &saved("a", 2)), ["Deployment a"]);
        held.fired.insert(step(0));
        // The same object, now harmed, and another one that a later step would hit.
        held.keep(step(1), &saved("a", 0));
        held.keep(step(2), &saved("b", 3));
        let bodies = |steps: &[usize]| -> Vec<u64> {
            let kept = held.of(steps.iter().copied().map(step));
            kept.iter().map(|it| it.body["spec"]["replicas"].as_u64().unwrap()).collect()
        };
        assert_eq!((bodies(&[0]), bodies(&[0, 1]), bodies(&[1, 2])), (vec![2], vec![2], vec![2, 3]));
    }
}
