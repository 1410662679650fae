//! Common operations of a kube-rs client.

use crate::rig::{LONG, Rig, deployment};
use futures_util::AsyncReadExt;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Event, Pod},
};
use kube::{
    Api, Discovery, ResourceExt,
    api::{AttachParams, DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, time::timeout};

#[tokio::test]
async fn objects_are_made_changed_scaled_and_deleted() {
    let rig = Rig::start().await;
    let api: Api<Deployment> = Api::default_namespaced(rig.client.clone());
    let wanted: Deployment = serde_json::from_value(deployment("web", 2)).unwrap();
    let made = api.create(&PostParams::default(), &wanted).await.unwrap();
    assert_eq!(made.metadata.generation, Some(1));
    assert_eq!(made.spec.as_ref().unwrap().revision_history_limit, Some(10), "defaults are filled");

    let params = PatchParams::apply("test");
    let merged = api.patch("web", &params, &Patch::Merge(json!({"spec": {"replicas": 3}}))).await.unwrap();
    assert_eq!((merged.metadata.generation, merged.spec.unwrap().replicas), (Some(2), Some(3)));
    let same = api.patch("web", &params, &Patch::Merge(json!({"spec": {"replicas": 3}}))).await.unwrap();
    assert_eq!(
        same.metadata.resource_version, merged.metadata.resource_version,
        "nothing changed, nothing is written"
    );

    let scale = api.get_scale("web").await.unwrap();
    assert_eq!(scale.status.unwrap().selector.as_deref(), Some("app=web"));
    let scale =
        api.patch_scale("web", &params, &Patch::Merge(json!({"spec": {"replicas": 0}}))).await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, None, "a scale leaves out its zero");
    api.restart("web").await.unwrap();

    let status = json!({"status": {"replicas": 7}, "spec": {"replicas": 9}});
    let patched = api.patch_status("web", &params, &Patch::Merge(status.clone())).await.unwrap();
    assert_eq!((patched.status.unwrap().replicas, patched.spec.unwrap().replicas), (Some(7), Some(0)));
    let patched = api.patch("web", &params, &Patch::Merge(json!({"status": {"replicas": 8}}))).await.unwrap();
    assert_eq!(patched.status.unwrap().replicas, Some(7), "the object's own path does not write its status");

    let mut stale = made.clone();
    stale.spec.as_mut().unwrap().replicas = Some(1);
    let refusal = api.replace("web", &PostParams::default(), &stale).await.unwrap_err();
    assert!(matches!(refusal, kube::Error::Api(status) if status.code == 409));
    api.delete("web", &DeleteParams::default()).await.unwrap();
    assert!(api.get_opt("web").await.unwrap().is_none());
}

