//! What is saved by each function that changes the cluster, and what is said of it when it is put back.

use super::*;
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    provider::kubernetes::resolve,
};
use serde_json::{Value as Json, json};

/// An object of any kind; with a template if it is a workload.
fn object(name: &str) -> Json {
    json!({"metadata": {"name": name, "namespace": "default", "labels": {"name": "app"}},
           "spec": {"replicas": 3, "selector": {"matchLabels": {"name": "app"}},
                    "template": {"metadata": {"labels": {"name": "app"}}}}})
}

/// An object without pods: a Service or an Ingress.
fn plain(name: &str) -> Json {
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": {}})
}

fn pod(name: &str, ready: &str, restarts: u32, since: u32) -> Json {
    json!({"metadata": {"name": name, "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z",
                        "labels": {"name": "app"}},
           "spec": {"containers": [{"name": "main"}]},
           "status": {"phase": "Running",
                "containerStatuses": [{"name": "main", "image": "", "imageID": "", "ready": true, "restartCount": restarts}],
                "conditions": [
                    {"type": "Scheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:40Z"},
                    {"type": "Ready", "status": ready, "lastTransitionTime": format!("2026-01-01T00:00:{since:02}Z")}]}})
}

/// A cluster in which every list has one object named `it`, and these pods.
fn one_of_each(pods: Vec<Json>) -> impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static {
    move |asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap() {
        "pods" => Reply::List("Pod", pods.clone()),
        "services" if asked.query.is_empty() => Reply::List("Service", Vec::new()),
        "services" => Reply::List("Service", vec![plain("it")]),
        "deployments" => Reply::List("Deployment", vec![object("it")]),
        "statefulsets" => Reply::List("StatefulSet", vec![object("it")]),
        "daemonsets" => Reply::List("DaemonSet", vec![object("it")]),
        "replicasets" => Reply::List("ReplicaSet", vec![object("it")]),
        "ingresses" => Reply::List("Ingress", vec![plain("it")]),
        name if asked.path.contains("/services/") || asked.path.contains("/ingresses/") => {
            Reply::Object(plain(name))
        }
        name => Reply::Object(object(name)),
    }
}

