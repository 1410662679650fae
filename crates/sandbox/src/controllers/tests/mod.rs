//! Tests of all controllers on one store, with a kubelet that makes every pod ready immediately.

mod scheduling;
mod stateful_set;

use super::*;
use crate::{
    network::Delays,
    store::{ChangeKind, Deletion, Object, Propagation, Resource, Selectors, Store},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

struct Cluster {
    store: Store,
    _loops: JoinSet<()>,
}

impl Cluster {
    /// Starts one node, the controllers and an instant kubelet.
    fn start() -> Self {
        let store = Store::new();
        for (resource, namespace, name) in [
            (Resource::Namespaces, "", "default"),
            (Resource::Nodes, "", "one"),
            (Resource::Nodes, "", "two"),
        ] {
            store.mutate(resource, namespace, name, |_| Ok(Some(json!({})))).unwrap();
        }
        let network = Network::new(Delays::NONE);
        let mut loops = start(&store, &network, &EventRecorder::new(store.clone()), |_| {});
        loops.spawn(instant_kubelet(store.clone(), store.version()));
        Self { store, _loops: loops }
    }

    fn apply(&self, resource: Resource, name: &str, object: Value) -> Arc<Object> {
        let written = self.store.mutate(resource, "default", name, |_| Ok(Some(object))).unwrap();
        written.object().unwrap().clone()
    }

    fn edit(&self, resource: Resource, name: &str, edit: impl FnOnce(&mut Value)) {
        let change = |known: Option<Value>| {
            let mut known = known.expect("it is there");
            edit(&mut known);
            Ok(Some(known))
        };
        self.store.mutate(resource, "default", name, change).unwrap();
    }

    fn get(&self, resource: Resource, name: &str) -> Value {
        self.store.get(resource, "default", name).map(|object| object.value()).unwrap_or_default()
    }

    fn all(&self, resource: Resource) -> Vec<Value> {
        let listing = self.store.list(resource, Some("default"), &Selectors::default());
        listing.objects.iter().map(|object| object.value()).collect()
    }

    /// Waits until a condition holds. Time is paused: the deadline passes only when no task can make progress.
    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let mut ticked = self.store.ticked();
        let wait = async {
            while !holds() {
                ticked.changed().await.unwrap();
            }
        };
        assert!(
            tokio::time::timeout(Duration::from_secs(3600), wait).await.is_ok(),
            "never: {what}\npods: {:#?}",
            self.all(Resource::Pods)
        );
    }

    async fn complete(&self, deployment: &str, replicas: i64) {
        self.until("the Deployment is complete", || {
            let found = self.get(Resource::Deployments, deployment);
            let status = &found["status"];
            status["observedGeneration"] == found["metadata"]["generation"]
                && ["replicas", "updatedReplicas", "availableReplicas"]
                    .iter()
                    .all(|key| status[*key].as_i64().unwrap_or(0) == replicas)
                && status["unavailableReplicas"].is_null()
                && self.all(Resource::Pods).len() == usize::try_from(replicas).unwrap()
        })
        .await;
    }
}

/// Marks every bound pod as running immediately, and removes a deleted pod immediately.
async fn instant_kubelet(store: Store, mut cursor: u64) {
    let mut ticked = store.ticked();
    for count in 1_u32.. {
        let changes = store.changes_of(Resource::Pods, cursor, usize::MAX).unwrap();
        cursor = changes.cursor;
        for change in changes.changes.iter().filter(|change| change.kind != ChangeKind::Deleted) {
            let Some(object) = store.get(Resource::Pods, &change.object.namespace, &change.object.name)
            else {
                continue;
            };
            let pod = object.value();
            if !pod["metadata"]["deletionTimestamp"].is_null() {
                let _ = store.delete(
                    Resource::Pods,
                    &object.namespace,
                    &object.name,
                    &Deletion::now(&object.uid),
                );
            } else if pod["spec"]["nodeName"].is_string() && pod["status"]["podIP"].is_null() {
                store
                    .mutate(Resource::Pods, &object.namespace, &object.name, |pod| {
                        Ok(pod.map(|mut pod| {
                            pod["status"]["phase"] = "Running".into();
                            pod["status"]["podIP"] = format!("10.0.{}.{}", count / 250, count % 250).into();
                            pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
                            pod
                        }))
                    })
                    .unwrap();
            }
        }
        if ticked.changed().await.is_err() {
            return;
        }
    }
}

