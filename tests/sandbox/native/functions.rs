//! The effects of native functions on the cluster.

use super::{call, call_telling, connection, settings, value};
use crate::stage::{DEADLINE, Stage, has_kubectl};
use chaos_tui::{
    cluster::{Forwards, RouteKind, ServiceAddress, reach_named},
    provider::{Outcome, gremlin::Gremlin, kubernetes::Kubernetes},
};
use serde_json::json;
use tokio::{sync::Notify, time::timeout};

const PROVIDER: &str = "my-provider-app";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_pod_is_missed_and_comes_back() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "1"]);
    connection(&stage).await;
    let kubernetes = Kubernetes::new(settings(&stage));
    let before = stage.pod(PROVIDER)["metadata"]["name"].clone();
    // The watch starts before the kill, because it would miss a dip that has already ended.
    let begun = Notify::new();
    let progress = |_| begun.notify_one();
    let missed = call_telling(
        &kubernetes,
        "chaosk8s.deployment.probes.deployment_not_fully_available",
        json!({"name": PROVIDER, "timeout": 30}),
        &progress,
    );
    let kill = async {
        timeout(DEADLINE, begun.notified()).await.expect("the watch tells what it finds first");
        let whom = json!({"label_selector": format!("name={PROVIDER}"), "grace_period": 0});
        call(&kubernetes, "chaosk8s.pod.actions.terminate_pods", whom).await
    };
    let (missed, killed) = tokio::join!(missed, kill);
    assert_eq!(value(killed), json!([before]));
    assert_eq!(value(missed), json!(true));
    let probe = "chaosk8s.deployment.probes.deployment_fully_available";
    let back = call(&kubernetes, probe, json!({"name": PROVIDER, "timeout": 30}));
    assert_eq!(value(back.await), json!(true));
    assert_ne!(stage.pod(PROVIDER)["metadata"]["name"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manager_of_the_changed_fields_is_this_program() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    connection(&stage).await;
    let kubernetes = Kubernetes::new(settings(&stage));
    let scaled = json!({"name": PROVIDER, "replicas": 2});
    value(call(&kubernetes, "chaosk8s.deployment.actions.scale_deployment", scaled).await);
    let deployment = stage.get(&["deployment", PROVIDER, "--show-managed-fields"]);
    let managers = deployment["metadata"]["managedFields"].as_array().unwrap();
    let ours = managers.iter().find(|entry| entry["fieldsV1"]["f:spec"]["f:replicas"].is_object());
    assert_eq!(ours.unwrap()["manager"], "chaos-tui", "{managers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_kill_deletes_the_deployment_with_all_it_owns() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    connection(&stage).await;
    let kubernetes = Kubernetes::new(settings(&stage));
    let killed = call(&kubernetes, "chaosk8s.actions.kill_microservice", json!({"name": PROVIDER})).await;
    assert_eq!(value(killed), json!(null));
    let gone = call(&kubernetes, "chaosk8s.pod.probes.pod_is_not_available", json!({"name": PROVIDER}));
    crate::until::until("the provider's pods are gone", || {
        stage.get(&["pods", "-l", &format!("name={PROVIDER}")])["items"].as_array().is_some_and(Vec::is_empty)
    });
    assert_eq!(value(gone.await), json!(true));
    let probe = "chaosk8s.probes.microservice_available_and_healthy";
    match call(&kubernetes, probe, json!({"name": PROVIDER})).await {
        Outcome::Failed { message, .. } => {
            assert!(message.contains("there are: my-consumer-app"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_is_empty_and_its_pods_are_elsewhere() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    connection(&stage).await;
    let kubernetes = Kubernetes::new(settings(&stage));
    let node = stage.pod(PROVIDER)["spec"]["nodeName"].as_str().unwrap().to_owned();
    let drained =
        call(&kubernetes, "chaosk8s.node.actions.drain_nodes", json!({"name": node, "timeout": 60})).await;
    assert_eq!(value(drained), json!([node]));
    crate::until::until("the provider runs on another node", || {
        stage.pod(PROVIDER)["spec"]["nodeName"].as_str().is_some_and(|now| now != node)
    });
    let open = call(&kubernetes, "chaosk8s.node.actions.uncordon_node", json!({"name": node})).await;
    assert_eq!(value(open), json!([node]));
    assert_ne!(stage.get(&["node", &node])["spec"]["unschedulable"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn gremlin_restarts_the_container_in_its_pod() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    connection(&stage).await;
    let before = stage.pod(PROVIDER);
    let told = &stage.announced["environment"];
    let attack = json!({
        "command": {"type": "shutdown", "args": ["-d", "0"]},
        "target": {"type": "Random"},
        "labels": {"io.kubernetes.container.name": PROVIDER},
        "secrets": {"email": told["GREMLIN_EMAIL"], "password": told["GREMLIN_PWD"], "org_name": told["GREMLIN_ORG_NAME"]},
    });
    let identifier =
        value(call(&Gremlin::new(settings(&stage)), "chaosgremlin.actions.attack", attack).await);
    assert!(identifier.as_str().is_some_and(|text| !text.is_empty()), "{identifier}");
    crate::until::until("the container was started again", || {
        stage.pod(PROVIDER)["status"]["containerStatuses"][0]["restartCount"] == json!(1)
    });
    assert_eq!(stage.pod(PROVIDER)["metadata"]["uid"], before["metadata"]["uid"], "the pod is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_is_reached_where_the_sandbox_says_and_the_provider_by_a_port_forward() {
    let stage = Stage::set(&[]);
    let (connection, forwards) = (connection(&stage).await, Forwards::default());
    let reach = async |text: &str| {
        let address = ServiceAddress::parse(text).unwrap();
        reach_named(&connection, &address, &["default".to_owned()], &forwards).await
    };
    let consumer = reach("service/my-consumer-service").await.unwrap();
    assert_eq!(
        (consumer.kind, consumer.url.as_str()),
        (RouteKind::NodePort, stage.announced("consumer_url"))
    );
    let provider = reach("svc/my-provider-service.default").await.unwrap();
    assert_eq!(provider.kind, RouteKind::PortForward);
    assert_eq!(provider.to_string(), "port-forward to service/my-provider-service");
    let missing = reach("service/nope").await.unwrap_err().to_string();
    assert!(
        missing.contains("service/nope cannot be reached") && missing.contains("namespace default"),
        "{missing}"
    );
    let port = reach("service/my-consumer-service:99").await.unwrap_err().to_string();
    assert!(port.contains("no port 99") && port.contains("8080"), "{port}");
}