fn map(arguments: Json) -> Map {
    serde_json::from_value(arguments).unwrap()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table, with a row for each function")]
async fn every_function_saves_what_it_names() {
    let apps = "/apis/apps/v1/namespaces/default";
    let named = "fieldSelector=metadata.name=it";
    let ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
    let by_name = json!({"name": "it"});
    let by_label = json!({"label_selector": "a=b"});
    let scaled = json!({"name": "it", "replicas": 0});
    let scaled_by_label = json!({"name": "it", "replicas": 0, "label_selector": "a=b"});
    let changed = json!({"name": "it", "spec": {}});
    for (address, arguments, asked_for, title, cost) in [
        (
            "deployment.actions.delete_deployment",
            &by_name,
            format!("{apps}/deployments?{named}"),
            "Deployment it",
            "re-creates it",
        ),
        (
            "deployment.actions.delete_deployment",
            &by_label,
            format!("{apps}/deployments?labelSelector=a=b"),
            "Deployment it",
            "re-creates it",
        ),
        (
            "deployment.actions.rollout_deployment",
            &by_name,
            format!("{apps}/deployments?{named}"),
            "Deployment it",
            "rolls it back",
        ),
        (
            "deployment.actions.scale_deployment",
            &scaled,
            format!("{apps}/deployments?{named}"),
            "Deployment it",
            "puts it back to 3 replicas",
        ),
        (
            "actions.scale_microservice",
            &scaled_by_label,
            format!("{apps}/deployments?{named}"),
            "Deployment it",
            "puts it back to 3 replicas",
        ),
        (
            "actions.kill_microservice",
            &json!({"name": "it", "label_selector": "a=b"}),
            format!("{apps}/deployments?labelSelector=a=b"),
            "Deployment it",
            "re-creates it",
        ),
        (
            "statefulset.actions.scale_statefulset",
            &scaled,
            format!("{apps}/statefulsets?{named}"),
            "StatefulSet it",
            "puts it back to 3 replicas",
        ),
        (
            "statefulset.actions.remove_statefulset",
            &by_label,
            format!("{apps}/statefulsets?labelSelector=a=b"),
            "StatefulSet it",
            "re-creates it",
        ),
        (
            "daemonset.actions.delete_daemon_set",
            &by_name,
            format!("{apps}/daemonsets?{named}"),
            "DaemonSet it",
            "re-creates it",
        ),
        (
            "replicaset.actions.delete_replica_set",
            &by_name,
            format!("{apps}/replicasets?{named}"),
            "ReplicaSet it",
            "re-creates it",
        ),
        (
            "service.actions.delete_service",
            &by_name,
            format!("/api/v1/namespaces/default/services?{named}"),
            "Service it",
            "re-creates Service it",
        ),
        (
            "actions.remove_service_endpoint",
            &by_name,
            format!("/api/v1/namespaces/default/services?{named}"),
            "Service it",
            "re-creates Service it",
        ),
        (
            "networking.actions.delete_ingress",
            &by_name,
            format!("{ingresses}?{named}"),
            "Ingress it",
            "re-creates Ingress it",
        ),
        (
            "networking.actions.update_ingress",
            &changed,
            format!("{ingresses}?{named}"),
            "Ingress it",
            "puts Ingress it back",
        ),
    ] {
        let (module, func) = address.rsplit_once('.').unwrap();
        let native = resolve(&format!("chaosk8s.{module}"), func).unwrap();
        let (connection, asked) = answering(one_of_each(Vec::new()));
        let saved = save(&connection, native, &map(arguments.clone())).await.unwrap();
        let saved = saved.unwrap_or_else(|| panic!("{address} saves nothing"));
        let found: Vec<_> = saved.manifests.iter().map(|it| (it.title(), it.touched)).collect();
        assert_eq!(found, [(title.to_owned(), true)], "{address}");
        assert_eq!((saved.cost.as_str(), saved.needed), (cost, true), "{address}");
        let first = asked.lock().unwrap()[0].line();
        assert_eq!(first, format!("GET {asked_for}"), "{address}");
    }
}

/// `name` of `delete_pods` is a pattern; `terminate_pods` has `name_pattern`.
#[tokio::test]
async fn only_pods_that_the_step_would_delete_are_saved() {
    let pods = || vec![pod("web-1", "True", 0, 8), pod("db-1", "True", 0, 8)];
    for (func, arguments) in [
        ("delete_pods", json!({"name": "web-.*"})),
        ("terminate_pods", json!({"name_pattern": "web-.*", "all": true})),
    ] {
        let (connection, _) = answering(one_of_each(pods()));
        let native = resolve("chaosk8s.pod.actions", func).unwrap();
        let saved = save(&connection, native, &map(arguments)).await.unwrap().unwrap();
        let titles: Vec<String> = saved.manifests.iter().map(Manifest::title).collect();
        assert_eq!(titles, ["Pod web-1"], "{func}");
    }
    let (connection, _) = answering(one_of_each(pods()));
    let native = resolve("chaosk8s.pod.actions", "delete_pods").unwrap();
    let saved = save(&connection, native, &map(json!({}))).await.unwrap().unwrap();
    assert_eq!(saved.manifests.len(), 2, "without a name all of them");
}

/// A pod that was restarted became ready again later, and says nothing about how long its start took.
#[tokio::test]
async fn the_slowest_start_without_a_restart_is_what_a_start_costs() {
    let native = resolve("chaosk8s.deployment.actions", "delete_deployment").unwrap();
    for (pods, cost) in [
        (
            vec![pod("a", "True", 0, 8), pod("b", "True", 0, 12), pod("c", "True", 1, 50)],
            "re-creates it, about 12 s",
        ),
        (vec![pod("a", "True", 0, 0)], "re-creates it, about 1 s"),
        (vec![pod("a", "False", 0, 8)], "re-creates it"),
        (vec![pod("a", "True", 1, 8)], "re-creates it"),
    ] {
        let (connection, _) = answering(one_of_each(pods));
        let saved = save(&connection, native, &map(json!({"name": "it"}))).await.unwrap().unwrap();
        assert_eq!(saved.cost, cost);
    }
}

#[tokio::test]
async fn a_policy_that_exists_is_put_back_and_another_object_that_is_gone_by_now_is_no_matter() {
    let (connection, _) = answering(|asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap() {
        "deployments" => Reply::List("Deployment", vec![object("it")]),
        _ => Reply::Refused(404, "NotFound", "not found".to_owned()),
    });
    let native = resolve("chaosk8s.deployment.actions", "delete_deployment").unwrap();
    let saved = save(&connection, native, &map(json!({"name": "it"}))).await.unwrap().unwrap();
    assert_eq!((saved.manifests.len(), saved.cost.as_str(), saved.needed), (0, "nothing to undo", false));
}

#[tokio::test]
async fn a_node_that_is_cordoned_by_nobody_needs_no_undo_of_an_uncordon() {
    let (connection, _) = answering(|asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap() {
        "nodes" => Reply::List("Node", vec![object("n")]),
        _ => Reply::Object(object("n")),
    });
    let native = resolve("chaosk8s.node.actions", "uncordon_node").unwrap();
    let saved = save(&connection, native, &map(json!({"name": "n"}))).await.unwrap().unwrap();
    assert_eq!((saved.cost.as_str(), saved.needed), ("nothing to undo: n was not cordoned before", false));
    let body = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"unschedulable": false}});
    assert_eq!(saved.manifests[0].body, Some(body), "of a node nothing else is saved");
}

