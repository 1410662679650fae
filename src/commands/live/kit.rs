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
        Event, Session, What,
        event::{Level, StepRef, Timestamp, UndoKit, Undone},
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
use tokio::{
    sync::{mpsc, watch},
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
pub struct Kit {
    /// They choose the cluster of a step; none where nothing is saved.
    providers: Option<Arc<Providers>>,
    emitter: Emitter,
    /// Where manifests are written, if anywhere.
    file: Option<PathBuf>,
    /// Knows what was fired, and when.
    session: watch::Receiver<Session>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    /// Each as it was saved, oldest first, with the moment when that save had ended.
    manifests: BTreeMap<Key, Vec<(Timestamp, Connection, Manifest)>>,
    steps: BTreeMap<StepRef, Vec<Key>>,
}

impl Held {
    /// Keeps what was saved for a step. Once something was fired, what is held already stays as it was before.
    fn keep(
        &mut self,
        (step, ended): (StepRef, Timestamp),
        connection: &Connection,
        saved: &Saved,
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

    /// What the steps would hit, as it was before the first fire at `t0`.
    fn of(&self, steps: impl Iterator<Item = StepRef>, t0: Option<Timestamp>) -> Vec<(Connection, Manifest)> {
        let keys: Vec<&Key> = steps.filter_map(|step| self.steps.get(&step)).flatten().collect();
        let mut seen = BTreeSet::new();
        let keys = keys.into_iter().filter(|key| seen.insert((*key).clone()));
        let versions = keys.filter_map(|key| unharmed(self.manifests.get(key)?, t0));
        versions.map(|(_, connection, manifest)| (connection.clone(), manifest.clone())).collect()
    }

    /// Of each cluster what `kubectl apply -f` takes.
    fn by_cluster(&self, t0: Option<Timestamp>) -> BTreeMap<&Identity, Vec<&serde_json::Value>> {
        let mut clusters = BTreeMap::<_, Vec<_>>::new();
        for ((cluster, ..), versions) in &self.manifests {
            let body = unharmed(versions, t0).map(|(.., manifest)| &manifest.body);
            clusters.entry(cluster).or_default().extend(body);
        }
        clusters
    }
}

/// The latest version whose save had ended before the first fire: a save that was under way by then may have read what was
/// harmed already. Where there is none, the first.
fn unharmed<C, M>(versions: &[(Timestamp, C, M)], t0: Option<Timestamp>) -> Option<&(Timestamp, C, M)> {
    let before = versions.iter().rev().find(|(ended, ..)| t0.is_none_or(|t0| *ended <= t0));
    before.or_else(|| versions.first())
}

impl Kit {
    /// An empty kit. With a recording the manifests are written beside it.
    pub fn new(
        providers: Option<Arc<Providers>>,
        emitter: Emitter,
        session: watch::Receiver<Session>,
        recording: Option<&Path>,
    ) -> Self {
        let file = recording.map(|path| path.with_extension("undo.json"));
        Self { providers, emitter, file, session, held: Arc::default() }
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
                    Some(Event { what: What::FaultFired { .. }, .. }) => {
                        awaited = None;
                        self.rewrite().await;
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
        let (ended, t0) = (self.emitter.clock().now(), self.t0());
        let manifests = self.with(|held| held.keep((step, ended), connection, &saved, t0));
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
        let t0 = self.t0();
        for (connection, manifest) in self.with(|held| held.of(std::iter::once(step), t0)) {
            if let Err(why) = kit::check(&connection, &manifest).await {
                refused = Some(format!("{}: {why}", manifest.title()));
            }
        }
        self.emitter.emit(What::KitChecked { refused }).await;
    }

    /// The moment of the first fire. Of what was fired the session's state knows: it does not wait for this kit.
    fn t0(&self) -> Option<Timestamp> {
        self.session.borrow().t0()
    }

    /// Writes the files again once something was fired: a save that the fire overtook may have written what was harmed.
    async fn rewrite(&self) {
        let clusters: Vec<Identity> = self.with(|held| held.by_cluster(None).into_keys().cloned().collect());
        for cluster in clusters {
            if let Err(why) = self.write(&cluster) {
                self.say(Level::Warning, why).await;
            }
        }
    }

    /// Puts back what the fired steps took away or changed.
    pub async fn restore(self) {
        if self.providers.is_none() {
            return;
        }
        let (fired, t0) = {
            let session = self.session.borrow();
            let fires = session.fault.iter().flat_map(|fault| &fault.fires);
            (fires.map(|firing| firing.step).collect::<BTreeSet<_>>(), session.t0())
        };
        let manifests = self.with(|held| held.of(fired.into_iter(), t0));
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
    use crate::{
        provider::kit::Kept,
        session::{clock::Clock, event::Section, fixtures::at, stream::stream},
    };
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
        held.keep((step(0), at(-2.0)), &cluster("here"), &saved("a", 1), None);
        held.keep((step(1), at(-1.0)), &cluster("there"), &saved("a", 2), None);
        let kept = held.of([step(0), step(1)].into_iter(), None);
        let kept: Vec<_> = kept
            .iter()
            .map(|(at, it)| (at.context(), it.body["spec"]["replicas"].as_u64().unwrap()))
            .collect();
        assert_eq!(kept, [("here", 1), ("there", 2)]);
        assert_eq!(held.by_cluster(None).len(), 2, "no file mixes clusters");
    }

    #[tokio::test]
    async fn what_was_saved_before_the_fire_is_never_saved_over() {
        let step = |index| StepRef { section: Section::Method, index };
        let mut held = Held::default();
        let here = cluster("here");
        held.keep((step(0), at(-2.0)), &here, &saved("a", 1), None);
        assert_eq!(held.keep((step(0), at(-1.0)), &here, &saved("a", 2), None), ["Deployment a"]);
        let t0 = Some(at(0.0));
        // The same object, now harmed, and another one that a later step would hit.
        held.keep((step(1), at(1.0)), &here, &saved("a", 0), t0);
        held.keep((step(2), at(2.0)), &here, &saved("b", 3), t0);
        let bodies = |steps: &[usize]| -> Vec<u64> {
            let kept = held.of(steps.iter().copied().map(step), t0);
            kept.iter().map(|(_, it)| it.body["spec"]["replicas"].as_u64().unwrap()).collect()
        };
        assert_eq!((bodies(&[0]), bodies(&[0, 1]), bodies(&[1, 2])), (vec![2], vec![2], vec![2, 3]));
    }

    /// A fire does not wait for a save that is under way, nor does the word of it reach the kit at once.
    #[tokio::test]
    async fn what_a_save_read_after_the_fire_is_never_put_back() {
        let step = StepRef { section: Section::Method, index: 0 };
        let (mut held, here) = (Held::default(), cluster("here"));
        held.keep((step, at(-5.0)), &here, &saved("a", 1), None);
        held.keep((step, at(0.3)), &here, &saved("a", 0), None);
        let replicas =
            |t0| held.of(std::iter::once(step), t0)[0].1.body["spec"]["replicas"].as_u64().unwrap();
        assert_eq!((replicas(Some(at(0.0))), replicas(None)), (1, 0));
        let written = held.by_cluster(Some(at(0.0)));
        assert_eq!(written.values().next().unwrap()[0]["spec"]["replicas"], 1);
    }

    #[tokio::test]
    async fn what_was_fired_is_put_back_though_the_kit_has_not_heard_of_the_fire() {
        let (session, now) = crate::session::fixtures::before_failing();
        let step = session.fault.as_ref().unwrap().fires[0].step;
        let (emitter, mut events) = stream(Clock::starting_at(now));
        let (_keep, shown) = watch::channel(session);
        let providers = Arc::new(Providers::new(crate::experiment::Environment::default()));
        let kit = Kit::new(Some(providers), emitter, shown, None);
        kit.with(|held| held.keep((step, at(-5.0)), &cluster("here"), &saved("a", 1), None));
        kit.restore().await;
        assert_eq!(events.next().await.unwrap().what, What::UndoBegan);
        let What::UndoDone(undone) = events.next().await.unwrap().what else { panic!("another event") };
        // Nobody listens there: it was tried.
        assert_eq!(undone.failed.len(), 1, "{undone:?}");
    }
}
