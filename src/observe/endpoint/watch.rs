//! The probe's loop: one owner of what is learned, one task a request.

use super::{
    EndpointSettings,
    ask::{Done, Reply, ask},
    learning::Learning,
    pace::Pace,
    settings::Target,
};
use crate::session::{
    event::{Answer, AnswerKind, EndpointId, RequestId, Source, SourceState, What},
    stream::Emitter,
};
use std::{collections::HashSet, sync::Arc};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

/// Looks of which the text was told; more are counted, not quoted.
const QUOTED: usize = 64;
/// Characters quoted of a body.
const QUOTE: usize = 120;

/// Asks an endpoint at a constant rate until `stop`, and tells what a user gets. Requests in flight are given up then.
///
/// Settings that cannot work are told as an absent source; that ends the watch.
pub async fn watch(settings: EndpointSettings, emitter: Emitter, stop: CancellationToken) {
    let target = match Target::new(&settings) {
        Ok(target) => Arc::new(target),
        Err(error) => {
            let state = SourceState::Absent { reason: error.to_string() };
            return emitter.emit(What::SourceChanged { source: Source::Users, state }).await;
        }
    };
    emitter
        .emit(What::EndpointWatched {
            endpoint: settings.id,
            url: target.label(),
            rate: settings.rate,
            deadline_ms: settings.deadline.as_millis() as u64,
            limit_ms: settings.limit.as_millis() as u64,
        })
        .await;
    emitter.emit(What::SourceChanged { source: Source::Users, state: SourceState::Live }).await;

    let mut teller = Teller::new(&settings, emitter.clone());
    let mut pace = Pace::new(Instant::now(), settings.rate);
    let mut requests = JoinSet::new();
    let room = settings.in_flight();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = settings.fault.cancelled(), if teller.learns => teller.end_learning().await,
            Some(done) = requests.join_next() => {
                // A request's task is never cancelled here, and what it runs does not panic by design; were it to, the
                // request would stay among those without an answer, which is what its user would see.
                if let Ok(done) = done {
                    teller.tell(done).await;
                }
            }
            (number, due) = pace.next() => {
                let (endpoint, request) = (settings.id, RequestId(number));
                let at = emitter.clock().at(due);
                if requests.len() < room {
                    emitter.emit_at(at, What::RequestSent { endpoint, request }).await;
                    requests.spawn(ask(target.clone(), number, due, due + settings.deadline));
                } else {
                    emitter.emit_at(at, What::RequestWithheld { endpoint, request }).await;
                }
            }
        }
    }
    emitter.emit(What::EndpointLeft { endpoint: settings.id }).await;
}

/// Turns ended requests into facts.
struct Teller {
    endpoint: EndpointId,
    emitter: Emitter,
    learning: Learning,
    learns: bool,
    quoted: HashSet<u64>,
}

impl Teller {
    fn new(settings: &EndpointSettings, emitter: Emitter) -> Self {
        let learning = Learning::new(settings.rate);
        Self { endpoint: settings.id, emitter, learning, learns: true, quoted: HashSet::new() }
    }

    async fn tell(&mut self, done: Done) {
        // Whole microseconds: finer is noise, and makes recordings longer.
        let waited_ms = done.ended.duration_since(done.due).as_micros() as f64 / 1000.0;
        let mut answer = Answer {
            endpoint: self.endpoint,
            request: RequestId(done.number),
            waited_ms,
            kind: AnswerKind::Real,
            status: None,
            shape: 0,
            excerpt: None,
        };
        let mut learned = None;
        match &done.reply {
            Err(error) => answer.kind = AnswerKind::Error(*error),
            Ok(reply) => {
                answer.kind = self.learning.judge(&reply.look);
                answer.status = Some(reply.look.status);
                answer.shape = reply.look.hash();
                answer.excerpt = self.quote(answer.shape, reply);
                learned = self.learning.learn(&reply.look, reply.length);
            }
        }
        self.emitter.emit_at(self.emitter.clock().at(done.ended), What::Answered(answer)).await;
        self.tell_learned(learned).await;
    }

    /// From here on the answers may be those of a broken system.
    async fn end_learning(&mut self) {
        self.learns = false;
        let learned = self.learning.finish();
        self.tell_learned(learned).await;
    }

    async fn tell_learned(&self, learned: Option<(String, u32)>) {
        if let Some((description, answers)) = learned {
            self.emitter.emit(What::ShapeLearned { endpoint: self.endpoint, description, answers }).await;
        }
    }

    /// The first characters of a body whose look is new.
    fn quote(&mut self, shape: u64, reply: &Reply) -> Option<String> {
        if self.quoted.len() >= QUOTED || !self.quoted.insert(shape) {
            return None;
        }
        let text = String::from_utf8_lossy(&reply.beginning);
        Some(text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTE).collect())
    }
}
