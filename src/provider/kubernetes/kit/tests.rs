use super::*;
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    provider::kubernetes::resolve,
};
use serde_json::{Value as Json, json};

/// A Deployment as the server returns it.
fn deployment(replicas: u64) -> Json {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "app", "namespace": "default", "uid": "u-1", "resourceVersion": "77", "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"team": "a"},
            "annotations": {"deployment.kubernetes.io/revision": "2", "note": "kept"},
            "managedFields": [{"manager": "kubectl"}],
            "ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "y"}]
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"name": "app"}},
                 "template": {"metadata": {"labels": {"name": "app"}}, "spec": {"containers": [{"name": "main"}]}},
                 "fieldOfTheFuture": 1},
        "status": {"replicas": replicas}
    })
}

fn pod(name: &str, owned: bool) -> Json {
    let owners = if owned {
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-h", "uid": "r", "controller": true}])
    } else {
        json!([])
    };
    json!({
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z",
                     "labels": {"name": "app", "pod-template-hash": "h"}, "ownerReferences": owners},
        "spec": {"containers": [{"name": "main"}], "nodeName": "node-1"},
        "status": {"phase": "Running",
                   "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:08Z"}]}
    })
}

/// A Deployment `app` behind a Service, with a pod; `replicas` is its current number of replicas, `None` if it is
/// deleted.
fn cluster(
    replicas: Option<u64>,
    owned: bool,
) -> impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static {
    move |asked: &RecordedRequest| match (asked.method.as_str(), asked.path.rsplit('/').next().unwrap()) {
        ("PATCH", _) => Reply::Object(asked.body.clone()),
        ("POST", "selfsubjectaccessreviews") => {
            Reply::Object(json!({"metadata": {}, "spec": {}, "status": {"allowed": true}}))
        }
        (_, "pods") => Reply::List("Pod", vec![pod("app-h-1", owned)]),
        (_, "app-h-1") => Reply::Object(pod("app-h-1", owned)),
        (_, "services") => Reply::List(
            "Service",
            vec![
                json!({"metadata": {"name": "svc", "resourceVersion": "1"}, "spec": {"selector": {"name": "app"}}}),
                json!({"metadata": {"name": "other"}, "spec": {"selector": {"name": "other"}}}),
                json!({"metadata": {"name": "selects-nothing"}, "spec": {}}),
            ],
        ),
        (_, "deployments") => Reply::List("Deployment", replicas.map(deployment).into_iter().collect()),
        (_, "app") if replicas.is_some() => Reply::Object(deployment(replicas.unwrap())),
        _ => Reply::Refused(404, "NotFound", format!("{} not found", asked.path)),
    }
}

async fn saved(address: &str, arguments: Json, owned: bool) -> Option<SavedManifests> {
    let (module, func) = address.rsplit_once('.').unwrap();
    let (connection, asked) = answering(cluster(Some(2), owned));
    let arguments: Map = serde_json::from_value(arguments).unwrap();
    let saved = save(&connection, resolve(module, func).unwrap(), &arguments).await.unwrap();
    assert!(asked.lock().unwrap().iter().all(|asked| asked.method == "GET"), "saving only reads");
    saved
}

#[tokio::test]
async fn a_manifest_is_what_somebody_would_have_written() {
    let saved = saved("chaosk8s.actions.kill_microservice", json!({"name": "app"}), true).await.unwrap();
    let titles: Vec<String> = saved.manifests.iter().map(Manifest::title).collect();
    assert_eq!(titles, ["Deployment app", "Service svc"]);
    assert_eq!(
        saved.manifests[0].body.clone().unwrap(),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "app", "namespace": "default", "labels": {"team": "a"}, "annotations": {"note": "kept"}},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"name": "app"}},
                     "template": {"metadata": {"labels": {"name": "app"}}, "spec": {"containers": [{"name": "main"}]}},
                     "fieldOfTheFuture": 1}
        })
    );
    assert_eq!(
        saved.manifests[1].body.as_ref().map(|body| (body["apiVersion"].clone(), body["kind"].clone())),
        Some((json!("v1"), json!("Service")))
    );
}

