//! Tests of the scheduler.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_cordoned_node_gets_nothing_and_waiting_pods_go_once_one_is_free() {
    let cluster = Cluster::start();
    let cordon = |name: &str, cordoned: bool| {
        cluster
            .store
            .mutate(Resource::Nodes, "", name, |node| {
                let mut node = node.unwrap();
                node["spec"]["unschedulable"] = cordoned.into();
                Ok(Some(node))
            })
            .unwrap();
    };
    cordon("one", true);
    cordon("two", true);
    cluster.apply(Resource::Pods, "waits", json!({"spec": {"containers": []}}));
    let refused = || cluster.all(Resource::Events).iter().any(|event| event["reason"] == "FailedScheduling");
    cluster.until("it is refused", refused).await;
    let message = cluster.all(Resource::Events)[0]["message"].clone();
    assert_eq!(
        message,
        "0/2 nodes are available: 2 node(s) were unschedulable. preemption: 0/2 nodes are available: \
         2 Preemption is not helpful for scheduling."
    );
    cordon("two", false);
    cluster.until("it is placed", || cluster.get(Resource::Pods, "waits")["spec"]["nodeName"] == "two").await;
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_asks_for_more_than_a_node_has_left_waits_until_another_one_goes() {
    let cluster = Cluster::start();
    for node in ["one", "two"] {
        let capacity = |node: Option<Value>| {
            let mut node = node.unwrap();
            node["status"]["allocatable"] = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
            Ok(Some(node))
        };
        cluster.store.mutate(Resource::Nodes, "", node, capacity).unwrap();
    }
    let pod = |cpu: &str| json!({"spec": {"containers": [{"resources": {"requests": {"cpu": cpu}}}]}});
    for name in ["a", "b"] {
        cluster.apply(Resource::Pods, name, pod("3"));
        cluster
            .until("it is placed", || cluster.get(Resource::Pods, name)["spec"]["nodeName"].is_string())
            .await;
    }
    cluster.apply(Resource::Pods, "waits", pod("2"));
    let refused = |name: &str| {
        let events = cluster.all(Resource::Events);
        let about = events
            .iter()
            .find(|event| event["reason"] == "FailedScheduling" && event["involvedObject"]["name"] == name);
        about.map(|event| event["message"].as_str().unwrap().to_owned())
    };
    cluster.until("it is refused", || refused("waits").is_some()).await;
    assert_eq!(
        refused("waits").unwrap(),
        "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: \
         2 No preemption victims found for incoming pod."
    );
    cluster.apply(Resource::Pods, "never", pod("8"));
    cluster.until("it is refused", || refused("never").is_some()).await;
    assert!(refused("never").unwrap().ends_with("2 Preemption is not helpful for scheduling."));
    let now = Deletion::now(cluster.get(Resource::Pods, "a")["metadata"]["uid"].as_str().unwrap());
    cluster.store.delete(Resource::Pods, "default", "a", &now).unwrap();
    cluster
        .until("it is placed", || cluster.get(Resource::Pods, "waits")["spec"]["nodeName"].is_string())
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_tainted_node_takes_only_pods_that_tolerate_it() {
    let cluster = Cluster::start();
    for node in ["one", "two"] {
        let taint = |node: Option<Value>| {
            let mut node = node.unwrap();
            node["spec"]["taints"] = json!([{"key": "disk", "value": "slow", "effect": "NoSchedule"}]);
            Ok(Some(node))
        };
        cluster.store.mutate(Resource::Nodes, "", node, taint).unwrap();
    }
    cluster.apply(Resource::Pods, "waits", json!({"spec": {"containers": []}}));
    let refused = || cluster.all(Resource::Events).iter().any(|event| event["reason"] == "FailedScheduling");
    cluster.until("it is refused", refused).await;
    let message = cluster.all(Resource::Events)[0]["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("0/2 nodes are available: 2 node(s) had untolerated taint {disk: slow}."),
        "{message}"
    );
    for (name, toleration) in [
        ("value", json!({"key": "disk", "value": "slow", "effect": "NoSchedule"})),
        ("exists", json!({"key": "disk", "operator": "Exists"})),
        ("all", json!({"operator": "Exists"})),
    ] {
        cluster.apply(Resource::Pods, name, json!({"spec": {"containers": [], "tolerations": [toleration]}}));
        cluster.until(name, || cluster.get(Resource::Pods, name)["spec"]["nodeName"].is_string()).await;
    }
}
