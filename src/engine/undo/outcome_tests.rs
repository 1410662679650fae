//! What the kit puts back of which cluster, what it says, and what it writes beside the recording.

use super::*;
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    experiment::Environment,
    provider::kit::SavedKind,
    session::{
        clock::Clock,
        event::{Section, UndoResult},
        fixtures::{self, at},
        stream::{Stream, stream},
    },
};
use serde_json::json;
use std::path::Path;

const STEP: StepRef = StepRef { section: Section::Method, index: 7 };

fn manifest(name: &str, replicas: u32, touched: bool) -> Manifest {
    let body = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                      "spec": {"replicas": replicas}});
    let (kind, namespace) = (SavedKind::Deployment, "default".to_owned());
    Manifest { kind, namespace, name: name.to_owned(), body: Some(body), touched }
}

fn saved(manifests: Vec<Manifest>) -> SavedManifests {
    SavedManifests { manifests, cost: String::new(), needed: true }
}

/// A server whose Deployments all have no replicas; the one called `refused` may not be written.
fn server(asked: &RecordedRequest) -> Reply {
    let name = asked.path.rsplit('/').next().unwrap_or_default();
    match asked.method.as_str() {
        "PATCH" if name == "refused" => Reply::Refused(403, "Forbidden", "not you".to_owned()),
        "POST" => Reply::Object(json!({"metadata": {}, "spec": {}, "status": {"allowed": true}})),
        "GET" if name == "deployments" => Reply::List("Deployment", Vec::new()),
        _ => Reply::Object(json!({"metadata": {"name": name}, "spec": {"replicas": 0}})),
    }
}

/// The kit of a session in which the fixture's step was fired at T0.
fn kit(recording: Option<&Path>) -> (UndoStore, Stream, StepRef, watch::Sender<Session>) {
    let (session, now) = fixtures::before_failing();
    let step = session.fault.as_ref().unwrap().fires[0].step;
    let (emitter, events) = stream(Clock::starting_at(now));
    let (keep, shown) = watch::channel(session);
    let providers = Arc::new(Providers::new(Environment::default()));
    let files = KitFiles::new(recording, None);
    (UndoStore::new(Some(providers), emitter, shown, files), events, step, keep)
}

