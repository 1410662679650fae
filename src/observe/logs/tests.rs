use super::{Redact, read::lines, watch};
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    session::{
        Event,
        clock::Clock,
        event::{Container, EventKind, LastEnd, Pod, PodLine, TargetCard, Timestamp},
        stream::{Stream, stream},
    },
    test_support::{self, container, method},
};
use std::{cell::RefCell, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn plain() -> Redact {
    Arc::new(|text| text)
}

fn pod(name: &str, restarts: u32) -> Pod {
    let end = LastEnd { reason: "Error".to_owned(), exit_code: 137 };
    let last_end = (restarts > 0).then_some(end);
    let containers = vec![Container { last_end, ..container(true, restarts) }];
    Pod { containers, ..test_support::pod("default", name) }
}

fn card(object: &str) -> TargetCard {
    TargetCard {
        step: method(0),
        headline: "KILL 1 pod".to_owned(),
        objects: vec![object.to_owned()],
        share: None,
        consequences: Vec::new(),
        comes_back: "yes".to_owned(),
        undo: String::new(),
        confirm: object.to_owned(),
        place: None,
    }
}

fn event(what: EventKind) -> Arc<Event> {
    Arc::new(Event { seq: 0, at: Timestamp::UNIX_EPOCH, what })
}

/// The next `count` events about logs, in a few words each.
async fn told(stream: &mut Stream, count: usize) -> Vec<String> {
    let mut told = Vec::new();
    while told.len() < count {
        let event = tokio::time::timeout(Duration::from_secs(60), stream.next()).await;
        let which = |previous: bool| if previous { "before" } else { "now" };
        match event.unwrap_or_else(|_| panic!("no more is told than {told:?}")).unwrap().what {
            EventKind::PodLogOpened { source } => {
                told.push(format!("{} {} opened", source.pod.name, which(source.previous)));
            }
            EventKind::PodLogged { source, lines } => {
                let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
                told.push(format!("{} {}: {}", source.pod.name, which(source.previous), texts.join("|")));
            }
            EventKind::PodLogClosed { source, failed } => {
                let how = failed.map_or_else(|| "ended".to_owned(), |why| format!("failed: {why}"));
                told.push(format!("{} {} {how}", source.pod.name, which(source.previous)));
            }
            other => panic!("{other:?}"),
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn victims_are_read_unasked_others_when_asked_for_and_again_after_a_restart() {
    let (connection, asked) = answering(|asked: &RecordedRequest| {
        let which = if asked.query.contains("previous=true") { "dying" } else { "hello" };
        Reply::Text(format!("2026-11-26T12:00:00.5Z {which}\n"))
    });
    let (emitter, mut stream) = stream(Clock::system());
    let (ask, asks) = mpsc::channel(4);
    let (tell, tap) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let watching = tokio::spawn(watch(connection, emitter, plain(), asks, tap, stop.clone()));

    for name in ["victim", "other"] {
        tell.send(event(EventKind::PodSeen(pod(name, 0)))).await.unwrap();
    }
    tell.send(event(EventKind::Targeted(card("victim on node-2")))).await.unwrap();
    assert_eq!(told(&mut stream, 3).await, ["victim now opened", "victim now: hello", "victim now ended"]);
    ask.send(pod("other", 0).key).await.unwrap();
    assert_eq!(told(&mut stream, 3).await, ["other now opened", "other now: hello", "other now ended"]);
    tell.send(event(EventKind::PodSeen(pod("other", 1)))).await.unwrap();
    let again = told(&mut stream, 6).await;
    assert_eq!(again[..3], ["other before opened", "other before: dying", "other before ended"]);
    assert_eq!(again[3..], ["other now opened", "other now: hello", "other now ended"]);

    stop.cancel();
    watching.await.unwrap();
    let lines: Vec<String> = asked.lock().unwrap().iter().map(RecordedRequest::line).collect();
    assert!(lines[0].contains("/pods/victim/log") && lines[0].contains("tailLines="), "{lines:?}");
    assert!(lines[0].contains("follow=true") && lines[0].contains("container=app"), "{lines:?}");
    assert!(lines[2].contains("previous=true") && lines[2].contains("limitBytes="), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_says_why_and_is_tried_again_when_the_pod_changes() {
    let (connection, _) = answering(|_: &RecordedRequest| {
        Reply::Refused(403, "Forbidden", "pods \"victim\" is forbidden: cannot get pods/log".to_owned())
    });
    let (emitter, mut stream) = stream(Clock::system());
    let (_ask, asks) = mpsc::channel(4);
    let (tell, tap) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let watching = tokio::spawn(watch(connection, emitter, plain(), asks, tap, stop.clone()));
    tell.send(event(EventKind::PodSeen(pod("victim", 0)))).await.unwrap();
    tell.send(event(EventKind::Targeted(card("victim")))).await.unwrap();
    let first = told(&mut stream, 2).await;
    assert!(first[1].starts_with("victim now failed: ") && first[1].contains("forbidden"), "{first:?}");
    // The task counts as finished only after it has emitted its last event.
    tokio::time::sleep(Duration::from_secs(1)).await;
    tell.send(event(EventKind::PodSeen(pod("victim", 0)))).await.unwrap();
    assert_eq!(told(&mut stream, 1).await, ["victim now opened"]);
    stop.cancel();
    watching.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lines_are_bounded_redacted_and_have_their_time() {
    let endless = "x".repeat(50_000);
    let text =
        format!("2026-11-26T12:00:00Z the key is hunter2\nno stamp here\n\n{endless}\nlast without end");
    let redact: Redact = Arc::new(|text: String| text.replace("hunter2", "***"));
    let found = RefCell::new(Vec::<PodLine>::new());
    let tell = |lines: Vec<PodLine>| {
        found.borrow_mut().extend(lines);
        async {}
    };
    lines(text.as_bytes(), &redact, tell).await.unwrap();
    let found = found.into_inner();
    assert_eq!(found[0].at, Some("2026-11-26T12:00:00Z".parse().unwrap()));
    let texts: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts[..3], ["the key is ***", "no stamp here", ""]);
    assert_eq!(texts[3].chars().count(), 1000);
    assert_eq!(texts[4], "last without end");
}
