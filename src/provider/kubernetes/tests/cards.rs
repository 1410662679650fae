use super::*;
use crate::{
    provider::preview::card,
    session::event::TargetCard,
    test_support::{activity, method},
};

async fn card_of(
    provider: Json,
    reply: impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static,
) -> (TargetCard, Vec<RecordedRequest>) {
    let (connection, asked) = answering(reply);
    let raw: Map = serde_json::from_value(provider.clone()).unwrap();
    let activity = activity("action", "the action", &provider);
    let card = card(method(0), &activity, &raw, Some(&connection)).await;
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().all(|asked| asked.method == "GET"), "a card only reads: {asked:?}");
    (card, asked)
}

fn call(address: &str, arguments: Json) -> Json {
    let (module, func) = address.rsplit_once('.').unwrap();
    json!({"type": "python", "module": module, "func": func, "arguments": arguments})
}

fn owned(name: &str) -> Json {
    let mut pod = pod(name, "Running");
    pod["metadata"]["labels"] = json!({"name": "app", "pod-template-hash": "h"});
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-h", "uid": "r", "controller": true}]);
    pod["spec"]["nodeName"] = json!("node-1");
    pod
}

/// A Deployment `app` with this number of pods, behind a Service.
fn cluster(pods: usize) -> impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static {
    move |asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap() {
        "pods" => Reply::List("Pod", (0..pods).map(|i| owned(&format!("app-h-{i}"))).collect()),
        "services" => Reply::List(
            "Service",
            vec![
                json!({"metadata": {"name": "app-svc"}, "spec": {"selector": {"name": "app"}}}),
                json!({"metadata": {"name": "other"}, "spec": {"selector": {"name": "other"}}}),
            ],
        ),
        "deployments" => Reply::List("Deployment", vec![deployment(pods)]),
        "app" => Reply::Object(deployment(pods)),
        _ => Reply::Refused(404, "NotFound", format!("{} not found", asked.path)),
    }
}

fn deployment(replicas: usize) -> Json {
    json!({"metadata": {"name": "app", "namespace": "default"},
           "spec": {"replicas": replicas, "selector": {"matchLabels": {"name": "app"}}, "template": {}}})
}

#[tokio::test]
async fn the_only_pod() {
    let arguments = json!({"label_selector": "name=app", "grace_period": 0});
    let (card, _) = card_of(call("chaosk8s.pod.actions.terminate_pods", arguments), cluster(1)).await;
    assert_eq!(card.headline, "KILL 1 pod, by deleting it, immediately, without a grace period");
    assert_eq!(card.objects, ["app-h-0 on node-1"]);
    assert_eq!(card.share.as_deref(), Some("1 of 1 replica"));
    assert_eq!(card.consequences, ["Service app-svc is left with 0 endpoints: EVERY call to it will fail"]);
    assert!(card.comes_back.starts_with("yes: a new pod, by the ReplicaSet of app"), "{}", card.comes_back);
    assert_eq!(card.confirm, "app");
}

#[tokio::test]
async fn one_of_three_by_chance_or_the_first() {
    let by_chance = json!({"label_selector": "name=app", "rand": true});
    let (card, _) = card_of(call("chaosk8s.pod.actions.terminate_pods", by_chance), cluster(3)).await;
    assert!(card.headline.starts_with("KILL 1 pod of 3, chosen at random"), "{}", card.headline);
    assert_eq!(card.objects.len(), 3);
    let first = json!({"label_selector": "name=app"});
    let (card, _) = card_of(call("chaosk8s.pod.actions.terminate_pods", first), cluster(3)).await;
    assert_eq!(card.objects, ["app-h-0 on node-1"]);
    assert_eq!(card.consequences, ["Service app-svc is left with 2 of 3 endpoints"]);
    assert_eq!(card.share.as_deref(), Some("1 of 3 replicas"));
}

