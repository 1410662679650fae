use super::*;
use serde_json::json;

fn pod(labels: Value) -> Value {
    json!({"metadata": {"labels": labels}, "spec": {"nodeName": "n", "terminationGracePeriodSeconds": 7}})
}

fn create(store: &Store, resource: Resource, name: &str, object: Value) -> Arc<Object> {
    let written = store.mutate(resource, "default", name, |_| Ok(Some(object))).unwrap();
    assert!(matches!(written, Written::Created(_)));
    written.object().unwrap().clone()
}

fn edit(store: &Store, resource: Resource, name: &str, edit: impl FnOnce(&mut Value)) -> Written {
    store
        .mutate(resource, "default", name, |object| {
            let mut object = object.unwrap();
            edit(&mut object);
            Ok(Some(object))
        })
        .unwrap()
}

#[test]
fn creating_stamps_identity_and_version() {
    let store = Store::new();
    let start = store.version();
    let object = create(&store, Resource::Deployments, "web", json!({"metadata": {"generation": 9}})).value();
    assert_eq!(object["kind"], "Deployment");
    assert_eq!(object["apiVersion"], "apps/v1");
    assert_eq!(object["metadata"]["namespace"], "default");
    assert_eq!(object["metadata"]["generation"], 1);
    assert_eq!(object["metadata"]["resourceVersion"], (start + 1).to_string());
    assert_eq!(object["metadata"]["uid"].as_str().unwrap().len(), 36);
}

#[test]
fn what_changes_nothing_makes_no_version_and_no_event() {
    let store = Store::new();
    create(&store, Resource::Pods, "a", pod(json!({"app": "x"})));
    let version = store.version();
    let written = edit(&store, Resource::Pods, "a", |pod| {
        pod["metadata"]["labels"]["app"] = "x".into();
        pod["metadata"]["resourceVersion"] = "1".into();
        pod["metadata"]["uid"] = "forged".into();
    });
    assert!(!written.changed());
    assert_eq!(store.version(), version);
    assert!(store.changes_since(version).unwrap().changes.is_empty());
}

#[test]
fn generations_count_changes_of_spec_and_the_deletion_mark() {
    let store = Store::new();
    let spec = json!({"spec": {"replicas": 1}, "metadata": {"finalizers": ["x/y"]}});
    let uid = create(&store, Resource::Deployments, "web", spec).uid.clone();
    let generation = |written: &Written| written.object().unwrap().value()["metadata"]["generation"].clone();
    assert_eq!(
        generation(&edit(&store, Resource::Deployments, "web", |d| d["status"]["replicas"] = 1.into())),
        1
    );
    assert_eq!(
        generation(&edit(&store, Resource::Deployments, "web", |d| d["spec"]["replicas"] = 2.into())),
        2
    );
    let marked = store.delete(Resource::Deployments, "default", "web", &Deletion::now(&uid)).unwrap();
    assert_eq!(generation(&marked), 3);
    assert!(matches!(marked, Written::Updated(_)));
}

#[test]
fn a_refusal_writes_nothing() {
    let store = Store::new();
    let version = store.version();
    let refused = store.mutate(Resource::Pods, "default", "a", |_| Err(Status::bad_request("no")));
    assert_eq!(refused.unwrap_err().message, "no");
    assert_eq!(store.version(), version);
}

#[test]
fn a_rehearsal_writes_nothing() {
    let store = Store::new();
    let written = store.dry_run(Resource::Pods, "default", "a", |_| Ok(Some(json!({})))).unwrap();
    assert!(matches!(written, Written::Created(_)));
    assert!(written.object().unwrap().value()["metadata"].get("resourceVersion").is_none());
    assert!(store.get(Resource::Pods, "default", "a").is_none());

    let real = create(&store, Resource::Pods, "a", pod(json!({})));
    let change = |_| Ok(Some(json!({"spec": {"changed": true}})));
    let written = store.dry_run(Resource::Pods, "default", "a", change).unwrap();
    assert_eq!(written.object().unwrap().version, real.version, "what is not written has no new version");
    assert_eq!(store.version(), real.version);
}

#[test]
fn the_history_tells_what_was_before() {
    let store = Store::new();
    let start = store.version();
    create(&store, Resource::Pods, "a", pod(json!({"app": "x"})));
    edit(&store, Resource::Pods, "a", |pod| pod["metadata"]["labels"]["app"] = "y".into());
    store.mutate(Resource::Pods, "default", "a", |_| Ok(None)).unwrap();
    let changes = store.changes_of(Resource::Pods, start, 10).unwrap().changes;
    let kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted]);
    assert_eq!(changes[1].previous.as_ref().unwrap().labels["app"], "x");
    assert_eq!(changes[2].object.labels["app"], "y");
    assert_eq!(changes[2].object.version, start + 3);
    assert_eq!(changes[2].object.value()["metadata"]["resourceVersion"], (start + 3).to_string());
}

#[test]
fn versions_of_another_life_are_too_old() {
    let store = Store::new();
    let start = store.version();
    assert!(store.changes_since(start - 1).is_err());
    assert!(store.changes_of(Resource::Pods, 5, 10).is_err());
    assert!(store.changes_of(Resource::Pods, start + 1, 10).is_err(), "the future is not known either");
}

