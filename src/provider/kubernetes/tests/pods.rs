use super::*;

fn three_pods(asked: &RecordedRequest) -> Reply {
    match asked.method.as_str() {
        "GET" => Reply::List("Pod", vec![pod("a", "Running"), pod("b", "Running"), pod("c", "Pending")]),
        _ => Reply::Object(json!({"kind": "Status", "status": "Success"})),
    }
}

const PODS: &str = "/api/v1/namespaces/default/pods";

#[tokio::test]
async fn terminate_pods_deletes_one_after_the_other() {
    let played = play(
        "chaosk8s.pod.actions.terminate_pods",
        json!({"label_selector": "app=x", "qty": 50, "mode": "percentage", "grace_period": 0}),
        three_pods,
    )
    .await;
    assert_eq!(played.value(), json!(["a", "b"]));
    assert_eq!(
        played.lines(),
        [format!("GET {PODS}?labelSelector=app=x"), format!("DELETE {PODS}/a"), format!("DELETE {PODS}/b")]
    );
    assert_eq!(played.asked[1].body, json!({"gracePeriodSeconds": 0}));
    assert_eq!(played.progress, ["deleted 1 of 2", "deleted 2 of 2"]);
}

#[tokio::test]
async fn terminate_pods_without_a_grace_period_sends_empty_options() {
    let played = play("chaosk8s.pod.actions.terminate_pods", json!({"ns": "other"}), three_pods).await;
    assert_eq!(played.value(), json!(["a"]));
    assert_eq!(played.asked[1].body, json!({}));
    assert!(played.asked[1].path.starts_with("/api/v1/namespaces/other/"));
}

#[tokio::test]
async fn no_pod_matching_is_no_error() {
    let none = |_: &RecordedRequest| Reply::List("Pod", vec![]);
    let played = play("chaosk8s.pod.actions.terminate_pods", json!({"label_selector": "a=b"}), none).await;
    assert_eq!(played.value(), json!([]));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    for (arguments, word) in [
        (json!({"qty": -1}), "negative"),
        (json!({"mode": "some"}), "'some'"),
        (json!({"order": "youngest"}), "'youngest'"),
        (json!({"name_pattern": "("}), "re.error"),
        (json!({"qty": "2"}), "TypeError: terminate_pods() wants a whole number"),
    ] {
        let played = play("chaosk8s.pod.actions.terminate_pods", arguments.clone(), three_pods).await;
        assert!(played.failure().contains(word), "{arguments}: {}", played.failure());
        assert!(played.asked.is_empty(), "{arguments}");
    }
}

#[tokio::test]
async fn an_error_on_the_second_pod_tells_what_is_already_gone() {
    let reply = |asked: &RecordedRequest| {
        if asked.path.ends_with("/b") {
            Reply::Refused(500, "InternalError", "etcd is away".to_owned())
        } else {
            three_pods(asked)
        }
    };
    let played = play("chaosk8s.pod.actions.terminate_pods", json!({"all": true}), reply).await;
    assert_eq!(
        played.failure(),
        "chaoslib.exceptions.ActivityFailed: pods already deleted: a; failed to delete b: etcd is away"
    );
}

#[tokio::test]
async fn delete_pods_is_at_most_one_and_by_pattern() {
    let played = play("chaosk8s.pod.actions.delete_pods", json!({"name": "^[bc]$"}), three_pods).await;
    assert_eq!(played.value(), json!(["b"]));
}

