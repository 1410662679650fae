use super::*;
use crate::cluster::ClusterSettings;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn without_a_cluster_a_call_fails_with_a_way_out() {
    let kubernetes = Kubernetes::new(ClusterSettings::new(|_| None));
    let native = resolve("chaosk8s.pod.probes", "count_pods").unwrap();
    let arguments: Map = serde_json::from_value(json!({"label_selector": "a=b"})).unwrap();
    match kubernetes.run(native, &arguments, &|_| {}, &|_| {}).await {
        Outcome::Failed { message, .. } => {
            assert!(message.contains("no cluster") && message.contains("--sandbox"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn service_is_initialized_means_that_it_exists() {
    let service = json!({"metadata": {"name": "svc"}});
    let reply = move |asked: &RecordedRequest| {
        if asked.query.contains("other") {
            Reply::List("Service", vec![])
        } else {
            Reply::List("Service", vec![service.clone()])
        }
    };
    let probe = "chaosk8s.service.probes.service_is_initialized";
    assert_eq!(play(probe, json!({"name": "svc"}), reply.clone()).await.value(), json!(true));
    let played = play(probe, json!({"name": "other"}), reply.clone()).await;
    assert!(played.failure().contains("there are: svc"), "{}", played.failure());
    let quiet = json!({"name": "other", "raise_if_service_not_initialized": false});
    assert_eq!(play(probe, quiet, reply).await.value(), json!(false));
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once() {
    let (connection, _) = answering(|_: &RecordedRequest| Reply::Events(vec![]));
    let kubernetes = Kubernetes::over(connection);
    let native = resolve("chaosk8s.deployment.probes", "deployment_fully_available").unwrap();
    let arguments: Map = serde_json::from_value(json!({"name": "app", "timeout": 3600})).unwrap();
    let cancel = CancellationToken::new();
    let activity = crate::test_support::activity("probe", "probe", &json!({"type": "python"}));
    let configuration = Map::default();
    let secrets = crate::experiment::Secrets::default();
    let call = Call { cancel: cancel.clone(), ..Call::new(&activity, &configuration, &secrets) };
    let running = kubernetes.call(native, arguments, &call);
    tokio::pin!(running);
    assert!(futures_util::poll!(&mut running).is_pending());
    cancel.cancel();
    assert_eq!(running.await, Outcome::Cancelled);
}

#[test]
fn targets_are_the_names_that_the_arguments_tell() {
    let kubernetes = Kubernetes::new(ClusterSettings::new(|_| None));
    let native = resolve("chaosk8s.pod.actions", "terminate_pods").unwrap();
    for (arguments, wanted) in [
        (json!({"name": "app"}), vec!["app"]),
        (json!({"label_selector": "name=app,tier in (a, b),x!=y"}), vec!["app", "a", "b"]),
        (json!({"name": "app", "label_selector": "name in ({name})"}), vec!["app"]),
        (json!({"label_selectors": {"app": "web"}}), vec!["web"]),
        (json!({"ns": "x"}), vec![]),
    ] {
        let map: Map = serde_json::from_value(arguments.clone()).unwrap();
        assert_eq!(kubernetes.targets(native, &map), wanted, "{arguments}");
    }
}