#[tokio::test]
async fn each_harm_has_its_cost() {
    for (address, arguments, owned, titles, cost, needed) in [
        (
            "chaosk8s.actions.kill_microservice",
            json!({"name": "app"}),
            true,
            vec!["Deployment app", "Service svc"],
            "re-creates app, about 8 s",
            true,
        ),
        (
            "chaosk8s.deployment.actions.scale_deployment",
            json!({"name": "app", "replicas": 0}),
            true,
            vec!["Deployment app", "Service svc"],
            "puts app back to 2 replicas, about 8 s",
            true,
        ),
        (
            "chaosk8s.pod.actions.terminate_pods",
            json!({"label_selector": "name=app"}),
            true,
            vec!["Deployment app", "Service svc"],
            "nothing to undo: app starts a new pod by itself, about 8 s",
            false,
        ),
        (
            "chaosk8s.pod.actions.terminate_pods",
            json!({"label_selector": "name=app"}),
            false,
            vec!["Pod app-h-1", "Service svc"],
            "re-creates Pod app-h-1, about 8 s",
            true,
        ),
    ] {
        let saved = saved(address, arguments, owned).await.unwrap();
        let found: Vec<String> = saved.manifests.iter().map(Manifest::title).collect();
        assert_eq!(
            (found, saved.cost.as_str(), saved.needed),
            (titles.iter().map(|it| (*it).to_owned()).collect(), cost, needed)
        );
    }
    let bare = saved("chaosk8s.pod.actions.terminate_pods", json!({"label_selector": "name=app"}), false)
        .await
        .unwrap();
    assert_eq!(
        bare.manifests[0].body.as_ref().unwrap().pointer("/spec/nodeName"),
        None,
        "a pod made anew is placed anew"
    );
    assert_eq!(saved("chaosk8s.pod.actions.exec_in_pods", json!({"cmd": "ls"}), true).await, None);
}

#[tokio::test]
async fn containers_of_an_attack_come_back_by_themselves() {
    let (connection, _) = answering(cluster(Some(1), true));
    let saved = save_containers(&connection, "default", &["main".to_owned()]).await.unwrap().unwrap();
    assert_eq!((saved.manifests.len(), saved.needed), (2, false));
    assert!(saved.manifests.iter().all(|manifest| !manifest.touched), "the attack changes no object");
    assert_eq!(saved.cost, "nothing to undo: the kubelet starts the containers of app again");
}

/// The result of restoring the Deployment, saved with two replicas, and the requests that were sent.
async fn restored(now: Option<u64>) -> (Result<Restored, String>, Vec<String>) {
    let saved = saved("chaosk8s.actions.kill_microservice", json!({"name": "app"}), true).await.unwrap();
    let (connection, asked) = answering(cluster(now, true));
    let restored = restore(&connection, &saved.manifests[0]).await;
    let lines = asked.lock().unwrap().iter().map(RecordedRequest::line).collect();
    (restored, lines)
}

#[tokio::test]
async fn what_is_as_it_was_is_left_alone_and_what_is_not_is_put_back() {
    let (same, asked) = restored(Some(2)).await;
    assert_eq!((same, asked.len()), (Ok(Restored::Untouched), 1), "{asked:?}");
    for (now, wanted) in [(None, Restored::Created), (Some(0), Restored::PutBack)] {
        let (restored, asked) = restored(now).await;
        assert_eq!(restored, Ok(wanted));
        let apply =
            "PATCH /apis/apps/v1/namespaces/default/deployments/app?force=true&fieldManager=chaos-tui";
        assert_eq!(asked.last().unwrap(), apply);
    }
}