fn deployment(replicas: i64, image: &str) -> Value {
    json!({"spec": {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}]},
        },
    }})
}

fn names(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|object| ownership::name(object).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_deployment_makes_a_replica_set_that_makes_pods() {
    let cluster = Cluster::start();
    cluster.apply(Resource::Deployments, "web", deployment(2, "a"));
    cluster.complete("web", 2).await;
    let sets = cluster.all(Resource::ReplicaSets);
    let [set] = sets.as_slice() else { panic!("one set: {sets:#?}") };
    let hash = set["metadata"]["labels"]["pod-template-hash"].as_str().unwrap();
    assert_eq!(set["metadata"]["name"], format!("web-{hash}"));
    for pod in cluster.all(Resource::Pods) {
        assert!(ownership::name(&pod).starts_with(&format!("web-{hash}-")));
        assert_eq!(ownership::controller(&pod).unwrap()["name"], set["metadata"]["name"]);
        assert_eq!(pod["metadata"]["labels"], json!({"app": "web", "pod-template-hash": hash}));
    }
    let found = cluster.get(Resource::Deployments, "web");
    assert_eq!(found["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let conditions = found["status"]["conditions"].as_array().unwrap();
    assert_eq!(condition::get(conditions, "Available").unwrap()["status"], "True");
    assert_eq!(condition::get(conditions, "Progressing").unwrap()["reason"], "NewReplicaSetAvailable");
    let nodes: Vec<_> =
        cluster.all(Resource::Pods).iter().map(|pod| pod["spec"]["nodeName"].clone()).collect();
    assert_ne!(nodes[0], nodes[1], "the scheduler spreads");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pod_is_replaced_and_a_finished_one_too() {
    let cluster = Cluster::start();
    cluster.apply(Resource::Deployments, "web", deployment(1, "a"));
    cluster.complete("web", 1).await;
    let first = names(&cluster.all(Resource::Pods));
    cluster.store.delete(Resource::Pods, "default", &first[0], &Deletion::default()).unwrap();
    cluster.until("another pod", || names(&cluster.all(Resource::Pods)) != first).await;
    cluster.complete("web", 1).await;
    let second = names(&cluster.all(Resource::Pods));
    cluster.edit(Resource::Pods, &second[0], |pod| pod["status"]["phase"] = "Failed".into());
    cluster.until("a third pod", || cluster.all(Resource::Pods).len() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn scaling_follows_at_once() {
    let cluster = Cluster::start();
    cluster.apply(Resource::Deployments, "web", deployment(1, "a"));
    cluster.complete("web", 1).await;
    cluster.edit(Resource::Deployments, "web", |web| web["spec"]["replicas"] = 4.into());
    cluster.complete("web", 4).await;
    cluster.edit(Resource::Deployments, "web", |web| web["spec"]["replicas"] = 0.into());
    cluster.complete("web", 0).await;
    let status = &cluster.get(Resource::Deployments, "web")["status"];
    assert!(
        status["replicas"].is_null() && status["availableReplicas"].is_null(),
        "zeros are left out: {status}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rolling_update_never_falls_below_what_was_wanted_and_can_be_undone() {
    let cluster = Cluster::start();
    cluster.apply(Resource::Deployments, "web", deployment(3, "a"));
    cluster.complete("web", 3).await;
    let started = cluster.store.version();
    let before = cluster.get(Resource::Deployments, "web")["spec"]["template"].clone();
    cluster.edit(Resource::Deployments, "web", |web| {
        web["spec"]["template"]["spec"]["containers"][0]["image"] = "b".into();
    });
    cluster.complete("web", 3).await;
    let history = cluster.store.changes_of(Resource::Deployments, started, usize::MAX).unwrap();
    for change in history.changes {
        let status = change.object.value()["status"].clone();
        assert!(status["availableReplicas"].as_i64() >= Some(3), "{status}");
        assert!(status["replicas"].as_i64() <= Some(4), "{status}");
    }
    assert_eq!(cluster.all(Resource::ReplicaSets).len(), 2);

    // `rollout undo` writes the template back through Go's types, which add and drop empty fields.
    cluster.edit(Resource::Deployments, "web", |web| {
        web["spec"]["template"] = before.clone();
        web["spec"]["template"]["metadata"]["creationTimestamp"] = Value::Null;
        web["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({});
    });
    cluster.complete("web", 3).await;
    assert_eq!(cluster.all(Resource::ReplicaSets).len(), 2, "the first set is used again");
    let found = cluster.get(Resource::Deployments, "web");
    assert_eq!(found["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
}

#[tokio::test(start_paused = true)]
async fn recreate_and_paused_are_respected() {
    let cluster = Cluster::start();
    let mut web = deployment(2, "a");
    web["spec"]["strategy"] = json!({"type": "Recreate"});
    cluster.apply(Resource::Deployments, "web", web);
    cluster.complete("web", 2).await;
    cluster.edit(Resource::Deployments, "web", |web| {
        web["spec"]["paused"] = true.into();
        web["spec"]["replicas"] = 3.into();
        web["spec"]["template"]["spec"]["containers"][0]["image"] = "b".into();
    });
    cluster.until("it only grows", || cluster.all(Resource::Pods).len() == 3).await;
    assert!(cluster.all(Resource::Pods).iter().all(|pod| pod["spec"]["containers"][0]["image"] == "a"));
    cluster.edit(Resource::Deployments, "web", |web| web["spec"]["paused"] = false.into());
    cluster
        .until("the new image runs", || {
            cluster.all(Resource::Pods).iter().all(|pod| pod["spec"]["containers"][0]["image"] == "b")
        })
        .await;
    cluster.complete("web", 3).await;
}

#[tokio::test(start_paused = true)]
async fn pods_are_adopted_and_released_by_their_labels() {
    let cluster = Cluster::start();
    let pod = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": []},
    });
    cluster.apply(Resource::Pods, "stray", pod);
    let set = json!({"spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}},
    }});
    let set = cluster.apply(Resource::ReplicaSets, "web", set);
    let owned =
        |name: &str| ownership::controller_uid(&cluster.get(Resource::Pods, name)) == Some(set.uid.as_str());
    cluster.until("the stray pod is adopted", || owned("stray")).await;
    assert_eq!(cluster.all(Resource::Pods).len(), 1);
    cluster.edit(Resource::Pods, "stray", |pod| pod["metadata"]["labels"]["app"] = "aside".into());
    cluster
        .until("it is released and replaced", || !owned("stray") && cluster.all(Resource::Pods).len() == 2)
        .await;
}

#[tokio::test(start_paused = true)]
async fn endpoints_and_slices_follow_the_ready_pods() {
    let cluster = Cluster::start();
    let service = json!({"spec": {
        "selector": {"app": "web"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    }});
    cluster.apply(Resource::Services, "web", service);
    let ready = || {
        let slices = cluster.all(Resource::EndpointSlices);
        let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
        endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true).count()
    };
    cluster.until("an empty slice", || !cluster.all(Resource::EndpointSlices).is_empty()).await;
    cluster.apply(Resource::Deployments, "web", deployment(2, "a"));
    cluster.until("two ready endpoints", || ready() == 2).await;
    let slice = &cluster.all(Resource::EndpointSlices)[0];
    assert_eq!(slice["ports"], json!([{"port": 8080, "protocol": "TCP", "name": "http"}]));
    assert_eq!(slice["metadata"]["labels"]["kubernetes.io/service-name"], "web");
    let addresses = || {
        let endpoints = cluster.get(Resource::Endpoints, "web");
        endpoints["subsets"][0]["addresses"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(addresses(), 2);
    let pods = names(&cluster.all(Resource::Pods));
    cluster.edit(Resource::Pods, &pods[0], |pod| pod["status"]["conditions"][0]["status"] = "False".into());
    cluster.until("one of them is out", || ready() == 1 && addresses() == 1).await;
    cluster.edit(Resource::Deployments, "web", |web| web["spec"]["replicas"] = 0.into());
    cluster
        .until("nobody", || ready() == 0 && cluster.get(Resource::Endpoints, "web")["subsets"].is_null())
        .await;
    cluster.store.delete(Resource::Services, "default", "web", &Deletion::default()).unwrap();
    cluster
        .until("both are gone", || {
            cluster.all(Resource::EndpointSlices).is_empty() && cluster.all(Resource::Endpoints).is_empty()
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn deleting_an_owner_takes_its_children_in_the_way_that_was_asked() {
    for (propagation, owner_stays, pods_stay) in [
        (Propagation::Background, false, false),
        (Propagation::Foreground, true, false),
        (Propagation::Orphan, true, true),
    ] {
        let cluster = Cluster::start();
        cluster.apply(Resource::Deployments, "web", deployment(2, "a"));
        cluster.complete("web", 2).await;
        let deletion = Deletion { propagation: Some(propagation), ..Deletion::default() };
        cluster.store.delete(Resource::Deployments, "default", "web", &deletion).unwrap();
        let there = || cluster.store.get(Resource::Deployments, "default", "web").is_some();
        assert_eq!(there(), owner_stays, "{propagation:?}: right after the deletion");
        cluster.until("the owner is gone", || !there()).await;
        if pods_stay {
            let sets = cluster.all(Resource::ReplicaSets);
            assert_eq!((sets.len(), cluster.all(Resource::Pods).len()), (1, 2));
            assert!(ownership::controller(&sets[0]).is_none(), "the set has no owner any more");
        } else {
            let empty =
                || cluster.all(Resource::ReplicaSets).is_empty() && cluster.all(Resource::Pods).is_empty();
            assert!(propagation != Propagation::Foreground || empty(), "the children went first");
            cluster.until("the children are gone", empty).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_is_furnished_and_emptied() {
    let cluster = Cluster::start();
    let make = |name: &str| cluster.store.mutate(Resource::Namespaces, "", name, |_| Ok(Some(json!({}))));
    make("demo").unwrap();
    let account = || cluster.store.get(Resource::ServiceAccounts, "demo", "default").is_some();
    cluster.until("a service account", account).await;
    cluster.store.mutate(Resource::Deployments, "demo", "web", |_| Ok(Some(deployment(1, "a")))).unwrap();
    let pods = || cluster.store.list(Resource::Pods, Some("demo"), &Selectors::default()).objects.len();
    cluster.until("a pod", || pods() == 1).await;
    cluster.store.delete(Resource::Namespaces, "", "demo", &Deletion::default()).unwrap();
    cluster.until("it is gone", || cluster.store.get(Resource::Namespaces, "", "demo").is_none()).await;
    assert_eq!(pods(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_budget_counts_the_healthy() {
    let cluster = Cluster::start();
    let budget = json!({"spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}});
    cluster.apply(Resource::PodDisruptionBudgets, "web", budget);
    cluster.apply(Resource::Deployments, "web", deployment(3, "a"));
    let allowed =
        || cluster.get(Resource::PodDisruptionBudgets, "web")["status"]["disruptionsAllowed"].clone();
    cluster.until("one may go", || allowed() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_nothing_acts_on_is_said_to_be_so() {
    let cluster = Cluster::start();
    cluster.apply(Resource::DaemonSets, "agent", json!({"spec": {}}));
    let said = || cluster.all(Resource::Events).iter().any(|event| event["reason"] == "NotSupported");
    cluster.until("it is said", said).await;
}