#[tokio::test]
async fn applying_creates_agrees_and_conflicts() {
    let rig = Rig::start().await;
    let api: Api<Deployment> = Api::default_namespaced(rig.client.clone());
    let apply = |manager, force, replicas| {
        let params = PatchParams { force, ..PatchParams::apply(manager) };
        let api = api.clone();
        async move { api.patch("web", &params, &Patch::Apply(deployment("web", replicas))).await }
    };
    let made = apply("one", false, 2).await.unwrap();
    let again = apply("one", false, 2).await.unwrap();
    assert_eq!(made.metadata.resource_version, again.metadata.resource_version);
    let refusal = apply("two", false, 3).await.unwrap_err();
    let kube::Error::Api(status) = refusal else { panic!("{refusal}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert!(
        status.message.contains("conflict with \"one\" using apps/v1: .spec.replicas"),
        "{}",
        status.message
    );
    let forced = apply("two", true, 3).await.unwrap();
    assert_eq!(forced.spec.unwrap().replicas, Some(3));
    assert!(apply("one", false, 2).await.is_err(), "now it is the other's");
}

#[tokio::test]
async fn lists_come_in_pages_and_in_metadata() {
    let rig = Rig::start().await;
    let api: Api<Pod> = Api::default_namespaced(rig.client.clone());
    let first = api.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!((first.items.len(), first.metadata.remaining_item_count), (2, Some(1)));
    let version = first.metadata.resource_version.clone();
    let label = json!({"metadata": {"labels": {"x": "y"}}});
    api.patch("a", &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    let second = api.list(&ListParams::default().limit(2).continue_token(&token)).await.unwrap();
    assert_eq!(second.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["c"]);
    assert_eq!(
        second.metadata.resource_version, version,
        "a watch from here sees what changed between the pages"
    );
    assert!(second.metadata.continue_.is_none());

    let selected = ListParams::default().labels("pod in (a,b),!z").fields("status.phase=Running");
    let metadata = api.list_metadata(&selected).await.unwrap();
    assert_eq!(metadata.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(api.get_metadata("a").await.unwrap().labels()["app"], "web");
}

#[tokio::test]
async fn logs_and_commands_reach_the_machine() {
    let rig = Rig::start().await;
    let api: Api<Pod> = Api::default_namespaced(rig.client.clone());
    assert_eq!(api.logs("a", &LogParams::default()).await.unwrap(), "log of main\n");
    let limited = LogParams { limit_bytes: Some(3), ..LogParams::default() };
    assert_eq!(api.logs("a", &limited).await.unwrap(), "log");
    let mut followed =
        api.log_stream("a", &LogParams { follow: true, ..LogParams::default() }).await.unwrap();
    let mut line = [0; 12];
    timeout(LONG, followed.read_exact(&mut line)).await.unwrap().unwrap();
    assert_eq!(&line, b"log of main\n", "a followed log comes as it is written");

    let params = AttachParams::default().stdin(true).stderr(true);
    let mut process = api.exec("a", ["cat", "file"], &params).await.unwrap();
    let mut stdin = process.stdin().unwrap();
    let (mut stdout, mut stderr) = (process.stdout().unwrap(), process.stderr().unwrap());
    tokio::io::AsyncWriteExt::write_all(&mut stdin, b"input").await.unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    timeout(LONG, stdout.read_to_string(&mut out)).await.unwrap().unwrap();
    timeout(LONG, stderr.read_to_string(&mut err)).await.unwrap().unwrap();
    assert_eq!((out.as_str(), err.as_str()), ("cat file", "input"));
    let status = process.take_status().unwrap().await.unwrap();
    assert_eq!(status.status.as_deref(), Some("Success"));

    let mut process = api.exec("a", ["exit", "3"], &AttachParams::default()).await.unwrap();
    let status = process.take_status().unwrap().await.unwrap();
    assert_eq!(status.details.unwrap().causes.unwrap()[0].message.as_deref(), Some("3"));
}

#[tokio::test]
async fn discovery_finds_everything_both_ways() {
    let rig = Rig::start().await;
    for discovery in [
        Discovery::new(rig.client.clone()).run().await.unwrap(),
        Discovery::new(rig.client.clone()).run_aggregated().await.unwrap(),
    ] {
        let kinds: Vec<String> = discovery
            .groups()
            .flat_map(|api_group| api_group.recommended_resources())
            .map(|(resource, _)| format!("{}/{}", resource.api_version, resource.plural))
            .collect();
        for wanted in
            ["v1/pods", "apps/v1/deployments", "events.k8s.io/v1/events", "policy/v1/poddisruptionbudgets"]
        {
            assert!(kinds.iter().any(|kind| kind == wanted), "{wanted} is not in {kinds:?}");
        }
    }
    let version = rig.client.apiserver_version().await.unwrap();
    assert_eq!(version.major, "1");
    let index = rig.get("/openapi/v3").await.body;
    for (_, entry) in index["paths"].as_object().unwrap() {
        assert_eq!(rig.get(entry["serverRelativeURL"].as_str().unwrap()).await.code, 200);
    }
}

#[tokio::test]
async fn events_have_two_faces_and_old_versions_are_aliases() {
    let rig = Rig::start().await;
    let api: Api<Event> = Api::default_namespaced(rig.client.clone());
    let event = json!({"metadata": {"name": "e"}, "type": "Normal", "reason": "Killing", "message": "gone", "count": 2,
        "involvedObject": {"kind": "Pod", "name": "a"}, "source": {"component": "kubelet"},
        "firstTimestamp": "2026-11-23T00:00:00Z", "lastTimestamp": "2026-11-23T00:00:01Z"});
    api.create(&PostParams::default(), &serde_json::from_value(event).unwrap()).await.unwrap();
    let path = "/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name%3Da";
    let shown = rig.get(path).await.body["items"][0].clone();
    assert_eq!((&shown["note"], &shown["regarding"]["name"]), (&json!("gone"), &json!("a")));
    assert_eq!(shown["eventTime"], "2026-11-23T00:00:00.000000Z");
    assert_eq!(shown["reportingController"], "kubelet");

    let old = json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "old"}, "spec": {"template": {
        "metadata": {"labels": {"name": "old"}},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": 0.4}}}]}}}});
    let made = rig.post("/apis/apps/v1beta1/namespaces/default/deployments", &old).await;
    assert_eq!((made.code, &made.body["apiVersion"]), (201, &json!("apps/v1beta1")), "{}", made.body);
    let new = rig.get("/apis/apps/v1/namespaces/default/deployments/old").await.body;
    assert_eq!(new["spec"]["selector"], json!({"matchLabels": {"name": "old"}}));
    assert_eq!(new["metadata"]["labels"], json!({"name": "old"}));
    assert_eq!(new["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"], "400m");
    assert_eq!(new["apiVersion"], Value::from("apps/v1"));
}
