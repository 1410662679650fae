//! kubectl, where it is installed: the acceptance list of kubernetes-wire 16, except for items that need running pods.

use crate::rig::{LONG, Rig, deployment};
use serde_json::json;
use tokio::time::timeout;

/// Runs kubectl, which must succeed, and returns its output. `None` if kubectl is not installed.
async fn works(rig: &Rig, arguments: &[&str]) -> Option<String> {
    let output = timeout(LONG, rig.kubectl(arguments)).await.unwrap()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "kubectl {arguments:?}\n{out}{err}");
    Some(out.into_owned())
}

/// Runs kubectl, which must fail with exit code 1, and returns its error output.
async fn fails(rig: &Rig, arguments: &[&str]) -> String {
    let output =
        timeout(LONG, rig.kubectl(arguments)).await.unwrap().expect("kubectl was there a moment ago");
    assert_eq!(output.status.code(), Some(1), "kubectl {arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn manifest(rig: &Rig, name: &str, object: &serde_json::Value) -> String {
    let path = rig.folder.path().join(name);
    std::fs::write(&path, object.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn getting_prints_tables_and_complaints() {
    let rig = Rig::start().await;
    let Some(pods) = works(&rig, &["get", "pods"]).await else { return };
    assert!(pods.starts_with("NAME   READY   STATUS    RESTARTS   AGE\na "), "{pods}");
    let everywhere = works(&rig, &["get", "pods", "-A", "-o", "wide"]).await.unwrap();
    assert!(everywhere.contains("NAMESPACE") && everywhere.contains("NODE") && everywhere.contains("node-1"));
    assert!(works(&rig, &["get", "all"]).await.unwrap().contains("pod/a"));
    for arguments in [
        &["get", "deploy,rs,svc,ep,events"][..],
        &["get", "pods", "-o", "yaml"],
        &["api-resources"],
        &["version"],
        &["describe", "pod", "a"],
        &["get", "pods", "--chunk-size=2"],
        &["auth", "can-i", "delete", "pods"],
    ] {
        works(&rig, arguments).await;
    }
    let selected = works(&rig, &["get", "pods", "-l", "pod in (a,b),!x", "-o", "name"]).await.unwrap();
    assert_eq!(selected, "pod/a\npod/b\n");
    let others =
        works(&rig, &["get", "pods", "--field-selector", "status.phase!=Running", "-o", "name"]).await;
    assert_eq!(others.unwrap(), "");
    assert!(fails(&rig, &["get", "pods", "-l", "{name}"]).await.contains("unable to parse requirement"));
    let missing = fails(&rig, &["get", "pod", "nope"]).await;
    assert_eq!(missing, "Error from server (NotFound): pods \"nope\" not found\n");
    assert_eq!(works(&rig, &["logs", "a"]).await.unwrap(), "log of main\n");
    assert_eq!(works(&rig, &["exec", "a", "--", "echo", "hi"]).await.unwrap(), "echo hi");
    assert!(fails(&rig, &["exec", "a", "--", "missing"]).await.contains("no such command: missing"));
    // kubectl up to 1.31 sends this request as JSON, later versions as protobuf.
    let imperative = rig.kubectl(&["create", "deployment", "d", "--image=x"]).await.unwrap();
    let hint = String::from_utf8_lossy(&imperative.stderr)
        .contains("`kubectl create deployment … --dry-run=client -o yaml | kubectl apply -f -`");
    assert!(imperative.status.success() || hint);
}

#[tokio::test]
async fn applying_tells_new_from_unchanged_from_configured() {
    let rig = Rig::start().await;
    let file = manifest(&rig, "web.json", &deployment("web", 1));
    let apply = ["apply", "-f", &file];
    let Some(created) = works(&rig, &apply).await else { return };
    assert_eq!(created, "deployment.apps/web created\n");
    assert_eq!(works(&rig, &apply).await.unwrap(), "deployment.apps/web unchanged\n");
    let edited = manifest(&rig, "edited.json", &deployment("web", 3));
    let difference = rig.kubectl(&["diff", "-f", &edited]).await.unwrap();
    let difference = String::from_utf8_lossy(&difference.stdout).into_owned();
    assert!(difference.contains("-  replicas: 1\n+  replicas: 3\n"), "{difference}");
    let versions: Vec<_> = difference.lines().filter(|line| line.contains("resourceVersion:")).collect();
    assert!(versions.iter().all(|line| line.starts_with(' ')), "a dry run makes no version: {difference}");
    let edit = ["apply", "-f", edited.as_str()];
    assert_eq!(works(&rig, &edit).await.unwrap(), "deployment.apps/web configured\n");
    let server_side = ["apply", "--server-side", "-f", edited.as_str()];
    assert_eq!(works(&rig, &server_side).await.unwrap(), "deployment.apps/web serverside-applied\n");
    let other = ["apply", "--server-side", "--field-manager=other", "-f", file.as_str()];
    assert!(fails(&rig, &other).await.contains("conflict with \"kubectl\" using apps/v1: .spec.replicas"));
    let typo = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "t"}, "spec": {"replcas": 1}});
    let typo = manifest(&rig, "typo.json", &typo);
    assert!(fails(&rig, &["apply", "-f", &typo]).await.contains("unknown field \"spec.replcas\""));
    for arguments in [
        &["scale", "deploy", "web", "--replicas=2"][..],
        &["scale", "deploy", "web", "--replicas=1", "--current-replicas=2"],
        &["set", "image", "deploy/web", "main=web:2"],
        &["rollout", "restart", "deploy/web"],
        &["label", "deploy", "web", "a=b"],
        &["annotate", "deploy", "web", "a=b"],
        &["delete", "deploy", "web"],
    ] {
        works(&rig, arguments).await;
    }
}

#[tokio::test]
async fn deleting_and_draining_wait_until_it_is_done() {
    let rig = Rig::start().await;
    let Some(deleted) = works(&rig, &["delete", "pod", "a"]).await else { return };
    assert!(deleted.contains("pod \"a\" deleted"), "{deleted}");
    works(&rig, &["delete", "pod", "b", "--grace-period=0", "--force"]).await;
    works(&rig, &["wait", "--for=condition=Ready", "pod/c", "--timeout=20s"]).await;
    works(&rig, &["drain", "node-1", "--force"]).await;
    assert!(works(&rig, &["get", "nodes"]).await.unwrap().contains("SchedulingDisabled"));
    assert_eq!(works(&rig, &["get", "pods", "-o", "name"]).await.unwrap(), "");
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_named_and_lists_are_applied() {
    let rig = Rig::start().await;
    let kinds = [
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("batch/v1", "CronJob"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "ReplicationController"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ];
    for (version, kind) in kinds {
        let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": {}});
        let file = manifest(&rig, "unknown.json", &object);
        let Some(output) = rig.kubectl(&["apply", "-f", &file]).await else { return };
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            error.contains(&format!("no matches for kind \"{kind}\" in version \"{version}\"")),
            "{error}"
        );
    }
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [map("one"), map("two")]});
    let file = manifest(&rig, "list.json", &list);
    let applied = works(&rig, &["apply", "-f", &file]).await.unwrap();
    assert_eq!(applied, "configmap/one created\nconfigmap/two created\n");
}