async fn undone(kit: UndoStore, events: &mut Stream) -> (UndoResult, Vec<String>) {
    kit.restore().await;
    assert_eq!(events.next().await.unwrap().what, EventKind::UndoBegan);
    let mut said = Vec::new();
    loop {
        match events.next().await.unwrap().what {
            EventKind::UndoDone(undone) => return (undone, said),
            EventKind::Logged { message, .. } => said.push(message),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_context_is_named_only_where_there_are_two() {
    let (here, there) =
        (answering(server).0, Connection::over(answering(server).0.client().unwrap(), "there"));
    for (clusters, wanted) in [
        (vec![&here], vec!["Deployment a was put back, with 2 replicas"]),
        (
            vec![&here, &there],
            vec![
                "Deployment a was put back, with 2 replicas in context fake",
                "Deployment a was put back, with 2 replicas in context there",
            ],
        ),
    ] {
        let (kit, mut events, step, _keep) = kit(None);
        for (number, connection) in clusters.into_iter().enumerate() {
            let other = StepRef { index: step.index + number, ..step };
            let saved = saved(vec![manifest("a", 2, true)]);
            kit.with(|held| held.keep((other, at(-5.0)), connection, &saved, None));
            kit.with(|held| {
                let keys = held.steps.get(&other).cloned().unwrap_or_default();
                let all = held.steps.entry(step).or_default();
                all.extend(keys.into_iter().filter(|_| number > 0));
            });
        }
        assert_eq!(undone(kit, &mut events).await.0.restored, wanted);
    }
}

#[tokio::test]
async fn what_the_step_left_alone_costs_no_undo() {
    let (connection, _) = answering(server);
    for touched in [true, false] {
        let (kit, mut events, step, _keep) = kit(None);
        let saved =
            saved(vec![manifest("a", 2, true), manifest("refused", 1, touched), manifest("same", 0, true)]);
        kit.with(|held| held.keep((step, at(-5.0)), &connection, &saved, None));
        let (undone, said) = undone(kit, &mut events).await;
        assert_eq!((undone.restored.len(), undone.failed.len()), (1, usize::from(touched)), "{undone:?}");
        assert_eq!(said.len(), usize::from(!touched), "{said:?}");
    }
}

#[tokio::test]
async fn the_server_s_refusal_of_the_kit_is_told_before_the_fire() {
    let (connection, _) = answering(server);
    for (name, refused) in [("a", None), ("refused", Some("Deployment refused: "))] {
        let (kit, mut events, _, _keep) = kit(None);
        kit.with(|held| {
            held.keep((STEP, at(-5.0)), &connection, &saved(vec![manifest(name, 1, true)]), None)
        });
        kit.clone().check(STEP).await;
        let EventKind::KitChecked { refused: told } = events.try_next().unwrap().what else {
            panic!("another event")
        };
        assert_eq!(told.is_some(), refused.is_some(), "{told:?}");
        assert!(told.unwrap_or_default().starts_with(refused.unwrap_or_default()));
    }
}

/// The step fired at T0 took the replicas away; a step that is awaited later hits the same Deployment.
#[tokio::test]
async fn a_later_save_of_what_was_harmed_replaces_nothing() {
    let (connection, _) =
        answering(|asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap_or_default() {
            "services" => Reply::List("Service", Vec::new()),
            "pods" => Reply::List("Pod", Vec::new()),
            "deployments" => {
                Reply::List("Deployment", vec![json!({"metadata": {"name": "a"}, "spec": {"replicas": 0}})])
            }
            name => Reply::Object(json!({"metadata": {"name": name}, "spec": {"replicas": 0}})),
        });
    let (kit, mut events, step, _keep) = kit(None);
    kit.with(|held| held.keep((step, at(-5.0)), &connection, &saved(vec![manifest("a", 2, true)]), None));
    let provider = crate::test_support::map(
        r#"{"type": "python", "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
            "arguments": {"name": "a", "replicas": 0}}"#,
    );
    kit.save(STEP, &provider, &connection).await;
    assert!(matches!(events.try_next().unwrap().what, EventKind::KitSaved(_)));
    assert!(kit.with(|held| held.manifests.values().all(|versions| versions.len() == 1)));
}

#[tokio::test]
async fn a_step_without_objects_has_no_kit() {
    let (connection, _) = answering(server);
    let (kit, mut events, _, _keep) = kit(None);
    let provider = crate::test_support::map(
        r#"{"type": "python", "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
            "arguments": {"name": "a", "replicas": 0}}"#,
    );
    kit.save(STEP, &provider, &connection).await;
    assert!(events.try_next().is_none());
    assert!(kit.with(|held| held.steps.is_empty()));
}

fn written(path: &Path) -> Vec<u64> {
    let list: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["spec"]["replicas"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn after_the_fire_the_files_have_what_was_before_it_each_cluster_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (kit, _events, step, _keep) = kit(Some(&folder.path().join("session.ctui")));
    let (here, there) =
        (answering(server).0, Connection::over(answering(server).0.client().unwrap(), "there"));
    let t0 = kit.t0();
    assert_eq!(t0, Some(at(0.0)));
    for (connection, replicas) in [(&here, 1), (&there, 4)] {
        kit.with(|held| {
            held.keep((step, at(-5.0)), connection, &saved(vec![manifest("a", replicas, true)]), None)
        });
        // A save that the fire overtook.
        kit.with(|held| held.keep((step, at(0.3)), connection, &saved(vec![manifest("a", 0, true)]), None));
    }
    let shown = kit.write(&here.identity()).await.unwrap();
    let first = folder.path().join("session.undo.json");
    assert_eq!(shown, Some(first.display().to_string()));
    std::fs::remove_file(&first).unwrap();
    kit.rewrite().await;
    assert_eq!(written(&first), [1]);
    assert_eq!(written(&folder.path().join("session.undo.2.json")), [4]);
}
