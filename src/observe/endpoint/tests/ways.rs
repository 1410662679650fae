//! Requests through a port-forward: what the way loses is not counted, and what the service does is.

use super::Probe;
use crate::{
    cluster::{
        Forwards, ServiceAddress, reach_named,
        scripted::{Cluster, Fate},
    },
    session::event::{AnswerKind, ErrorKind, EventKind, GapCause, Source, SourceState},
};
use std::time::Duration;

async fn forwarded(cluster: &Cluster) -> Probe {
    let (connection, forwards) = (cluster.connection().await, Forwards::default());
    let address = ServiceAddress::parse("service/web/page").unwrap();
    let way = reach_named(&connection, &address, &["default".to_owned()], &forwards).await.unwrap();
    Probe::start(String::new(), |settings| {
        settings.rate = 20.0;
        settings.deadline = Duration::from_secs(5);
        settings.service = Some(address);
        settings.go(way);
    })
}

impl Probe {
    async fn answered(&mut self, wanted: AnswerKind) {
        self.until(|event| {
            matches!(&event.what, EventKind::Answered(answer) if answer.kind == wanted).then_some(())
        })
        .await;
    }

    async fn source(&mut self) -> SourceState {
        self.until(|event| match &event.what {
            EventKind::SourceChanged { source: Source::Users, state } => Some(state.clone()),
            _ => None,
        })
        .await
    }

    async fn lost(&mut self) {
        self.until(|event| matches!(event.what, EventKind::RequestsLost { .. }).then_some(())).await;
    }
}

#[tokio::test]
async fn a_pod_that_is_replaced_costs_no_more_than_its_users_and_none_at_all_is_an_error() {
    let cluster = Cluster::of(&[("a", Fate::Answers)]);
    let mut probe = forwarded(&cluster).await;
    let (url, via) = probe
        .until(|event| match &event.what {
            EventKind::EndpointWatched { url, via, .. } => Some((url.clone(), via.clone())),
            _ => None,
        })
        .await;
    assert!(url.starts_with("GET http://127.0.0.1:") && url.ends_with("/page"), "{url}");
    assert_eq!(via.as_deref(), Some("port-forward to service/web"));
    probe.answered(AnswerKind::Unjudged).await;
    cluster.set(&[]);
    cluster.hang_up();
    probe.answered(AnswerKind::Error(ErrorKind::NoReadyPod)).await;
    cluster.set(&[("b", Fate::Refuses)]);
    probe.answered(AnswerKind::Error(ErrorKind::Refused)).await;
    cluster.set(&[("c", Fate::Answers)]);
    probe.answered(AnswerKind::Unjudged).await;
    assert_eq!(probe.session.gaps.iter().len(), 0, "all of that are the service's own answers");
}

#[tokio::test]
async fn a_way_that_is_refused_counts_for_nobody_until_it_works_again() {
    let cluster = Cluster::of(&[("a", Fate::Answers)]);
    let mut probe = forwarded(&cluster).await;
    probe.answered(AnswerKind::Unjudged).await;
    // The streams that are open break, and no new one is opened: the pod is well all the time.
    cluster.set(&[("a", Fate::Forbidden)]);
    cluster.hang_up();
    let state = loop {
        match probe.source().await {
            SourceState::Live => {}
            state => break state,
        }
    };
    let SourceState::Reconnecting { reason } = state else { panic!("{state:?}") };
    assert!(reason.starts_with("port-forward broken: "), "{reason}");
    for _ in 0..5 {
        probe.lost().await;
    }
    cluster.set(&[("a", Fate::Answers)]);
    while probe.source().await != SourceState::Live {}
    probe.answered(AnswerKind::Unjudged).await;
    let gap = probe.session.gaps.last().copied().unwrap();
    assert!(gap.cause == GapCause::PortForward && gap.seconds() > 0.2, "{gap:?}");
    let now = probe.session.users.main().unwrap().last_answer.unwrap();
    let tally = probe.session.users.main().unwrap().baseline(now);
    assert_eq!(tally.error, 0, "{tally:?}");
}
