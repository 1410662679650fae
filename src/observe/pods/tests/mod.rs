mod picture;
mod watch;

use super::*;
use crate::{session::event::EventKind, test_support::activity};
use serde_json::{Value as Json, json};

/// The objects that these providers name.
fn in_play(providers: &[Json]) -> InPlay {
    let mut in_play = InPlay::new("default");
    for provider in providers {
        let activity = activity("probe", "activity", provider);
        in_play.add(&activity, &activity.provider.raw);
    }
    in_play
}

fn kubernetes(arguments: Json) -> Json {
    json!({"type": "python", "module": "chaosk8s.pod.actions", "func": "terminate_pods", "arguments": arguments})
}

fn pod(name: &str, label: &str) -> Json {
    json!({
        "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}"), "resourceVersion": "1",
            "labels": {"name": label, "pod-template-hash": "h"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{label}-h"),
                                 "uid": "r", "controller": true}]},
        "spec": {"containers": [{"name": format!("{label}-box")}]},
        "status": {"phase": "Running"},
    })
}

fn service(name: &str, label: &str, node_port: u16) -> Json {
    json!({
        "metadata": {"name": name, "namespace": "default", "resourceVersion": "1"},
        "spec": {"selector": {"name": label}, "ports": [{"port": 80, "nodePort": node_port}]},
    })
}

fn slice(service: &str, endpoints: &[(&str, bool)]) -> Json {
    let endpoints: Vec<Json> = endpoints
        .iter()
        .map(|(pod, ready)| {
            json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": pod}})
        })
        .collect();
    json!({
        "metadata": {"name": format!("{service}-1"), "namespace": "default", "resourceVersion": "1",
                     "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": endpoints,
    })
}

fn deployment(name: &str, desired: i32, ready: i32) -> Json {
    json!({
        "metadata": {"name": name, "namespace": "default", "resourceVersion": "1"},
        "spec": {"replicas": desired, "selector": {}, "template": {}},
        "status": {"readyReplicas": ready, "updatedReplicas": desired},
    })
}

/// The events in a few words each.
fn words(news: &[EventKind]) -> Vec<String> {
    news.iter()
        .map(|what| match what {
            EventKind::PodSeen(pod) => {
                format!("pod {} {}{}", pod.key.name, pod.status, if pod.in_play { " in play" } else { "" })
            }
            EventKind::PodGone(key) => format!("pod {} gone", key.name),
            EventKind::PodsCounted { states, .. } => format!("counts {states:?}"),
            EventKind::ServiceSeen(service) => {
                format!("service {} {}+{} {:?}", service.name, service.ready, service.not_ready, service.pods)
            }
            EventKind::WorkloadSeen(row) => format!("deployment {} {}/{}", row.name, row.ready, row.desired),
            EventKind::WorkloadGone { name, .. } => format!("deployment {name} gone"),
            EventKind::ClusterNoted(note) => format!("{} {} x{}", note.object, note.reason, note.count),
            EventKind::SourceChanged { source, state } => format!("{source:?} {state:?}"),
            other => format!("{other:?}"),
        })
        .collect()
}
