use super::*;

const NOW: &str = "2026-11-23T12:00:00Z";

fn row(resource: Resource, object: Value) -> String {
    let cells = cells(resource, &object, NOW.parse().unwrap());
    assert_eq!(cells.len(), columns(resource).len(), "one cell a column");
    cells.iter().map(|cell| cell.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("|")
}

fn pod(metadata: Value, status: Value) -> String {
    let pod = json!({"metadata": metadata, "spec": {"containers": [{"name": "c"}], "nodeName": "n1"}, "status": status});
    row(Resource::Pods, pod)
}

#[test]
fn ages_are_short() {
    let table = [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (310, "5m10s"),
        (600, "10m"),
        (10_800, "3h"),
        (11_700, "3h15m"),
        (30_000, "8h"),
        (180_000, "2d2h"),
        (800_000, "9d"),
        (70_000_000, "2y80d"),
        (300_000_000, "9y"),
    ];
    for (seconds, text) in table {
        assert_eq!(age::short(seconds), text, "{seconds}");
    }
    assert_eq!(age::since(None, NOW.parse().unwrap()), "<unknown>");
}

#[test]
fn pods_say_how_they_are_in_one_word() {
    let born = json!({"name": "p", "creationTimestamp": "2026-11-23T11:59:48Z"});
    let running = json!({"phase": "Running", "podIP": "127.64.0.1", "containerStatuses": [
        {"ready": true, "restartCount": 0, "state": {"running": {}}}]});
    assert_eq!(pod(born.clone(), running.clone()), "p|1/1|Running|0|12s|127.64.0.1|n1|<none>|<none>");

    let crashed = json!({"phase": "Running", "containerStatuses": [{"ready": false, "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"finishedAt": "2026-11-23T11:55:00Z"}}}]});
    assert_eq!(pod(born.clone(), crashed), "p|0/1|CrashLoopBackOff|2 (5m ago)|12s|<none>|n1|<none>|<none>");

    let mut leaving = born.clone();
    leaving["deletionTimestamp"] = NOW.into();
    assert!(pod(leaving, running).contains("|1/1|Terminating|"));

    let words = [
        (json!({"phase": "Pending"}), "Pending"),
        (json!({"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        (
            json!({"phase": "Succeeded", "containerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}]}),
            "Completed",
        ),
        (
            json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}),
            "ExitCode:3",
        ),
        (
            json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 137, "signal": 9}}}]}),
            "Signal:9",
        ),
        (
            json!({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}),
            "ContainerCreating",
        ),
        (json!({"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}}]}), "Init:0/0"),
        (
            json!({"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}),
            "Init:Error",
        ),
    ];
    for (status, word) in words {
        assert!(pod(born.clone(), status.clone()).contains(&format!("|0/1|{word}|")), "{status}");
    }
}

#[test]
fn other_kinds_have_their_columns() {
    let template =
        json!({"spec": {"containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "j"}]}});
    let workload = json!({"metadata": {"name": "w"}, "spec": {"replicas": 3, "template": template,
        "selector": {"matchLabels": {"a": "b"}}}, "status": {"replicas": 2, "readyReplicas": 1}});
    assert_eq!(row(Resource::Deployments, workload.clone()), "w|1/3|0|0|<unknown>|c,d|i,j|a=b");
    assert_eq!(row(Resource::ReplicaSets, workload.clone()), "w|3|2|1|<unknown>|c,d|i,j|a=b");
    assert_eq!(row(Resource::StatefulSets, workload.clone()), "w|1/3|<unknown>|c,d|i,j");
    assert_eq!(row(Resource::DaemonSets, workload), "w|0|0|0|0|0|<none>|<unknown>|c,d|i,j|a=b");

    let service = json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "clusterIP": "127.96.0.1",
        "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 81}], "selector": {"a": "b"}}});
    assert_eq!(
        row(Resource::Services, service),
        "s|NodePort|127.96.0.1|<none>|80:30080/TCP,81/TCP|<unknown>|a=b"
    );
    let balanced = json!({"metadata": {"name": "s"}, "spec": {"type": "LoadBalancer"}});
    assert_eq!(row(Resource::Services, balanced), "s|LoadBalancer|<none>|<pending>|<none>|<unknown>|<none>");

    let subset =
        json!({"addresses": [{"ip": "1"}, {"ip": "2"}, {"ip": "3"}, {"ip": "4"}], "ports": [{"port": 80}]});
    let endpoints = json!({"metadata": {"name": "e"}, "subsets": [subset]});
    assert_eq!(row(Resource::Endpoints, endpoints), "e|1:80,2:80,3:80 + 1 more...|<unknown>");
    assert_eq!(row(Resource::Endpoints, json!({"metadata": {"name": "e"}})), "e|<none>|<unknown>");

    let node = json!({"metadata": {"name": "n", "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {"unschedulable": true}, "status": {"conditions": [{"type": "Ready", "status": "True"}],
        "nodeInfo": {"kubeletVersion": "v1"}}});
    let cells = row(Resource::Nodes, node);
    assert!(cells.starts_with("n|Ready,SchedulingDisabled|worker|<unknown>|v1|<none>|"), "{cells}");

    let event = json!({"metadata": {"name": "ev"}, "involvedObject": {"kind": "Pod", "name": "p"}, "type": "Normal",
        "reason": "Killing", "message": "Stopping\n", "count": 3, "firstTimestamp": "2026-11-23T11:00:00Z",
        "lastTimestamp": "2026-11-23T11:59:00Z", "source": {"component": "kubelet", "host": "n"}});
    assert_eq!(
        row(Resource::Events, event),
        "60s (x3 over 60m)|Normal|Killing|pod/p||kubelet, n|Stopping|60m|3|ev"
    );
    for resource in Resource::ALL {
        row(resource, json!({}));
    }
}
