//! Tests of the `StatefulSet` controller.

use super::*;

fn stateful_set(replicas: u32, image: &str) -> Value {
    json!({
        "spec": {
            "replicas": replicas,
            "serviceName": "web",
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

/// Returns the name and the image of each pod.
fn pods(cluster: &Cluster) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pods = cluster.all(Resource::Pods);
    pods.iter()
        .map(|pod| (text(&pod["metadata"]["name"]), text(&pod["spec"]["containers"][0]["image"])))
        .collect()
}

fn expected(images: &[&str]) -> Vec<(String, String)> {
    images.iter().enumerate().map(|(at, image)| (format!("web-{at}"), (*image).to_owned())).collect()
}

/// Returns the created and deleted pods in the order of the events, such as `+0` and `-2`.
fn steps(cluster: &Cluster) -> Vec<String> {
    let mut events = cluster.all(Resource::Events);
    events
        .sort_by_key(|event| event["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap());
    let step = |event: &Value| {
        let sign = match event["reason"].as_str()? {
            "SuccessfulCreate" => "+",
            "SuccessfulDelete" => "-",
            _ => return None,
        };
        let name = event["message"].as_str()?.split(' ').nth(2)?.strip_prefix("web-")?;
        Some(format!("{sign}{name}"))
    };
    events.iter().filter_map(step).collect()
}

async fn complete(cluster: &Cluster, replicas: u64) {
    cluster
        .until("the StatefulSet is complete", || {
            let set = cluster.get(Resource::StatefulSets, "web");
            let status = &set["status"];
            status["observedGeneration"] == set["metadata"]["generation"]
                && status["readyReplicas"].as_u64().unwrap_or(0) == replicas
                && status["replicas"] == replicas
                && status["currentRevision"] == status["updateRevision"]
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn pods_come_in_order_and_go_in_reverse_order() {
    let cluster = Cluster::start();
    cluster.apply(Resource::StatefulSets, "web", stateful_set(3, "a"));
    complete(&cluster, 3).await;
    assert_eq!(pods(&cluster), expected(&["a", "a", "a"]));
    let pod = cluster.get(Resource::Pods, "web-1");
    assert_eq!(pod["spec"]["hostname"], "web-1");
    assert_eq!(pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"], "web-1");
    assert_eq!(pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"], "1");
    cluster.edit(Resource::StatefulSets, "web", |set| set["spec"]["replicas"] = 1.into());
    complete(&cluster, 1).await;
    assert_eq!(pods(&cluster), expected(&["a"]));
    assert_eq!(steps(&cluster), ["+0", "+1", "+2", "-2", "-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pod_comes_back_under_its_name() {
    let cluster = Cluster::start();
    cluster.apply(Resource::StatefulSets, "web", stateful_set(2, "a"));
    complete(&cluster, 2).await;
    let before = cluster.get(Resource::Pods, "web-0")["metadata"]["uid"].clone();
    cluster.store.delete(Resource::Pods, "default", "web-0", &Deletion::default()).unwrap();
    let replaced = || {
        let uid = cluster.get(Resource::Pods, "web-0")["metadata"]["uid"].clone();
        uid.is_string() && uid != before
    };
    cluster.until("it is back", replaced).await;
    complete(&cluster, 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_replaces_the_pods_from_the_last_to_the_first_down_to_the_partition() {
    let cluster = Cluster::start();
    cluster.apply(Resource::StatefulSets, "web", stateful_set(3, "a"));
    complete(&cluster, 3).await;
    let revision = cluster.get(Resource::StatefulSets, "web")["status"]["currentRevision"].clone();
    cluster.edit(Resource::StatefulSets, "web", |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = "b".into();
        set["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    });
    cluster.until("two are updated", || pods(&cluster) == expected(&["a", "b", "b"])).await;
    let ready = || cluster.get(Resource::StatefulSets, "web")["status"]["readyReplicas"] == 3;
    cluster.until("all are ready", ready).await;
    cluster.store.delete(Resource::Pods, "default", "web-0", &Deletion::default()).unwrap();
    let old = || {
        let pod = cluster.get(Resource::Pods, "web-0");
        pod["metadata"]["deletionTimestamp"].is_null()
            && pod["metadata"]["labels"]["controller-revision-hash"] == revision
    };
    cluster.until("what is below the partition keeps its revision", old).await;
    assert_eq!(pods(&cluster), expected(&["a", "b", "b"]));
    cluster.edit(Resource::StatefulSets, "web", |set| {
        set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 0.into();
    });
    complete(&cluster, 3).await;
    assert_eq!(pods(&cluster), expected(&["b", "b", "b"]));
    assert_ne!(cluster.get(Resource::StatefulSets, "web")["status"]["currentRevision"], revision);
}

#[tokio::test(start_paused = true)]
async fn parallel_pods_do_not_wait_for_each_other() {
    let cluster = Cluster::start();
    let mut set = stateful_set(3, "a");
    set["spec"]["podManagementPolicy"] = "Parallel".into();
    // No node takes the pods, so none becomes ready.
    set["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    cluster.apply(Resource::StatefulSets, "web", set);
    cluster.until("all are created", || pods(&cluster).len() == 3).await;
    let mut ordered = stateful_set(3, "a");
    ordered["spec"]["selector"]["matchLabels"]["app"] = "db".into();
    ordered["spec"]["template"]["metadata"]["labels"]["app"] = "db".into();
    ordered["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    cluster.apply(Resource::StatefulSets, "db", ordered);
    let observed = || cluster.get(Resource::StatefulSets, "db")["status"]["replicas"] == 1;
    cluster.until("the first is created", observed).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(cluster.get(Resource::Pods, "db-1").is_null(), "an ordered one waits for the first");
}