fn manifest(kind: SavedKind, body: Option<Json>) -> Manifest {
    Manifest { kind, namespace: "default".to_owned(), name: "it".to_owned(), body, touched: true }
}

#[test]
fn what_was_done_is_told() {
    let scaled = |replicas: u64| Some(json!({"spec": {"replicas": replicas}}));
    let cordoned = |is: bool| Some(json!({"spec": {"unschedulable": is}}));
    for (restored, kind, body, words) in [
        (Restored::PutBack, SavedKind::Node, cordoned(true), "Node it was cordoned again"),
        (Restored::PutBack, SavedKind::Node, cordoned(false), "Node it was uncordoned"),
        (Restored::PutBack, SavedKind::Deployment, scaled(1), "Deployment it was put back, with 1 replica"),
        (Restored::PutBack, SavedKind::Ingress, Some(json!({})), "Ingress it was put back"),
        (Restored::Removed, SavedKind::NetworkPolicy, None, "NetworkPolicy it was removed"),
        (Restored::Untouched, SavedKind::NetworkPolicy, None, "NetworkPolicy it does not exist, as before"),
        (Restored::Untouched, SavedKind::Deployment, scaled(2), "Deployment it is as it was saved"),
        (Restored::Created, SavedKind::Deployment, scaled(2), "Deployment it was re-created"),
    ] {
        assert_eq!(restored.words(&manifest(kind, body)), words);
    }
}

#[tokio::test]
async fn each_kind_needs_its_own_permission() {
    for (kind, body, verb) in [
        (SavedKind::NetworkPolicy, None, "delete"),
        (SavedKind::NetworkPolicy, Some(json!({})), "create"),
        (SavedKind::Node, Some(json!({})), "patch"),
    ] {
        let (connection, asked) = answering(|asked: &RecordedRequest| match asked.method.as_str() {
            "PATCH" => Reply::Object(object("it")),
            _ => Reply::Object(json!({"metadata": {}, "spec": {}, "status": {"allowed": true}})),
        });
        assert_eq!(check(&connection, &manifest(kind, body)).await, Ok(()));
        let asked = asked.lock().unwrap();
        let review = asked.iter().find(|asked| asked.method == "POST").unwrap();
        assert_eq!(review.body.pointer("/spec/resourceAttributes/verb"), Some(&json!(verb)), "{kind:?}");
    }
}

#[tokio::test]
async fn a_node_that_left_is_not_made_and_a_policy_that_goes_meanwhile_is_gone() {
    let gone = || Reply::Refused(404, "NotFound", "not found".to_owned());
    let (connection, asked) = answering(move |_: &RecordedRequest| gone());
    let refused = restore(&connection, &manifest(SavedKind::Node, Some(json!({})))).await.unwrap_err();
    assert_eq!(refused, "the node has left the cluster");
    assert!(asked.lock().unwrap().iter().all(|asked| asked.method == "GET"));
    for (code, wanted) in
        [(404, Ok(Restored::Removed)), (403, Err("cannot delete NetworkPolicy it: not you".to_owned()))]
    {
        let (connection, _) = answering(move |asked: &RecordedRequest| match asked.method.as_str() {
            "DELETE" => Reply::Refused(code, "Reason", "not you".to_owned()),
            _ => Reply::Object(object("it")),
        });
        let done = restore(&connection, &manifest(SavedKind::NetworkPolicy, None)).await;
        match wanted {
            Ok(wanted) => assert_eq!(done, Ok(wanted)),
            Err(wanted) => {
                let refused = done.unwrap_err();
                assert!(refused.starts_with(&wanted), "{refused}");
            }
        }
    }
}