#[tokio::test]
async fn probes_judge_phases() {
    let healthy = |_: &RecordedRequest| Reply::List("Pod", vec![pod("a", "Running"), pod("b", "Succeeded")]);
    let empty = |_: &RecordedRequest| Reply::List("Pod", vec![]);
    let probe = |func: &str| format!("chaosk8s.pod.probes.{func}");
    assert_eq!(play(&probe("all_pods_healthy"), json!({}), healthy).await.value(), json!(true));
    assert_eq!(play(&probe("all_pods_healthy"), json!({}), empty).await.value(), json!(true));
    let unhealthy = play(&probe("all_pods_healthy"), json!({}), three_pods).await;
    assert!(unhealthy.failure().ends_with("pod c is Pending"), "{}", unhealthy.failure());
    let quiet = json!({"raise_on_any_unhealthy": false});
    assert_eq!(play(&probe("all_pods_healthy"), quiet, three_pods).await.value(), json!(false));

    let table = [
        ("count_pods", json!({}), json!(3)),
        ("count_pods", json!({"phase": "Running"}), json!(2)),
        ("count_min_pods", json!({}), json!(true)),
        ("count_min_pods", json!({"min_count": 3}), json!(false)),
        ("pods_in_phase", json!({"raise_on_invalid_phase": false}), json!(false)),
        ("pods_not_in_phase", json!({"phase": "Failed"}), json!(true)),
        ("pods_not_in_phase", json!({"raise_on_in_phase": false}), json!(false)),
        ("pods_in_conditions", json!({"conditions": [{"type": "Ready", "status": "True"}]}), json!(true)),
    ];
    for (func, mut arguments, wanted) in table {
        arguments["label_selector"] = json!("a=b");
        assert_eq!(
            play(&probe(func), arguments.clone(), three_pods).await.value(),
            wanted,
            "{func} {arguments}"
        );
    }
    for func in ["pods_in_phase", "pods_not_in_phase"] {
        let played = play(&probe(func), json!({"label_selector": "a=b"}), empty).await;
        assert!(played.failure().contains("no pod with label selector 'a=b'"), "{func}");
    }
    let extra =
        json!({"label_selector": "a=b", "conditions": [{"type": "Ready", "status": "True", "reason": "x"}]});
    assert!(play(&probe("pods_in_conditions"), extra, three_pods).await.failure().contains("pod a"));
}

#[tokio::test]
async fn pod_is_not_available_selects_by_the_name_label() {
    let played = play("chaosk8s.pod.probes.pod_is_not_available", json!({"name": "x"}), three_pods).await;
    assert_eq!(played.lines(), [format!("GET {PODS}?labelSelector=name in (x)")]);
    assert!(played.failure().ends_with("pod a is running"));
    let none = |_: &RecordedRequest| Reply::List("Pod", vec![]);
    let played = play("chaosk8s.probes.microservice_is_not_available", json!({"name": "x"}), none).await;
    assert_eq!(played.value(), json!(true));
    let braces = json!({"name": "x", "label_selector": "a={other}"});
    let played = play("chaosk8s.pod.probes.pod_is_not_available", braces, three_pods).await;
    assert!(played.failure().starts_with("KeyError: "), "{}", played.failure());
}

#[tokio::test]
async fn logs_are_read_pod_by_pod() {
    let reply = |asked: &RecordedRequest| {
        if asked.path.ends_with("/log") {
            Reply::Text(format!("2024-01-01T00:00:00Z hello from {}\n", asked.path))
        } else {
            Reply::List("Pod", vec![pod("a", "Running")])
        }
    };
    let arguments =
        json!({"name": "x", "last": "10 minutes", "from_previous": true, "container_name": "main"});
    let played = play("chaosk8s.probes.read_microservices_logs", arguments, reply).await;
    assert_eq!(played.value()["a"], json!(format!("2024-01-01T00:00:00Z hello from {PODS}/a/log\n")));
    let query = &played.asked[1].query;
    for part in ["container=main", "previous=true", "sinceSeconds=600", "timestamps=true"] {
        assert!(query.contains(part), "{query}");
    }
    let played = play("chaosk8s.pod.probes.read_pod_logs", json!({"last": "soon"}), reply).await;
    assert!(played.failure().starts_with("TypeError: "), "{}", played.failure());
}

#[tokio::test]
async fn found_in_logs() {
    let logs = json!({"a": "all good", "b": "it broke"});
    for (pattern, all, wanted) in [("good|broke", true, true), ("broke", true, false), ("broke", false, true)]
    {
        let arguments = json!({"pattern": pattern, "all_containers": all, "value": logs});
        let played = play("chaosk8s.pod.probes.should_be_found_in_logs", arguments, three_pods).await;
        assert_eq!(played.value(), json!(wanted), "{pattern} {all}");
        assert!(played.asked.is_empty());
    }
    let empty = json!({"pattern": "x", "value": {}});
    assert!(
        !play("chaosk8s.pod.probes.should_be_found_in_logs", empty, three_pods).await.failure().is_empty()
    );
}

#[tokio::test]
async fn exec_refuses_an_empty_command() {
    for cmd in [json!(""), json!([]), json!(null)] {
        let played = play("chaosk8s.pod.actions.exec_in_pods", json!({"cmd": cmd}), three_pods).await;
        assert!(played.failure().contains("no command"), "{}", played.failure());
    }
}
