//! The events that the watches emit after a kill, and how soon they arrive.

use super::{activity, call, connection, map, settings};
use crate::stage::{DEADLINE, Stage, has_kubectl};
use chaos_tui::{
    observe::pods::{InPlay, watch},
    provider::kubernetes::Kubernetes,
    session::{
        EventKind,
        clock::Clock,
        event::PodPhase,
        stream::{Stream, stream},
    },
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const PROVIDER: &str = "my-provider-app";

/// Reads events until one satisfies the condition; on failure, prints the events read.
async fn until(stream: &mut Stream, what: &str, mut wanted: impl FnMut(&EventKind) -> bool) {
    let mut heard = Vec::new();
    let read = async {
        while let Some(event) = stream.next().await {
            if wanted(&event.what) {
                return;
            }
            heard.push(event.what);
        }
    };
    assert!(tokio::time::timeout(DEADLINE, read).await.is_ok(), "never: {what}; heard: {heard:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_as_the_operator_sees_it() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "1"]);
    let connection = connection(&stage).await;
    let terminate = json!({"type": "python", "module": "chaosk8s.pod.actions", "func": "terminate_pods",
        "arguments": {"label_selector": format!("name={PROVIDER}"), "grace_period": 0}});
    let ask = json!({"type": "http", "url": format!("{}/invoke", stage.announced("consumer_url"))});
    let mut in_play = InPlay::new("default");
    for provider in [&terminate, &ask] {
        in_play.add(&activity(provider), &map(provider.clone()));
    }
    let (emitter, mut stream) = stream(Clock::system());
    let stop = CancellationToken::new();
    let nothing_sought = tokio::sync::watch::Sender::default().subscribe();
    let task = watch(&connection, in_play, emitter, nothing_sought, stop.clone()).unwrap();

    let (mut pods, mut services, mut workloads) = (Vec::new(), Vec::new(), Vec::new());
    until(&mut stream, "everything in play is told", |what| {
        match what {
            EventKind::PodSeen(pod) if pod.in_play => pods.push(pod.owner.clone().unwrap()),
            EventKind::ServiceSeen(service) if service.ready == 1 => services.push(service.name.clone()),
            EventKind::WorkloadSeen(workload) if workload.ready == 1 => workloads.push(workload.name.clone()),
            _ => {}
        }
        let both = |names: &[String], ending: &str| {
            ["my-consumer", "my-provider"].iter().all(|name| names.contains(&format!("{name}-{ending}")))
        };
        both(&pods, "app") && both(&services, "service") && both(&workloads, "app")
    })
    .await;

    let before = stage.pod(PROVIDER)["metadata"]["name"].as_str().unwrap().to_owned();
    let kubernetes = Kubernetes::new(settings(&stage));
    call(&kubernetes, "chaosk8s.pod.actions.terminate_pods", terminate["arguments"].clone()).await;
    let (mut gone, mut empty, mut fewer, mut killing) = (false, false, false, false);
    until(&mut stream, "the loss is told", |what| {
        match what {
            EventKind::PodGone(key) => gone |= key.name == before,
            EventKind::ServiceSeen(service) => {
                empty |= service.name == "my-provider-service" && service.ready == 0;
            }
            EventKind::WorkloadSeen(workload) => fewer |= workload.name == PROVIDER && workload.ready == 0,
            EventKind::ClusterNoted(note) => {
                killing |= note.reason == "Killing" && note.object == format!("pod/{before}");
            }
            _ => {}
        }
        gone && empty && fewer && killing
    })
    .await;
    // Two watches report the recovery, in any order.
    let (mut runs, mut served) = (false, false);
    until(&mut stream, "the replacement runs and the Service has its endpoint again", |what| {
        match what {
            EventKind::PodSeen(pod) => {
                runs |= pod.owner.as_deref() == Some(PROVIDER)
                    && pod.key.name != before
                    && pod.phase == PodPhase::Running
                    && pod.containers[0].ready
                    && pod.in_play;
            }
            EventKind::ServiceSeen(service) => {
                served |= service.name == "my-provider-service" && service.ready == 1;
            }
            _ => {}
        }
        runs && served
    })
    .await;
    stop.cancel();
    tokio::time::timeout(DEADLINE, task).await.unwrap().unwrap();
}
