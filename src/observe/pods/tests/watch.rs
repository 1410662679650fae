use super::*;
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    session::{
        Session,
        clock::Clock,
        event::Timestamp,
        stream::{Stream, stream},
    },
};
use jiff::SignedDuration;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Reads events until `wanted` was emitted, or for an hour of the test's time.
async fn until(stream: &mut Stream, told: &mut Vec<String>, wanted: &str) {
    let read = async {
        while !told.iter().any(|line| line == wanted) {
            let event = stream.next().await.expect("the watch goes on");
            told.extend(words(&[event.what]));
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(3_600), read).await.is_ok(),
        "never told: {wanted}; told: {told:#?}"
    );
}

fn nothing_sought() -> tokio::sync::watch::Receiver<crate::observe::pods::Interest> {
    tokio::sync::watch::Sender::default().subscribe()
}

fn empty(asked: &RecordedRequest) -> Reply {
    let kind = match asked.path.rsplit('/').next().unwrap() {
        "pods" => "Pod",
        "services" => "Service",
        "endpointslices" => "EndpointSlice",
        "deployments" => "Deployment",
        _ => "Event",
    };
    if asked.query.contains("watch=true") { Reply::Events(vec![]) } else { Reply::List(kind, vec![]) }
}

#[tokio::test(start_paused = true)]
async fn lists_then_follows_and_stops() {
    let (connection, asked) = answering(|asked: &RecordedRequest| {
        let seconds = Duration::from_secs;
        match (asked.path.rsplit('/').next().unwrap(), asked.query.contains("watch=true")) {
            ("pods", false) => Reply::List("Pod", vec![pod("app-h-1", "app")]),
            ("pods", true) => Reply::Events(vec![
                (seconds(1), json!({"type": "ADDED", "object": pod("app-h-2", "app")})),
                (seconds(1), json!({"type": "DELETED", "object": pod("app-h-1", "app")})),
            ]),
            ("events", true) => Reply::Events(vec![(
                seconds(1),
                json!({"type": "ADDED", "object": {"metadata": {"name": "e", "namespace": "default", "resourceVersion": "2"},
                    "involvedObject": {"kind": "Pod", "name": "app-h-1", "namespace": "default"},
                    "reason": "Killing", "type": "Normal"}}),
            )]),
            _ => empty(asked),
        }
    });
    let (emitter, mut stream) = stream(Clock::system());
    let stop = CancellationToken::new();
    let task = crate::observe::pods::watch(
        &connection,
        in_play(&[kubernetes(json!({"name": "app"}))]),
        emitter,
        nothing_sought(),
        stop.clone(),
    );
    let mut told = Vec::new();
    until(&mut stream, &mut told, "pod app-h-1 gone").await;
    for wanted in [
        "pod app-h-1 Running in play",
        "Pods Live",
        "Endpoints Live",
        "Workloads Live",
        "ClusterEvents Live",
        "pod app-h-2 Running in play",
        "pod/app-h-1 Killing x1",
    ] {
        assert!(told.iter().any(|line| line == wanted), "{wanted} in {told:#?}");
    }
    assert_eq!(told.iter().filter(|line| line.as_str() == "Endpoints Live").count(), 1);
    assert!(asked.lock().unwrap().iter().all(|asked| asked.path.contains("/namespaces/default/")));
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), task.unwrap()).await.expect("it stops").unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_seen_has_our_time_whatever_the_clock_of_the_cluster_is() {
    for ahead in [90, -90] {
        let there = move || (Timestamp::now() + SignedDuration::from_secs(ahead)).to_string();
        let (connection, _) = answering(move |asked: &RecordedRequest| {
            let mut pod = pod("app-h-1", "app");
            pod["metadata"]["creationTimestamp"] = json!(there());
            pod["status"]["startTime"] = json!(there());
            let mut leaving = pod.clone();
            leaving["metadata"]["deletionTimestamp"] = json!(there());
            let event = json!({"metadata": {"name": "e", "namespace": "default", "resourceVersion": "2"},
                "involvedObject": {"kind": "Pod", "name": "app-h-1", "namespace": "default"},
                "reason": "Killing", "type": "Normal", "firstTimestamp": there(), "lastTimestamp": there()});
            let second = Duration::from_secs(1);
            let reply = match (asked.path.rsplit('/').next().unwrap(), asked.query.contains("watch=true")) {
                ("pods", false) => Reply::List("Pod", vec![pod]),
                ("pods", true) => Reply::Events(vec![
                    (second, json!({"type": "MODIFIED", "object": leaving.clone()})),
                    (second * 2, json!({"type": "DELETED", "object": leaving})),
                ]),
                ("events", true) => Reply::Events(vec![(second, json!({"type": "ADDED", "object": event}))]),
                _ => empty(asked),
            };
            Reply::Dated(ahead, Box::new(reply))
        });
        let clock = Clock::system();
        let begun = clock.now();
        let (emitter, mut stream) = stream(clock);
        let stop = CancellationToken::new();
        let in_play = in_play(&[kubernetes(json!({"name": "app"}))]);
        crate::observe::pods::watch(&connection, in_play, emitter, nothing_sought(), stop.clone()).unwrap();
        let mut session = Session::new();
        while session.cluster.pod("app-h-1").is_none_or(|row| row.gone.is_none()) {
            session.apply(&stream.next().await.expect("the watch goes on"));
        }
        stop.cancel();
        let row = session.cluster.pod("app-h-1").unwrap();
        // The test's own clock is ahead of the real one by the pauses.
        let ended = Timestamp::now() + SignedDuration::from_secs(10);
        for moment in [row.first_seen, row.status_since, row.gone.unwrap()] {
            assert!((begun..ended).contains(&moment), "{ahead}: {moment} is not in {begun}..{ended}");
        }
        assert!(session.cluster.notes.iter().all(|note| (begun..ended).contains(&note.at)), "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_source_is_absent_until_it_is_granted() {
    let refusals = Arc::new(AtomicU32::new(3));
    let (connection, _) = answering(move |asked: &RecordedRequest| {
        let left = refusals.load(Ordering::SeqCst);
        if asked.path.ends_with("/deployments") && left > 0 {
            refusals.store(left - 1, Ordering::SeqCst);
            Reply::Refused(403, "Forbidden", "deployments.apps is forbidden".to_owned())
        } else {
            empty(asked)
        }
    });
    let (emitter, mut stream) = stream(Clock::system());
    let _task = crate::observe::pods::watch(
        &connection,
        in_play(&[]),
        emitter,
        nothing_sought(),
        CancellationToken::new(),
    )
    .unwrap();
    let mut told = Vec::new();
    until(&mut stream, &mut told, "Workloads Live").await;
    let about: Vec<_> = told.iter().filter(|line| line.starts_with("Workloads")).collect();
    assert_eq!(about.len(), 2, "told once, not at each try: {about:#?}");
    assert!(about[0].contains("Absent") && about[0].contains("chaos-tui rbac"), "{about:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_went_while_nobody_looked_is_gone() {
    let lists = Arc::new(AtomicU32::new(0));
    let (connection, _) = answering(move |asked: &RecordedRequest| {
        match (asked.path.ends_with("/pods"), asked.query.contains("watch=true")) {
            (true, false) => match lists.fetch_add(1, Ordering::SeqCst) {
                0 => Reply::List("Pod", vec![pod("app-h-1", "app"), pod("app-h-2", "app")]),
                _ => Reply::List("Pod", vec![pod("app-h-2", "app")]),
            },
            (true, true) if lists.load(Ordering::SeqCst) == 1 => {
                let gone = json!({"type": "ERROR", "object": {"kind": "Status", "status": "Failure", "code": 410,
                                  "reason": "Expired", "message": "too old"}});
                Reply::EventsThenEnd(vec![(Duration::from_secs(1), gone)])
            }
            _ => empty(asked),
        }
    });
    let (emitter, mut stream) = stream(Clock::system());
    let in_play = in_play(&[kubernetes(json!({"name": "app"}))]);
    let _task = crate::observe::pods::watch(
        &connection,
        in_play,
        emitter,
        nothing_sought(),
        CancellationToken::new(),
    )
    .unwrap();
    let mut told = Vec::new();
    until(&mut stream, &mut told, "pod app-h-1 gone").await;
    assert!(!told.iter().any(|line| line == "pod app-h-2 gone"), "{told:#?}");
}
