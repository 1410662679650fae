use super::*;
use std::time::Duration;

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn deployment(wanted: i64, ready: Option<i64>) -> Json {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": "default", "resourceVersion": "5"},
        "spec": {"replicas": wanted, "selector": {}, "template": {}},
        "status": match ready {
            Some(ready) => json!({"readyReplicas": ready, "availableReplicas": ready}),
            None => json!({}),
        },
    })
}

fn seen(kind: &str, after_ms: u64, wanted: i64, ready: Option<i64>) -> (Duration, Json) {
    (Duration::from_millis(after_ms), json!({"type": kind, "object": deployment(wanted, ready)}))
}

#[tokio::test]
async fn available_and_healthy() {
    let probe = "chaosk8s.deployment.probes.deployment_available_and_healthy";
    for (wanted, ready, healthy) in
        [(1, Some(1), true), (2, Some(1), false), (1, None, false), (0, None, true)]
    {
        let reply = move |_: &RecordedRequest| Reply::List("Deployment", vec![deployment(wanted, ready)]);
        let arguments = json!({"name": "app", "raise_on_unavailable": false});
        let played = play(probe, arguments, reply).await;
        assert_eq!(played.value(), json!(healthy), "{ready:?} of {wanted}");
        assert_eq!(played.lines(), [format!("GET {DEPLOYMENTS}?fieldSelector=metadata.name=app")]);
    }
    let reply = |_: &RecordedRequest| Reply::List("Deployment", vec![deployment(2, Some(1))]);
    let played = play(probe, json!({"name": "app"}), reply).await;
    assert!(played.failure().ends_with("1 of 2 replicas are available"), "{}", played.failure());
}

