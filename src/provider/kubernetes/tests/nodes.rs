use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

fn node(name: &str, conditions: &[(&str, &str)]) -> Json {
    let conditions: Vec<Json> =
        conditions.iter().map(|(kind, status)| json!({"type": kind, "status": status})).collect();
    json!({"metadata": {"name": name}, "status": {"conditions": conditions}})
}

fn two(asked: &RecordedRequest) -> Reply {
    match asked.method.as_str() {
        "GET" => Reply::List(
            "Node",
            vec![
                node("a", &[("Ready", "True"), ("PIDPressure", "False")]),
                node("b", &[("Ready", "True"), ("DiskPressure", "True")]),
            ],
        ),
        _ => Reply::Object(node("a", &[])),
    }
}

#[tokio::test]
async fn cordon_and_uncordon() {
    for (func, unschedulable) in [("cordon_node", true), ("uncordon_node", false)] {
        let address = format!("chaosk8s.node.actions.{func}");
        let played = play(&address, json!({"label_selector": "x=y"}), two).await;
        assert_eq!(played.value(), json!(["a", "b"]));
        assert_eq!(
            played.lines(),
            ["GET /api/v1/nodes?labelSelector=x=y", "PATCH /api/v1/nodes/a", "PATCH /api/v1/nodes/b"]
        );
        assert_eq!(played.asked[1].body, json!({"spec": {"unschedulable": unschedulable}}));
    }
    let none = |_: &RecordedRequest| Reply::List("Node", vec![]);
    let played = play("chaosk8s.node.actions.cordon_node", json!({"name": "x"}), none).await;
    assert!(played.failure().contains("no node is selected"), "{}", played.failure());
}

#[tokio::test]
async fn probes() {
    let table = [
        ("all_nodes_must_be_ready_to_schedule", json!({}), json!(true)),
        ("nodes_must_be_healthy", json!({}), json!(false)),
        ("verify_nodes_condition", json!({}), json!(false)),
        (
            "verify_nodes_condition",
            json!({"condition_type": "Ready", "condition_value": "True"}),
            json!(true),
        ),
        (
            "get_all_node_status_conditions",
            json!({}),
            json!([{"name": "a", "Ready": "True", "PIDPressure": "False"},
                   {"name": "b", "Ready": "True", "DiskPressure": "True"}]),
        ),
    ];
    for (func, arguments, wanted) in table {
        let played = play(&format!("chaosk8s.node.probes.{func}"), arguments, two).await;
        assert_eq!(played.value(), wanted, "{func}");
    }
    let played = play("chaosk8s.node.probes.get_nodes", json!({}), two).await;
    assert_eq!(played.value()["items"][1]["metadata"]["name"], json!("b"));
}

fn evictable(name: &str) -> Json {
    let mut pod = pod(name, "Running");
    pod["metadata"]["uid"] = json!(format!("uid-{name}"));
    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "r", "controller": true}]);
    pod
}

/// A node with pods `a` and `b`; the eviction of `b` is refused `refusals` times, and each pod is gone at the next
/// poll.
fn busy_node(refusals: u32) -> impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static {
    let left = Arc::new(AtomicU32::new(refusals));
    move |asked: &RecordedRequest| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/api/v1/nodes") => Reply::List("Node", vec![node("n", &[])]),
        ("GET", "/api/v1/pods") => Reply::List("Pod", vec![evictable("a"), evictable("b")]),
        ("POST", path) if path.ends_with("/b/eviction") && left.load(Ordering::SeqCst) > 0 => {
            left.fetch_sub(1, Ordering::SeqCst);
            Reply::Refused(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the budget".to_owned(),
            )
        }
        ("PATCH", _) => Reply::Object(node("n", &[])),
        ("GET", _) => Reply::Refused(404, "NotFound", "gone".to_owned()),
        _ => Reply::Object(json!({"kind": "Status", "status": "Success"})),
    }
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_the_budget() {
    let played = play("chaosk8s.node.actions.drain_nodes", json!({"name": "n"}), busy_node(3)).await;
    assert_eq!(played.value(), json!(["n"]));
    let lines = played.lines();
    assert_eq!(lines[1], "PATCH /api/v1/nodes/n", "cordoned first");
    assert_eq!(lines[2], "GET /api/v1/pods?fieldSelector=spec.nodeName=n");
    let evictions =
        |name: &str| lines.iter().filter(|line| line.ends_with(&format!("/{name}/eviction"))).count();
    assert_eq!((evictions("a"), evictions("b")), (1, 4));
    assert_eq!(played.progress.last().unwrap(), "n: 2 of 2 pods gone");
}

#[tokio::test(start_paused = true)]
async fn drain_gives_up_at_the_deadline_and_names_what_is_left() {
    let began = tokio::time::Instant::now();
    let arguments = json!({"name": "n", "timeout": 5});
    let played = play("chaosk8s.node.actions.drain_nodes", arguments, busy_node(1_000)).await;
    let refused = "the eviction of b is refused: Cannot evict pod as it would violate the budget";
    assert!(
        played.failure().ends_with(&format!("was not empty within 5 s; left: {refused}")),
        "{}",
        played.failure()
    );
    assert_eq!(played.progress.last().unwrap(), &format!("n: 1 of 2 pods gone; {refused}"));
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn drain_refuses_what_would_be_lost() {
    let reply = |asked: &RecordedRequest| match asked.path.as_str() {
        "/api/v1/nodes" => Reply::List("Node", vec![node("n", &[])]),
        "/api/v1/pods" => Reply::List("Pod", vec![evictable("a"), pod("lonely", "Running")]),
        _ => Reply::Object(node("n", &[])),
    };
    let played = play("chaosk8s.node.actions.drain_nodes", json!({}), reply).await;
    assert!(played.failure().contains("lonely"), "{}", played.failure());
    assert!(
        !played.lines().iter().any(|line| line.contains("eviction")),
        "nothing is evicted before that is known"
    );
}
