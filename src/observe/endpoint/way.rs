//! The way to a Service through a port-forward of our own: which requests it lost, and which failures are the service's.

use super::ask::EndedRequest;
use crate::{
    cluster::{Forward, Obstacle, ReachedService, obstacle_text},
    session::{
        event::{EndpointId, ErrorKind, EventKind, Level, RequestId, Source, SourceState},
        stream::Emitter,
    },
};
use std::{collections::BTreeSet, time::Duration};

/// The way of an endpoint's requests. A direct way loses none.
pub(super) struct Way {
    endpoint: EndpointId,
    emitter: Emitter,
    route: Option<(ReachedService, Forward)>,
    /// The wait that users accept: a shorter one is real, even if the API server was slow meanwhile.
    limit: Duration,
    /// Requests on their way.
    pending: BTreeSet<u64>,
    broken: bool,
}

impl Way {
    pub(super) fn new(
        endpoint: EndpointId,
        route: Option<&ReachedService>,
        limit: Duration,
        emitter: Emitter,
    ) -> Self {
        let route = route.and_then(|route| Some((route.clone(), route.forward.clone()?)));
        Self { endpoint, emitter, route, limit, pending: BTreeSet::new(), broken: false }
    }

    pub(super) fn sent(&mut self, number: u64) {
        if self.route.is_some() {
            self.pending.insert(number);
        }
    }

    pub(super) fn done(&mut self, number: u64) {
        self.pending.remove(&number);
    }

    /// Whether the API server holds up all requests on their way; they are then lost.
    pub(super) async fn holds_up(&mut self) -> bool {
        let Some((route, forward)) = &self.route else { return false };
        let Some(reason) = forward.held_up() else { return false };
        let reason = obstacle_text(&Obstacle::Broken(reason), route);
        let lost = std::mem::take(&mut self.pending);
        self.lose(lost.into_iter().map(RequestId).collect(), reason).await;
        true
    }

    /// Returns the request with the error that its user would get; `None` if its outcome is unknown, because the way
    /// broke or was held up.
    pub(super) async fn judged(&mut self, mut done: EndedRequest) -> Option<EndedRequest> {
        let Some((route, forward)) = &self.route else { return Some(done) };
        let obstacle = match &done.reply {
            Ok(_) => {
                let late = done.ended.duration_since(done.due) > self.limit;
                let slow = || Obstacle::Broken("the API server was slow".to_owned());
                (late && forward.was_held_up(done.due, done.ended)).then(slow)
            }
            Err(kind) if may_be_of_the_way(*kind) => {
                forward.obstacle(done.due, done.ended, *kind == ErrorKind::Timeout)
            }
            Err(_) => None,
        };
        match obstacle {
            Some(obstacle @ Obstacle::Broken(_)) => {
                let reason = obstacle_text(&obstacle, route);
                self.lose(vec![RequestId(done.number)], reason).await;
                return None;
            }
            Some(Obstacle::NoReadyPod) => done.reply = Err(ErrorKind::NoReadyPod),
            Some(Obstacle::Refused) => done.reply = Err(ErrorKind::Refused),
            None => {}
        }
        if std::mem::take(&mut self.broken) {
            self.tell(SourceState::Live, Level::Info, "the port-forward works again".to_owned()).await;
        }
        Some(done)
    }

    async fn lose(&mut self, requests: Vec<RequestId>, reason: String) {
        if !std::mem::replace(&mut self.broken, true) {
            let message = format!("{reason}; requests are not counted until it works again");
            self.tell(SourceState::Reconnecting { reason }, Level::Warning, message).await;
        }
        if !requests.is_empty() {
            self.emitter.emit(EventKind::RequestsLost { endpoint: self.endpoint, requests }).await;
        }
    }

    async fn tell(&self, state: SourceState, level: Level, message: String) {
        self.emitter.emit(EventKind::SourceChanged { source: Source::Users, state }).await;
        self.emitter.emit(EventKind::Logged { level, target: "users".to_owned(), message }).await;
    }
}

/// Whether the error may be that of a connection which the way ended or held up.
fn may_be_of_the_way(kind: ErrorKind) -> bool {
    use ErrorKind::{CutShort, Protocol, Refused, Reset, Timeout, Tls, Unreachable};
    matches!(kind, Refused | Reset | Unreachable | Timeout | CutShort | Tls | Protocol)
}