#[tokio::test]
async fn the_check_only_pretends_and_says_what_is_not_permitted() {
    let saved = saved("chaosk8s.actions.kill_microservice", json!({"name": "app"}), true).await.unwrap();
    let (connection, asked) = answering(cluster(Some(2), true));
    assert_eq!(check(&connection, &saved.manifests[0]).await, Ok(()));
    let asked = asked.lock().unwrap().clone();
    let patches: Vec<_> = asked.iter().filter(|asked| asked.method == "PATCH").collect();
    assert!(patches.len() == 1 && patches[0].query.contains("dryRun=All"), "{asked:?}");

    let (connection, _) = answering(|asked: &RecordedRequest| match asked.method.as_str() {
        "PATCH" => Reply::Object(asked.body.clone()),
        _ => Reply::Object(json!({"metadata": {}, "spec": {}, "status": {"allowed": false}})),
    });
    let refused = check(&connection, &saved.manifests[0]).await.unwrap_err();
    assert_eq!(refused, "you may not create deployments in default");
    let (connection, _) =
        answering(|_: &RecordedRequest| Reply::Refused(403, "Forbidden", "no patch for you".to_owned()));
    let refused = check(&connection, &saved.manifests[0]).await.unwrap_err();
    assert!(refused.contains("cannot apply Deployment app: no patch for you"), "{refused}");
}

/// A cluster with one node, whose policy exists or not, and whose Services may not be read.
fn nodes_and_policies(
    cordoned: bool,
    policy: bool,
) -> impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static {
    move |asked: &RecordedRequest| {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"a": "b"}},
                          "spec": if cordoned { json!({"unschedulable": true}) } else { json!({"podCIDR": "x"}) }});
        let rule = json!({"metadata": {"name": "chaostoolkit-deny-all-ingress", "namespace": "shop"},
                          "spec": {"podSelector": {}}});
        match (asked.method.as_str(), asked.path.rsplit('/').next().unwrap()) {
            ("PATCH" | "DELETE", _) => Reply::Object(node),
            ("POST", "selfsubjectaccessreviews") => {
                Reply::Object(json!({"metadata": {}, "spec": {}, "status": {"allowed": true}}))
            }
            (_, "nodes") => Reply::List("Node", vec![node]),
            (_, "n") => Reply::Object(node),
            (_, "chaostoolkit-deny-all-ingress") if policy => Reply::Object(rule),
            (_, "services") => Reply::Refused(403, "Forbidden", "no services for you".to_owned()),
            (_, "pods") => Reply::List("Pod", vec![pod("app-h-1", true)]),
            (_, "app") => Reply::Object(deployment(2)),
            _ => Reply::Refused(404, "NotFound", format!("{} not found", asked.path)),
        }
    }
}

/// What is saved for a step, what restoring it would do, and the writing requests when it is restored in a cluster that
/// has changed.
#[tokio::test]
async fn nodes_and_network_policies_are_put_back() {
    let policy = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/chaostoolkit-deny-all-ingress";
    let applied = "?force=true&fieldManager=chaos-tui";
    let shop = json!({"ns": "shop"});
    for (func, arguments, before, after, cost, needed, sent) in [
        (
            "node.actions.cordon_node",
            json!({"name": "n"}),
            (false, false),
            (true, false),
            "uncordons n",
            true,
            vec![format!("PATCH /api/v1/nodes/n{applied}")],
        ),
        (
            "node.actions.cordon_node",
            json!({"name": "n"}),
            (true, false),
            (true, false),
            "nothing to undo: n was cordoned before",
            false,
            vec![],
        ),
        (
            "node.actions.drain_nodes",
            json!({}),
            (false, false),
            (true, false),
            "uncordons n; pods that were evicted come back by themselves",
            true,
            vec![format!("PATCH /api/v1/nodes/n{applied}")],
        ),
        (
            "node.actions.uncordon_node",
            json!({}),
            (true, false),
            (false, false),
            "cordons n again",
            true,
            vec![format!("PATCH /api/v1/nodes/n{applied}")],
        ),
        (
            "networking.actions.deny_all_ingress",
            shop.clone(),
            (false, false),
            (false, true),
            "removes NetworkPolicy chaostoolkit-deny-all-ingress",
            true,
            vec![format!("DELETE {policy}")],
        ),
        (
            "networking.actions.deny_all_ingress",
            shop.clone(),
            (false, false),
            (false, false),
            "removes NetworkPolicy chaostoolkit-deny-all-ingress",
            true,
            vec![],
        ),
        (
            "networking.actions.remove_deny_all_ingress",
            shop,
            (false, true),
            (false, false),
            "puts NetworkPolicy chaostoolkit-deny-all-ingress back",
            true,
            vec![format!("PATCH {policy}{applied}")],
        ),
    ] {
        let (module, name) = func.rsplit_once('.').unwrap();
        let native = resolve(&format!("chaosk8s.{module}"), name).unwrap();
        let arguments: Map = serde_json::from_value(arguments).unwrap();
        let (connection, _) = answering(nodes_and_policies(before.0, before.1));
        let saved = save(&connection, native, &arguments).await.unwrap().unwrap();
        assert_eq!((saved.cost.as_str(), saved.needed), (cost, needed), "{func}");
        assert_eq!(check(&connection, &saved.manifests[0]).await, Ok(()), "{func}");
        let (connection, asked) = answering(nodes_and_policies(after.0, after.1));
        restore(&connection, &saved.manifests[0]).await.unwrap();
        let asked = asked.lock().unwrap();
        let writing: Vec<_> =
            asked.iter().filter(|asked| asked.method != "GET").map(RecordedRequest::line).collect();
        assert_eq!(writing, sent, "{func} {asked:?}");
    }
}

