//! Watches, tested through their clients.

use crate::rig::{LONG, Rig, put, running_pod};
use chaos_sandbox::store::{Resource, Store};
use futures_util::{AsyncBufReadExt, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Value, json};
use tokio::time::timeout;

const PODS: &str = "/api/v1/namespaces/default/pods";

/// Returns the events of a watch until it ends.
async fn events(rig: &Rig, query: &str, accept: &str) -> Vec<Value> {
    let request = axum::http::Request::get(format!("{PODS}?watch=true&{query}")).header("accept", accept);
    let stream = rig.client.request_stream(request.body(Vec::new()).unwrap()).await.unwrap();
    let lines = stream.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    timeout(LONG, lines.collect()).await.unwrap()
}

fn seen(events: &[Value]) -> Vec<String> {
    let show = |event: &Value| {
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
        format!("{} {name}", event["type"].as_str().unwrap())
    };
    events.iter().map(show).collect()
}

fn relabel(store: &Store, name: &str, app: &str) {
    let change = |pod: Option<Value>| {
        let mut pod = pod.unwrap();
        pod["metadata"]["labels"]["app"] = app.into();
        Ok(Some(pod))
    };
    store.mutate(Resource::Pods, "default", name, change).unwrap();
}

#[tokio::test]
async fn without_a_version_everything_is_replayed_and_the_end_is_clean() {
    let rig = Rig::start().await;
    for query in ["timeoutSeconds=1", "timeoutSeconds=1&resourceVersion=0"] {
        assert_eq!(seen(&events(&rig, query, "*/*").await), ["ADDED a", "ADDED b", "ADDED c"], "{query}");
    }
    let named = "timeoutSeconds=1&fieldSelector=metadata.name%3Db";
    assert_eq!(seen(&events(&rig, named, "*/*").await), ["ADDED b"]);
    let bookmarked =
        events(&rig, "timeoutSeconds=1&allowWatchBookmarks=true&labelSelector=app%3Dx", "*/*").await;
    assert_eq!(seen(&bookmarked), ["BOOKMARK "], "the last word tells where to go on");
    assert_eq!(bookmarked[0]["object"]["kind"], "Pod");
    assert!(bookmarked[0]["object"]["metadata"].get("annotations").is_none());
}

#[tokio::test]
async fn crossing_a_selection_is_coming_and_going() {
    let rig = Rig::start().await;
    let from = rig.store.version();
    relabel(&rig.store, "a", "db");
    relabel(&rig.store, "b", "web");
    relabel(&rig.store, "a", "web");
    put(&rig.store, Resource::Pods, "elsewhere", "z", running_pod("z"));
    rig.store.mutate(Resource::Pods, "default", "c", |_| Ok(None)).unwrap();
    let query = format!("timeoutSeconds=1&resourceVersion={from}&labelSelector=app%3Dweb");
    let events = events(&rig, &query, "*/*").await;
    assert_eq!(seen(&events), ["DELETED a", "ADDED a", "DELETED c"]);
    let gone = &events[0]["object"]["metadata"];
    assert_eq!(gone["labels"]["app"], "web", "as it was when it was last seen");
    assert_eq!(gone["resourceVersion"], (from + 1).to_string());
}

#[tokio::test]
async fn a_version_from_another_life_is_too_old() {
    let rig = Rig::start().await;
    for version in [5, rig.store.version() + 1_000_000] {
        let events = events(&rig, &format!("resourceVersion={version}"), "*/*").await;
        assert_eq!(seen(&events), ["ERROR "]);
        assert_eq!(
            (&events[0]["object"]["code"], &events[0]["object"]["reason"]),
            (&json!(410), &json!("Expired"))
        );
    }
}

#[tokio::test]
async fn a_streaming_list_says_where_it_ends() {
    let rig = Rig::start().await;
    let query =
        "timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let events = events(&rig, query, "*/*").await;
    assert_eq!(seen(&events), ["ADDED a", "ADDED b", "ADDED c", "BOOKMARK ", "BOOKMARK "]);
    let end = &events[3]["object"]["metadata"];
    assert_eq!(end["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(end["resourceVersion"], rig.store.version().to_string());
}

#[tokio::test]
async fn tables_are_watched_row_by_row() {
    let rig = Rig::start().await;
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let events = events(&rig, "timeoutSeconds=1", table).await;
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["object"]["kind"], "Table");
    assert_eq!(events[0]["object"]["columnDefinitions"][0]["name"], "Name");
    assert!(events[1]["object"]["columnDefinitions"].is_null());
    assert_eq!(events[1]["object"]["rows"][0]["cells"][0], "b");
    assert!(events[1]["object"]["metadata"]["resourceVersion"].is_string());
}

#[tokio::test]
async fn many_changes_at_once_all_arrive() {
    let rig = Rig::start().await;
    let from = rig.store.version();
    for n in 0..1500 {
        relabel(&rig.store, "a", &format!("v{n}"));
    }
    let events = events(&rig, &format!("timeoutSeconds=1&resourceVersion={from}"), "*/*").await;
    assert_eq!(events.len(), 1500);
    assert_eq!(events[1499]["object"]["metadata"]["labels"]["app"], "v1499");
}

#[tokio::test]
async fn a_kube_rs_watcher_outlives_the_end_of_its_stream() {
    let rig = Rig::start().await;
    for config in
        [watcher::Config::default().timeout(1), watcher::Config::default().timeout(1).streaming_lists()]
    {
        let pods: Api<Pod> = Api::default_namespaced(rig.client.clone());
        let mut stream = watcher(pods, config).default_backoff().boxed();
        let mut names = Vec::new();
        loop {
            match timeout(LONG, stream.try_next()).await.unwrap().unwrap().unwrap() {
                watcher::Event::InitApply(pod) => names.push(pod.name_any()),
                watcher::Event::InitDone => break,
                _ => {}
            }
        }
        assert_eq!(names, ["a", "b", "c"]);
        // The server ends the first watch after a second; later changes must arrive through the next watch.
        let ended = async { timeout(std::time::Duration::from_millis(1500), stream.try_next()).await };
        assert!(ended.await.is_err(), "a quiet watch that reconnects tells nothing");
        relabel(&rig.store, "b", "changed");
        let event = timeout(LONG, stream.try_next()).await.unwrap().unwrap().unwrap();
        assert!(
            matches!(&event, watcher::Event::Apply(pod) if pod.labels()["app"] == "changed"),
            "{event:?}"
        );
        relabel(&rig.store, "b", "web");
    }
}

#[tokio::test]
async fn a_reader_that_falls_too_far_behind_lists_again() {
    let rig = Rig::start().await;
    let pods: Api<Pod> = Api::default_namespaced(rig.client.clone());
    let mut stream = watcher(pods, watcher::Config::default()).default_backoff().boxed();
    let mut next = async || timeout(LONG, stream.next()).await.unwrap().unwrap();
    while !matches!(next().await, Ok(watcher::Event::InitDone)) {}
    // The watch is open, but the client does not read while the history advances past its position.
    relabel(&rig.store, "a", "first");
    while !matches!(next().await, Ok(watcher::Event::Apply(_))) {}
    for n in 0..20_000 {
        relabel(&rig.store, "a", &format!("v{n}"));
    }
    let mut complained = false;
    loop {
        match next().await {
            Err(watcher::Error::WatchError(status)) => complained = status.code == 410,
            Ok(watcher::Event::InitApply(pod)) if pod.name_any() == "a" => {
                assert!(complained, "the reader was told why");
                assert_eq!(pod.labels()["app"], "v19999");
                return;
            }
            _ => {}
        }
    }
}
