//! What is saved, what is put back, and that a slow API server delays neither.

use super::*;
use crate::{
    cluster::ClusterSettings,
    experiment::Environment,
    provider::kit::SavedKind,
    session::{
        clock::Clock,
        event::Section,
        fixtures::at,
        stream::{Stream, stream},
    },
    test_support::request,
};
use axum::{Router, extract::Request as Asked, http::Method, response::IntoResponse};
use serde_json::json;
use tokio::sync::Notify;

fn saved(name: &str, replicas: u32) -> SavedManifests {
    let manifest = Manifest {
        kind: SavedKind::Deployment,
        namespace: "default".to_owned(),
        name: name.to_owned(),
        body: Some(json!({"spec": {"replicas": replicas}})),
        touched: true,
    };
    SavedManifests { manifests: vec![manifest], cost: String::new(), needed: true }
}

fn cluster(context: &str) -> Connection {
    let config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    Connection::over(kube::Client::try_from(config).unwrap(), context)
}

#[tokio::test]
async fn what_is_called_the_same_in_two_clusters_is_kept_of_both() {
    let step = |index| StepRef { section: Section::Method, index };
    let mut held = StoredManifests::default();
    held.keep((step(0), at(-2.0)), &cluster("here"), &saved("a", 1), None);
    held.keep((step(1), at(-1.0)), &cluster("there"), &saved("a", 2), None);
    let kept = held.of([step(0), step(1)].into_iter(), None);
    let kept: Vec<_> = kept
        .iter()
        .map(|(at, it)| (at.context(), it.body.as_ref().unwrap()["spec"]["replicas"].as_u64().unwrap()))
        .collect();
    assert_eq!(kept, [("here", 1), ("there", 2)]);
    assert_eq!(held.by_cluster(None).len(), 2, "no file mixes clusters");
}

#[tokio::test]
async fn what_was_saved_before_the_fire_is_never_saved_over() {
    let step = |index| StepRef { section: Section::Method, index };
    let mut held = StoredManifests::default();
    let here = cluster("here");
    held.keep((step(0), at(-2.0)), &here, &saved("a", 1), None);
    assert_eq!(held.keep((step(0), at(-1.0)), &here, &saved("a", 2), None), ["Deployment a"]);
    let t0 = Some(at(0.0));
    // The same object, now harmed, and another one that a later step would hit.
    held.keep((step(1), at(1.0)), &here, &saved("a", 0), t0);
    held.keep((step(2), at(2.0)), &here, &saved("b", 3), t0);
    let bodies = |steps: &[usize]| -> Vec<u64> {
        let kept = held.of(steps.iter().copied().map(step), t0);
        kept.iter().map(|(_, it)| it.body.as_ref().unwrap()["spec"]["replicas"].as_u64().unwrap()).collect()
    };
    assert_eq!((bodies(&[0]), bodies(&[0, 1]), bodies(&[1, 2])), (vec![2], vec![2], vec![2, 3]));
}

/// A fire does not wait for a save that is running, nor does the kit learn of the fire at once.
#[tokio::test]
async fn what_a_save_read_after_the_fire_is_never_put_back() {
    let step = StepRef { section: Section::Method, index: 0 };
    let (mut held, here) = (StoredManifests::default(), cluster("here"));
    held.keep((step, at(-5.0)), &here, &saved("a", 1), None);
    held.keep((step, at(0.3)), &here, &saved("a", 0), None);
    let replicas = |t0| {
        held.of(std::iter::once(step), t0)[0].1.body.as_ref().unwrap()["spec"]["replicas"].as_u64().unwrap()
    };
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
    let kit = UndoStore::new(Some(providers), emitter, shown, KitFiles::default());
    kit.with(|held| held.keep((step, at(-5.0)), &cluster("here"), &saved("a", 1), None));
    kit.restore().await;
    assert_eq!(events.next().await.unwrap().what, EventKind::UndoBegan);
    let EventKind::UndoDone(undone) = events.next().await.unwrap().what else { panic!("another event") };
    // No server listens there: it was tried.
    assert_eq!(undone.failed.len(), 1, "{undone:?}");
}

const STEP: StepRef = StepRef { section: Section::Method, index: 0 };
const EXPERIMENT: &str = r#"{"title": "t", "description": "d", "method": [{"type": "action", "name": "scale",
    "provider": {"type": "python", "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
                 "arguments": {"name": "app", "replicas": 0, "ns": "default"}}}]}"#;

/// A fake API server: whether it answers, and how many replicas its Deployment has then.
#[derive(Clone)]
struct Slow {
    reads: watch::Receiver<Option<u32>>,
    checks: watch::Receiver<bool>,
    /// Notified of each request.
    asked: Arc<Notify>,
}