/// The Deployment and the Services of a killed pod are saved, but the step touches neither.
#[tokio::test]
async fn what_a_step_leaves_alone_may_be_unreadable() {
    let native = resolve("chaosk8s.pod.actions", "terminate_pods").unwrap();
    let arguments: Map = serde_json::from_value(json!({"label_selector": "name=app"})).unwrap();
    let (connection, _) = answering(nodes_and_policies(false, false));
    let saved = save(&connection, native, &arguments).await.unwrap().unwrap();
    let found: Vec<_> = saved.manifests.iter().map(|it| (it.title(), it.touched)).collect();
    assert_eq!(found, [("Deployment app".to_owned(), false)]);
}

#[tokio::test]
async fn what_still_terminates_is_not_applied() {
    let saved = saved("chaosk8s.actions.kill_microservice", json!({"name": "app"}), true).await.unwrap();
    let mut dying = deployment(2);
    dying["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:01:00Z");
    let (connection, asked) = answering(move |_: &RecordedRequest| Reply::Object(dying.clone()));
    let refused = restore(&connection, &saved.manifests[0]).await.unwrap_err();
    assert!(refused.contains("still terminating"), "{refused}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_shutdown_without_gremlin_is_the_deletion_of_the_same_pods() {
    let (connection, _) = answering(cluster(Some(1), true));
    let stand_in = async |arguments: Json| {
        let arguments: Map = serde_json::from_value(arguments).unwrap();
        let provider = crate::provider::gremlin::substitute_action(&arguments, &connection).await?;
        Some(serde_json::to_value(provider).unwrap())
    };
    let labels = json!({"io.kubernetes.container.name": "main"});
    let provider = |chosen: Json| json!({"type": "python", "module": "chaosk8s.pod.actions", "func": "terminate_pods", "arguments": chosen});
    let all = json!({"command": {"type": "shutdown"}, "labels": labels, "target": {}});
    let chosen = json!({"label_selector": "name=app", "all": true, "ns": "default"});
    assert_eq!(stand_in(all).await, Some(provider(chosen)));
    let one = json!({"command": {"type": "shutdown"}, "labels": labels, "target": {"type": "Random"}});
    let chosen = json!({"label_selector": "name=app", "qty": 1, "rand": true, "ns": "default"});
    assert_eq!(stand_in(one).await, Some(provider(chosen)));
    let latency = json!({"command": {"type": "latency"}, "labels": labels, "target": {}});
    assert_eq!(stand_in(latency).await, None, "a latency attack leaves the containers running");
    let unknown = json!({"io.kubernetes.container.name": "nobody"});
    let unknown = json!({"command": {"type": "shutdown"}, "labels": unknown, "target": {}});
    assert_eq!(stand_in(unknown).await, None);
}