#[tokio::test]
async fn no_pod_and_a_lonely_pod() {
    let none = json!({"label_selector": "name=nope"});
    let (card, _) = card_of(call("chaosk8s.pod.actions.terminate_pods", none), cluster(0)).await;
    assert!(card.consequences[0].contains("NOTHING will happen"), "{card:?}");
    assert_eq!(card.confirm, "the action", "the word to type is never empty");
    let lonely = |asked: &RecordedRequest| {
        if asked.path.ends_with("/pods") {
            Reply::List("Pod", vec![pod("lonely", "Running")])
        } else {
            Reply::List("Service", vec![])
        }
    };
    let (card, _) =
        card_of(call("chaosk8s.pod.actions.delete_pods", json!({"name": "lonely"})), lonely).await;
    assert!(card.comes_back.starts_with("NO"), "{}", card.comes_back);
}

#[tokio::test]
async fn a_deleted_deployment_does_not_come_back() {
    let (card, _) =
        card_of(call("chaosk8s.actions.kill_microservice", json!({"name": "app"})), cluster(2)).await;
    assert_eq!(card.headline, "DELETE 1 Deployment with 2 pods");
    assert_eq!(card.objects, ["app", "app-h-0 on node-1", "app-h-1 on node-1"]);
    assert!(card.comes_back.starts_with("NO"), "{}", card.comes_back);
    assert_eq!(card.confirm, "app");
}

#[tokio::test]
async fn scaling_names_both_numbers_and_the_way_back() {
    let arguments = json!({"name": "app", "replicas": 0});
    let (card, _) =
        card_of(call("chaosk8s.deployment.actions.scale_deployment", arguments), cluster(2)).await;
    assert_eq!(card.headline, "SCALE Deployment app from 2 to 0");
    assert_eq!(card.share.as_deref(), Some("2 of 2 replicas"));
    assert!(card.consequences[0].contains("0 endpoints"), "{card:?}");
    assert!(card.undo.contains("--replicas=2"), "{}", card.undo);
    let up = json!({"name": "app", "replicas": 5});
    let (card, _) = card_of(call("chaosk8s.deployment.actions.scale_deployment", up), cluster(2)).await;
    assert_eq!((card.comes_back.as_str(), card.consequences.len()), ("nothing is deleted", 0));
}

#[tokio::test]
async fn gremlin_stops_a_container_in_its_pod() {
    let attack = |kind: &str, container: &str| {
        call(
            "chaosgremlin.actions.attack",
            json!({"command": {"type": kind}, "target": {"type": "Random"},
                   "labels": {"io.kubernetes.container.name": container}}),
        )
    };
    let (card, _) = card_of(attack("shutdown", "main"), cluster(1)).await;
    assert_eq!(card.headline, "STOP 1 container, the pod stays, through Gremlin's shutdown");
    assert!(card.comes_back.contains("in the same pod"), "{}", card.comes_back);
    assert_eq!(card.confirm, "main");
    assert!(card.consequences[0].contains("0 endpoints"), "{card:?}");
    let (card, _) = card_of(attack("latency", "main"), cluster(1)).await;
    assert_eq!(card.headline, "ATTACK with Gremlin: latency");
    let (card, _) = card_of(attack("shutdown", "nobody"), cluster(1)).await;
    assert!(card.consequences[0].contains("no container is called nobody"), "{card:?}");
}

#[tokio::test]
async fn nodes_and_policies() {
    let reply = |asked: &RecordedRequest| match asked.path.as_str() {
        "/api/v1/nodes" if asked.query.contains("metadata.name=n1") => {
            Reply::List("Node", vec![json!({"metadata": {"name": "n1"}})])
        }
        "/api/v1/nodes" => Reply::List(
            "Node",
            vec![json!({"metadata": {"name": "n1"}}), json!({"metadata": {"name": "n2"}})],
        ),
        _ => Reply::List("Pod", vec![owned("app-h-0"), owned("app-h-1")]),
    };
    let (card, _) = card_of(call("chaosk8s.node.actions.drain_nodes", json!({"name": "n1"})), reply).await;
    assert_eq!(card.headline, "DRAIN 1 node: evict 2 pods");
    assert_eq!((card.share.as_deref(), card.confirm.as_str()), (Some("1 of 2 nodes"), "n1"));
    let (card, _) = card_of(call("chaosk8s.node.actions.cordon_node", json!({})), reply).await;
    assert_eq!((card.headline.as_str(), card.objects.len()), ("CORDON 2 nodes", 2));
    let arguments = json!({"label_selectors": {"name": "app"}});
    let (card, asked) = card_of(call("chaosk8s.networking.actions.deny_all_egress", arguments), reply).await;
    assert_eq!(card.headline, "CUT all traffic OUT OF 2 pods");
    assert!(asked[0].query.contains("labelSelector=name=app"), "{asked:?}");
}

