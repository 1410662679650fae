//! Deletions and evictions.

use crate::rig::{Rig, deployment, put};
use chaos_sandbox::store::{FOREGROUND, ORPHAN, Resource};
use serde_json::{Value, json};

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

#[tokio::test]
async fn a_pod_is_answered_with_itself_and_gets_its_grace() {
    let rig = Rig::start().await;
    let answer = rig.ask("DELETE", &format!("{PODS}/a"), &[], &json!({"gracePeriodSeconds": 5})).await;
    assert_eq!((answer.code, &answer.body["kind"]), (200, &json!("Pod")));
    assert_eq!(answer.body["metadata"]["deletionGracePeriodSeconds"], 5);
    assert!(answer.body["metadata"]["deletionTimestamp"].is_string());
    let at_once = rig.ask("DELETE", &format!("{PODS}/b?gracePeriodSeconds=0"), &[], &Value::Null).await;
    assert_eq!(at_once.body["kind"], "Pod");
    assert_eq!(rig.get(&format!("{PODS}/b")).await.code, 404);
}

#[tokio::test]
async fn a_deployment_goes_as_it_is_told() {
    let rig = Rig::start().await;
    for (name, body, finalizer) in [
        ("a", json!({}), None),
        ("b", json!({"propagationPolicy": "Background"}), None),
        ("c", json!({"propagationPolicy": "Foreground"}), Some(FOREGROUND)),
        ("d", json!({"propagationPolicy": "Orphan"}), Some(ORPHAN)),
        ("e", json!({"orphanDependents": true}), Some(ORPHAN)),
    ] {
        rig.post(DEPLOYMENTS, &deployment(name, 1)).await;
        let answer = rig.ask("DELETE", &format!("{DEPLOYMENTS}/{name}"), &[], &body).await;
        let left = rig.get(&format!("{DEPLOYMENTS}/{name}")).await;
        match finalizer {
            None => {
                assert_eq!(
                    (&answer.body["kind"], &answer.body["status"]),
                    (&json!("Status"), &json!("Success"))
                );
                assert_eq!(answer.body["details"]["kind"], "deployments");
                assert_eq!(left.code, 404);
            }
            Some(finalizer) => {
                assert_eq!(answer.body["kind"], "Deployment");
                assert_eq!(left.body["metadata"]["finalizers"], json!([finalizer]));
            }
        }
    }
    let foo = rig.ask("DELETE", &format!("{DEPLOYMENTS}/c"), &[], &json!({"propagationPolicy": "Foo"})).await;
    assert_eq!(foo.code, 422);
    assert_eq!(foo.body["details"]["causes"][0]["reason"], "FieldValueNotSupported");
    let other = rig.ask("DELETE", &format!("{PODS}/a"), &[], &json!({"preconditions": {"uid": "x"}})).await;
    assert_eq!((other.code, &other.body["reason"]), (409, &json!("Conflict")));
    let dry = rig.ask("DELETE", &format!("{PODS}/a?dryRun=All"), &[], &json!({})).await;
    assert_eq!(dry.code, 200);
    assert!(rig.get(&format!("{PODS}/a")).await.body["metadata"]["deletionTimestamp"].is_null());
}

#[tokio::test]
async fn a_collection_is_answered_with_what_went() {
    let rig = Rig::start().await;
    let answer = rig.ask("DELETE", &format!("{PODS}?labelSelector=pod+in+(a,b)"), &[], &Value::Null).await;
    assert_eq!((answer.code, &answer.body["kind"]), (200, &json!("PodList")));
    let names: Vec<&Value> =
        answer.body["items"].as_array().unwrap().iter().map(|pod| &pod["metadata"]["name"]).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(rig.get(&format!("{PODS}/c")).await.body["metadata"]["deletionTimestamp"].is_null());
}

#[tokio::test]
async fn namespaces_are_emptied_before_they_go() {
    let rig = Rig::start().await;
    assert_eq!(rig.post("/api/v1/namespaces", &json!({"metadata": {"name": "tmp"}})).await.code, 201);
    assert_eq!(rig.ask("DELETE", "/api/v1/namespaces/default", &[], &Value::Null).await.code, 403);
    let answer = rig.ask("DELETE", "/api/v1/namespaces/tmp", &[], &Value::Null).await;
    assert_eq!(answer.body["status"]["phase"], "Terminating");
    let late = rig.post("/api/v1/namespaces/tmp/configmaps", &json!({"metadata": {"name": "x"}})).await;
    assert_eq!((late.code, &late.body["reason"]), (403, &json!("Forbidden")));
}

#[tokio::test]
async fn evictions_respect_the_budget() {
    let rig = Rig::start().await;
    let spec = json!({"spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}});
    put(&rig.store, Resource::PodDisruptionBudgets, "default", "budget", spec);
    // The eviction bodies of the Python client and of kube-rs.
    let python = json!({"deleteOptions": {}, "metadata": {"name": "a", "namespace": "default"}});
    let kube_rs = json!({"delete_options": {"gracePeriodSeconds": 1}, "metadata": {"name": "b"}});
    let first = rig.post(&format!("{PODS}/a/eviction"), &python).await;
    assert_eq!((first.code, &first.body["status"]), (201, &json!("Success")));
    let second = rig.post(&format!("{PODS}/b/eviction"), &kube_rs).await;
    assert_eq!((second.code, &second.body["reason"]), (429, &json!("TooManyRequests")));
    let cause = &second.body["details"]["causes"][0];
    assert_eq!(cause["reason"], "DisruptionBudget");
    assert_eq!(cause["message"], "The disruption budget budget needs 2 healthy pods and has 2 currently");
    assert_eq!(rig.post(&format!("{PODS}/x/eviction"), &python).await.code, 404);
}