#[tokio::test]
async fn a_missing_deployment_is_told_with_the_names_there_are() {
    let reply = |asked: &RecordedRequest| {
        if asked.query.contains("fieldSelector") {
            Reply::List("Deployment", vec![])
        } else {
            Reply::List("Deployment", vec![deployment(1, Some(1))])
        }
    };
    let played =
        play("chaosk8s.deployment.probes.deployment_available_and_healthy", json!({"name": "nope"}), reply);
    let text = played.await.failure().to_owned();
    assert!(text.contains("no deployment is called nope in namespace default; there are: app"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn waits_until_something_is_not_ready() {
    let reply = |_: &RecordedRequest| {
        Reply::Events(vec![
            seen("ADDED", 0, 1, Some(1)),
            seen("MODIFIED", 5_000, 1, Some(1)),
            seen("MODIFIED", 3_000, 1, None),
        ])
    };
    let began = tokio::time::Instant::now();
    let arguments = json!({"name": "app", "timeout": 60});
    let played = play("chaosk8s.deployment.probes.deployment_not_fully_available", arguments, reply).await;
    assert_eq!(played.value(), json!(true));
    assert_eq!(began.elapsed().as_secs(), 8);
    assert_eq!(played.progress, ["ready 1/1", "ready 0/1"], "only changes are told");
    assert_eq!(played.asked.len(), 1, "no list call: the watch verb is enough");
}

#[tokio::test(start_paused = true)]
async fn the_time_out_is_a_deadline_though_events_keep_coming() {
    let reply =
        |_: &RecordedRequest| Reply::Events((0..100).map(|_| seen("MODIFIED", 1_000, 2, Some(1))).collect());
    let began = tokio::time::Instant::now();
    let arguments = json!({"name": "app", "timeout": 3});
    let played = play("chaosk8s.deployment.probes.deployment_fully_available", arguments, reply).await;
    assert_eq!(began.elapsed().as_secs(), 3);
    assert!(played.failure().ends_with("failed to recover within 3 s: 1 of 2 ready"), "{}", played.failure());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_is_taken_up_from_the_last_version() {
    let reply = |asked: &RecordedRequest| {
        if asked.query.contains("resourceVersion=5") {
            Reply::Events(vec![seen("MODIFIED", 1_000, 1, Some(1))])
        } else {
            Reply::EventsThenEnd(vec![seen("ADDED", 0, 1, Some(0))])
        }
    };
    let arguments = json!({"name": "app"});
    let played = play("chaosk8s.deployment.probes.deployment_fully_available", arguments, reply).await;
    assert_eq!(played.value(), json!(true));
    assert_eq!(played.asked.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_begins_anew() {
    let gone = json!({"type": "ERROR", "object": {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired",
                      "message": "too old"}});
    let reply = move |asked: &RecordedRequest| {
        if asked.query.contains("resourceVersion=5") {
            Reply::EventsThenEnd(vec![(Duration::ZERO, gone.clone())])
        } else {
            Reply::EventsThenEnd(vec![seen("ADDED", 0, 1, Some(0))])
        }
    };
    let arguments = json!({"name": "app", "timeout": 2, "raise_on_not_fully_available": false});
    let played = play("chaosk8s.deployment.probes.deployment_fully_available", arguments, reply).await;
    assert_eq!(played.value(), json!(false));
    assert!(played.asked.len() > 2, "{:?}", played.lines());
}

#[tokio::test(start_paused = true)]
async fn a_deleted_deployment_is_not_available() {
    let reply = |_: &RecordedRequest| {
        Reply::Events(vec![seen("ADDED", 0, 1, Some(1)), seen("DELETED", 100, 1, Some(1))])
    };
    let arguments = json!({"name": "app"});
    let played = play("chaosk8s.deployment.probes.deployment_not_fully_available", arguments, reply).await;
    assert_eq!(played.value(), json!(true));
}

#[tokio::test]
async fn a_watch_we_may_not_do_fails_at_once() {
    let reply =
        |_: &RecordedRequest| Reply::Refused(403, "Forbidden", "deployments.apps is forbidden".to_owned());
    let arguments = json!({"name": "app"});
    let played = play("chaosk8s.deployment.probes.deployment_not_fully_available", arguments, reply).await;
    let text = played.failure();
    assert!(
        text.starts_with("kubernetes.client.exceptions.ForbiddenException: (403)\nReason: Forbidden\n"),
        "{text}"
    );
    assert!(text.contains("In context fake") && text.contains("chaos-tui rbac"), "{text}");
}

#[tokio::test]
async fn scale_patches_the_object_itself() {
    let reply = |_: &RecordedRequest| Reply::Object(deployment(0, None));
    let arguments = json!({"name": "app", "replicas": 0});
    let played = play("chaosk8s.deployment.actions.scale_deployment", arguments.clone(), reply).await;
    assert_eq!(played.value(), json!(null));
    assert_eq!(played.lines(), [format!("PATCH {DEPLOYMENTS}/app")]);
    assert_eq!(played.asked[0].body, json!({"spec": {"replicas": 0}}));

    let refused = |_: &RecordedRequest| {
        Reply::Refused(404, "NotFound", "deployments.apps \"app\" not found".to_owned())
    };
    let played = play("chaosk8s.actions.scale_microservice", arguments, refused).await;
    assert_eq!(
        played.failure(),
        "chaoslib.exceptions.ActivityFailed: failed to scale deployment app to 0 replicas: \
         deployments.apps \"app\" not found"
    );
}

#[tokio::test]
async fn rollout_writes_the_annotation_of_kubectl() {
    let reply = |_: &RecordedRequest| Reply::Object(deployment(1, Some(1)));
    let played = play("chaosk8s.deployment.actions.rollout_deployment", json!({"name": "app"}), reply).await;
    let annotations = &played.asked[0].body["spec"]["template"]["metadata"]["annotations"];
    assert!(annotations["kubectl.kubernetes.io/restartedAt"].is_string());
}

#[tokio::test]
async fn delete_deployment_takes_what_the_list_finds() {
    let reply = |asked: &RecordedRequest| match asked.method.as_str() {
        "GET" => Reply::List("Deployment", vec![deployment(1, None)]),
        _ => Reply::Object(json!({"kind": "Status", "status": "Success"})),
    };
    for (arguments, query) in [
        (json!({"name": "app", "label_selector": "ignored=yes"}), "?fieldSelector=metadata.name=app"),
        (json!({"label_selector": "a=b"}), "?labelSelector=a=b"),
        (json!({}), ""),
    ] {
        let played = play("chaosk8s.deployment.actions.delete_deployment", arguments, reply).await;
        assert_eq!(
            played.lines(),
            [format!("GET {DEPLOYMENTS}{query}"), format!("DELETE {DEPLOYMENTS}/app")]
        );
        assert_eq!(played.value(), json!(null));
    }
}

#[tokio::test]
async fn create_from_a_file_keeps_every_field() {
    let folder = tempfile::tempdir().unwrap();
    let body = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"},
                      "spec": {"unheardOf": true}});
    let json_path = folder.path().join("d.json");
    let yaml_path = folder.path().join("d.yaml");
    std::fs::write(&json_path, body.to_string()).unwrap();
    std::fs::write(
        &yaml_path,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  unheardOf: true\n",
    )
    .unwrap();
    let reply = |asked: &RecordedRequest| Reply::Object(asked.body.clone());
    for path in [&json_path, &yaml_path] {
        let played = play("chaosk8s.actions.start_microservice", json!({"spec_path": path}), reply).await;
        assert_eq!(played.value(), json!(null));
        assert_eq!(played.lines(), [format!("POST {DEPLOYMENTS}")]);
        assert_eq!(played.asked[0].body, body);
    }
    let played = play("chaosk8s.actions.create_deployment", json!({"spec_path": "d.txt"}), reply).await;
    assert!(played.failure().starts_with("FileNotFoundError: [Errno 2]"), "{}", played.failure());
}

#[tokio::test]
async fn old_names_match_the_object_else_the_label() {
    let labelled_only = |asked: &RecordedRequest| {
        if asked.query.contains("labelSelector") {
            Reply::List("Deployment", vec![deployment(1, Some(1))])
        } else {
            Reply::List("Deployment", vec![])
        }
    };
    let probe = "chaosk8s.probes.microservice_available_and_healthy";
    let played = play(probe, json!({"name": "svc"}), labelled_only).await;
    assert_eq!(played.value(), json!(true));
    assert!(played.lines().last().unwrap().ends_with("?labelSelector=name in (svc)"), "{:?}", played.lines());

    let named = |_: &RecordedRequest| Reply::List("Deployment", vec![deployment(1, Some(1))]);
    let played = play(probe, json!({"name": "app"}), named).await;
    assert_eq!(played.value(), json!(true));
    assert!(played.lines().iter().all(|line| line.contains("fieldSelector")), "{:?}", played.lines());
}

#[tokio::test]
async fn kill_microservice_deletes_deployment_replica_sets_and_pods() {
    let reply =
        |asked: &RecordedRequest| match (asked.method.as_str(), asked.path.rsplit('/').next().unwrap()) {
            ("GET", "deployments") => Reply::List("Deployment", vec![deployment(1, Some(1))]),
            ("GET", "replicasets") => Reply::List("ReplicaSet", vec![json!({"metadata": {"name": "app-1"}})]),
            ("GET", "pods") => Reply::List("Pod", vec![pod("app-1-x", "Running"), pod("app-1-y", "Running")]),
            ("DELETE", "app-1") => Reply::Refused(404, "NotFound", "already collected".to_owned()),
            _ => Reply::Object(json!({"kind": "Status", "status": "Success"})),
        };
    let played = play("chaosk8s.actions.kill_microservice", json!({"name": "app"}), reply).await;
    assert_eq!(played.value(), json!(null));
    let deleted: Vec<_> = played
        .lines()
        .into_iter()
        .filter_map(|line| line.strip_prefix("DELETE ").map(str::to_owned))
        .collect();
    assert_eq!(
        deleted,
        [
            format!("{DEPLOYMENTS}/app"),
            "/apis/apps/v1/namespaces/default/replicasets/app-1".to_owned(),
            "/api/v1/namespaces/default/pods/app-1-x".to_owned(),
            "/api/v1/namespaces/default/pods/app-1-y".to_owned(),
        ]
    );
}