/// What a drain's card says of the pods' way and of a budget for them, where other nodes are as given and the budget allows
/// this many disruptions.
async fn drained(others: Json, allowed: i32, arguments: Json) -> TargetCard {
    let reply = move |asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap() {
        "nodes" => {
            let mut nodes = vec![ready_node("n1", true)];
            if !asked.query.contains("metadata.name") {
                nodes.extend(others.as_array().unwrap().clone());
            }
            Reply::List("Node", nodes)
        }
        "poddisruptionbudgets" => Reply::List(
            "PodDisruptionBudget",
            vec![json!({"metadata": {"name": "app-budget", "namespace": "default"},
                        "spec": {"selector": {"matchLabels": {"name": "app"}}},
                        "status": {"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1,
                                   "expectedPods": 1}})],
        ),
        _ => {
            let mut pod = owned("app-h-0");
            pod["metadata"]["namespace"] = json!("default");
            Reply::List("Pod", vec![pod])
        }
    };
    card_of(call("chaosk8s.node.actions.drain_nodes", arguments), reply).await.0
}

fn ready_node(name: &str, schedulable: bool) -> Json {
    json!({"metadata": {"name": name}, "spec": {"unschedulable": !schedulable},
           "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
}

#[tokio::test]
async fn a_drain_counts_the_nodes_that_could_take_its_pods_and_names_the_budget() {
    let one = || json!({"name": "n1"});
    let card = drained(json!([]), 0, one()).await;
    assert_eq!(
        (card.headline.as_str(), card.share.as_deref()),
        ("DRAIN 1 node: evict 1 pod", Some("1 of 1 node"))
    );
    let consequences = card.consequences.join("\n");
    assert!(consequences.contains("NOWHERE TO GO"), "{consequences}");
    assert!(
        consequences.contains("budget app-budget allows no disruption now: 1 pod stays until it does"),
        "{consequences}"
    );
    assert!(card.comes_back.starts_with("NO: no other node"), "{card:?}");

    let card = drained(json!([ready_node("n2", true), ready_node("n3", false)]), 1, one()).await;
    let consequences = card.consequences.join("\n");
    assert!(
        consequences.contains("start again on 1 other node,"),
        "a cordoned node takes none: {consequences}"
    );
    assert!(!consequences.contains("app-budget"), "{consequences}");

    // Of nodes chosen at random, the others still take pods.
    let card = drained(json!([ready_node("n2", true)]), 1, json!({"count": 1})).await;
    assert_eq!(card.headline, "DRAIN 1 node of 2, chosen at random: evict at most 2 pods");
    assert!(card.consequences.join("\n").contains("start again on 1 other node,"), "{card:?}");
}

#[tokio::test]
async fn what_cannot_be_known_is_said() {
    let forbidden = |_: &RecordedRequest| Reply::Refused(403, "Forbidden", "pods is forbidden".to_owned());
    let (card, _) = card_of(call("chaosk8s.pod.actions.terminate_pods", json!({})), forbidden).await;
    assert!(
        card.consequences[0].contains("cannot be determined") && card.consequences[0].contains("forbidden"),
        "{card:?}"
    );
    let (card, asked) =
        card_of(json!({"type": "http", "url": "http://x/", "method": "POST"}), cluster(1)).await;
    assert_eq!((card.headline.as_str(), asked.len()), ("SEND POST", 0));
    let (card, _) = card_of(json!({"type": "process", "path": "rm"}), cluster(1)).await;
    assert_eq!(card.objects, ["rm"]);
    let (card, _) = card_of(call("my.module.func", json!({})), cluster(1)).await;
    assert_eq!(card.objects, ["my.module.func"]);
}