#[test]
fn the_history_is_bounded() {
    let store = Store::new();
    let start = store.version();
    for n in 0..5000 {
        store.mutate(Resource::ConfigMaps, "default", "a", |_| Ok(Some(json!({"data": {"n": n}})))).unwrap();
    }
    let too_old = store.changes_of(Resource::ConfigMaps, start, 10).unwrap_err();
    assert_eq!(too_old.oldest, store.version() - 4096);
    assert_eq!(store.changes_of(Resource::ConfigMaps, too_old.oldest, 10).unwrap().changes.len(), 10);
    assert!(store.changes_of(Resource::Pods, start, 10).is_ok(), "a busy kind does not age a quiet one");
}

#[test]
fn a_pod_on_a_node_gets_its_grace_and_is_hurried_but_not_slowed() {
    let store = Store::new();
    let uid = create(&store, Resource::Pods, "a", pod(json!({}))).uid.clone();
    let delete = |grace| {
        let deletion = Deletion { grace, ..Deletion::default() };
        store.delete(Resource::Pods, "default", "a", &deletion).unwrap()
    };
    let seconds = |written: Written| {
        written.object().unwrap().value()["metadata"]["deletionGracePeriodSeconds"].clone()
    };
    assert_eq!(seconds(delete(None)), 7);
    assert_eq!(seconds(delete(Some(3))), 3);
    assert_eq!(seconds(delete(Some(30))), 3);
    let gone = store.delete(Resource::Pods, "default", "a", &Deletion::now(&uid)).unwrap();
    assert!(matches!(gone, Written::Deleted(_)));
}

#[test]
fn a_pod_that_runs_nowhere_goes_at_once() {
    for pod in [json!({"spec": {}}), json!({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}})] {
        let store = Store::new();
        create(&store, Resource::Pods, "a", pod);
        let gone = store.delete(Resource::Pods, "default", "a", &Deletion::default()).unwrap();
        assert!(matches!(gone, Written::Deleted(_)));
    }
}

#[test]
fn the_last_finalizer_takes_the_object_with_it() {
    let store = Store::new();
    create(&store, Resource::Deployments, "web", json!({"spec": {}}));
    let foreground = Deletion { propagation: Some(Propagation::Foreground), ..Deletion::default() };
    let marked = store.delete(Resource::Deployments, "default", "web", &foreground).unwrap();
    assert_eq!(marked.object().unwrap().value()["metadata"]["finalizers"], json!([FOREGROUND]));
    let again = store.delete(Resource::Deployments, "default", "web", &Deletion::default()).unwrap();
    assert!(!again.changed(), "an unspecific deletion keeps what an earlier one asked for");
    let freed = edit(&store, Resource::Deployments, "web", |d| d["metadata"]["finalizers"] = json!([]));
    assert!(matches!(freed, Written::Deleted(_)));
    assert!(store.get(Resource::Deployments, "default", "web").is_none());
}

#[test]
fn preconditions_are_checked() {
    let store = Store::new();
    create(&store, Resource::Pods, "a", pod(json!({})));
    let refused = store.delete(Resource::Pods, "default", "a", &Deletion::now("another")).unwrap_err();
    assert_eq!(refused.code, 409);
    assert!(refused.message.contains("UID in precondition: another"));
    assert_eq!(store.delete(Resource::Pods, "default", "b", &Deletion::default()).unwrap_err().code, 404);
}

#[test]
fn children_are_found_by_their_owners_uid() {
    let store = Store::new();
    let owner = |uid: &str| json!({"metadata": {"ownerReferences": [{"uid": uid}]}});
    create(&store, Resource::Pods, "a", owner("one"));
    create(&store, Resource::Pods, "b", owner("one"));
    assert_eq!(store.children("one").len(), 2);
    edit(&store, Resource::Pods, "a", |pod| pod["metadata"]["ownerReferences"] = json!([{"uid": "two"}]));
    store.mutate(Resource::Pods, "default", "b", |_| Ok(None)).unwrap();
    assert!(store.children("one").is_empty());
    assert_eq!(store.children("two")[0].name, "a");
}

#[test]
fn pages_follow_one_another() {
    let store = Store::new();
    for name in ["a", "b", "c"] {
        create(&store, Resource::Pods, name, pod(json!({})));
    }
    store.mutate(Resource::Pods, "other", "z", |_| Ok(Some(json!({})))).unwrap();
    let first = Page { after: None, limit: 2 };
    let listing = store.page(Resource::Pods, Some("default"), &Selectors::default(), &first);
    assert_eq!(listing.remaining, 1);
    let second = Page { after: listing.objects.last().map(|object| object.key()), limit: 2 };
    let listing = store.page(Resource::Pods, Some("default"), &Selectors::default(), &second);
    assert_eq!((listing.objects[0].name.as_str(), listing.objects.len(), listing.remaining), ("c", 1, 0));
    assert_eq!(store.list(Resource::Pods, None, &Selectors::default()).objects.len(), 4);
}

#[tokio::test]
async fn a_write_wakes_whoever_waits() {
    let store = Store::new();
    let mut ticked = store.ticked();
    create(&store, Resource::Pods, "a", pod(json!({})));
    ticked.changed().await.unwrap();
    assert_eq!(*ticked.borrow(), store.version());
}