impl Slow {
    async fn answer(mut self, asked: Asked) -> axum::response::Response {
        self.asked.notify_one();
        let last = asked.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        if asked.method() == Method::PATCH {
            let _ = self.checks.wait_for(|open| *open).await;
        }
        let replicas = self.reads.wait_for(Option::is_some).await.ok().and_then(|replicas| *replicas);
        let meta = json!({"name": "app", "namespace": "default"});
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {"replicas": replicas, "selector": {}, "template": {}}});
        let list =
            |kind, items: Vec<serde_json::Value>| json!({"kind": kind, "metadata": {}, "items": items});
        axum::Json(match last.as_str() {
            "selfsubjectaccessreviews" => json!({"metadata": {}, "spec": {}, "status": {"allowed": true}}),
            "deployments" => list("DeploymentList", vec![object]),
            "pods" => list("PodList", Vec::new()),
            "services" => list("ServiceList", Vec::new()),
            _ => object,
        })
        .into_response()
    }
}

/// A kit that follows a session with a slow server.
struct Rig {
    kit: UndoStore,
    told: Stream,
    tap: mpsc::UnboundedSender<Arc<Event>>,
    session: watch::Sender<Session>,
    reads: watch::Sender<Option<u32>>,
    checks: watch::Sender<bool>,
    asked: Arc<Notify>,
    _folder: tempfile::TempDir,
}

impl Rig {
    async fn new(replicas: Option<u32>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (reads, checks) = (watch::Sender::new(replicas), watch::Sender::new(false));
        let asked = Arc::new(Notify::new());
        let slow = Slow { reads: reads.subscribe(), checks: checks.subscribe(), asked: asked.clone() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(move |asked| slow.clone().answer(asked));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let config = json!({"current-context": "c", "users": [{"name": "u", "user": {}}],
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]});
        std::fs::write(&path, config.to_string()).unwrap();
        let path = path.display().to_string();
        let settings = ClusterSettings::new(move |name| (name == "KUBECONFIG").then(|| path.clone()));
        let providers = Arc::new(Providers::new(Environment::default()).with_cluster(settings));
        let (emitter, told) = stream(Clock::system());
        let session = watch::Sender::new(Session::new());
        let kit = UndoStore::new(Some(providers), emitter, session.subscribe(), KitFiles::default());
        let (tap, events) = mpsc::unbounded_channel();
        tokio::spawn(kit.clone().follow(request(EXPERIMENT), Vec::new(), events));
        Self { kit, told, tap, session, reads, checks, asked, _folder: folder }
    }

    #[expect(clippy::unused_async, reason = "awaited as the other steps of a test are")]
    async fn tell(&self, what: EventKind) {
        let event = Arc::new(Event { seq: 0, at: Clock::system().now(), what });
        self.session.send_modify(|session| session.apply(&event));
        self.tap.send(event).unwrap();
    }

    async fn await_fire(&self) {
        self.tell(EventKind::StepAwaited { step: STEP, destructive: true }).await;
    }

    async fn fire(&self) {
        let targets = vec!["deployment/app".to_owned()];
        self.tell(EventKind::FaultFired { step: STEP, what: "scale".to_owned(), targets }).await;
    }

    async fn next(&mut self) -> EventKind {
        self.told.next().await.unwrap().what
    }
}

#[tokio::test]
async fn a_check_that_hangs_holds_up_neither_the_next_save_nor_the_undo() {
    let mut rig = Rig::new(Some(1)).await;
    rig.await_fire().await;
    let first = rig.next().await;
    assert!(matches!(first, EventKind::KitSaved(_)), "{first:?}");
    // The server is now asked whether the object could be put back, and does not answer.
    rig.await_fire().await;
    assert!(matches!(rig.next().await, EventKind::KitSaved(_)), "it was checked before it was saved again");
    rig.fire().await;
    rig.reads.send_replace(Some(0));
    let restoring = tokio::spawn(rig.kit.clone().restore());
    assert_eq!(rig.next().await, EventKind::UndoBegan);
    rig.checks.send_replace(true);
    restoring.await.unwrap();
    let undone = loop {
        match rig.next().await {
            EventKind::UndoDone(undone) => break undone,
            EventKind::KitChecked { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((undone.restored.len(), undone.failed.len()), (1, 0), "{undone:?}");
}

#[tokio::test]
async fn what_is_read_after_the_fire_of_its_own_step_is_not_kept_at_all() {
    let mut rig = Rig::new(None).await;
    rig.await_fire().await;
    // The save is reading from the server when the fire comes.
    rig.asked.notified().await;
    rig.fire().await;
    rig.reads.send_replace(Some(0));
    let said = rig.next().await;
    let EventKind::Logged { message, .. } = said else { panic!("{said:?}") };
    assert!(message.contains("fired before the target was saved"), "{message}");
    assert!(rig.kit.with(|held| held.manifests.is_empty()));
}
