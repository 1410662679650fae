//! The probe's loop: it owns the learned state, and each request is a task.

use super::{
    EndpointSettings,
    ask::{EndedRequest, OpenResponse, PendingRequest, ReceivedAnswer, RequestStage, ask},
    constant_rate::ConstantRate,
    learning::{Learned, Learning},
    response_ends::{Next, ResponseEnds},
    settings::ProbeTarget,
    way::Way,
};
use crate::{
    observe::absence::AbsenceDetector,
    session::{
        event::{Answer, AnswerKind, EndpointId, EventKind, Level, RequestId, Source, SourceState},
        state::Outcome,
        stream::Emitter,
    },
};
use std::{collections::HashSet, sync::Arc};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

/// The maximum number of answer shapes whose text is quoted; more are counted only.
const QUOTED: usize = 64;
/// The number of characters quoted of a body.
const QUOTE: usize = 120;
/// The replacement for a secret, and the minimum length of a text that is masked as one.
const MASK: (&str, usize) = ("***", 4);

/// Probes an endpoint at a constant rate until `stop` is cancelled, and emits what a user gets. Requests in flight are
/// dropped then.
///
/// Invalid settings are reported as an absent source, which ends the watch.
pub async fn watch(settings: EndpointSettings, emitter: Emitter, stop: CancellationToken) {
    let target = match ProbeTarget::new(&settings) {
        Ok(target) => Arc::new(target),
        Err(error) => {
            let (level, target) = (Level::Warning, "users".to_owned());
            emitter.emit(EventKind::Logged { level, target, message: error.to_string() }).await;
            let state = SourceState::Absent { reason: error.to_string() };
            return emitter.emit(EventKind::SourceChanged { source: Source::Users, state }).await;
        }
    };
    emitter
        .emit(EventKind::EndpointWatched {
            endpoint: settings.id,
            url: target.label(),
            rate: settings.rate,
            deadline_ms: settings.deadline.as_millis() as u64,
            limit_ms: settings.limit.as_millis() as u64,
            via: settings.way.as_ref().map(ToString::to_string),
        })
        .await;
    emitter.emit(EventKind::SourceChanged { source: Source::Users, state: SourceState::Live }).await;

    let mut publisher = AnswerPublisher::new(&settings, &target, emitter.clone());
    let presence = &settings.presence;
    let mut pace = ConstantRate::new(Instant::now(), settings.rate, presence.clone());
    let mut target = target;
    let mut gaps = presence.count();
    let mut requests = JoinSet::new();
    let room = settings.in_flight();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = settings.fault.cancelled(), if publisher.learns => publisher.end_learning().await,
            Some(done) = requests.join_next() => {
                // A request's task is never cancelled here, and its code does not panic by design; if it did, the
                // request would stay without an answer, which is what its user would see.
                match done {
                    Ok(RequestStage::Done(done)) => {
                        publisher.way.done(done.number);
                        publisher.request_ended(done).await;
                    }
                    Ok(RequestStage::Continuing(going)) => {
                        if let Some(going) = publisher.continues(going).await {
                            requests.spawn(going.rest());
                        }
                    }
                    Err(_) => {}
                }
            }
            (number, due) = pace.next() => {
                let absent = std::mem::replace(&mut gaps, presence.count()) != gaps;
                if publisher.way.holds_up().await || absent {
                    // The outcome of requests in flight is unknown, and connections may have died meanwhile.
                    requests = JoinSet::new();
                    target = ProbeTarget::new(&settings).map_or(target, Arc::new);
                }
                let (endpoint, request) = (settings.id, RequestId(number));
                let at = emitter.clock().at(due);
                if requests.len() < room {
                    emitter.emit_at(at, EventKind::RequestSent { endpoint, request }).await;
                    publisher.way.sent(number);
                    let asked = PendingRequest { number, due, deadline: due + settings.deadline };
                    requests.spawn(ask(target.clone(), asked, publisher.endings.patience()));
                } else {
                    emitter.emit_at(at, EventKind::RequestWithheld { endpoint, request }).await;
                }
            }
        }
    }
    emitter.emit(EventKind::EndpointLeft { endpoint: settings.id }).await;
}

/// Turns ended requests into events.
struct AnswerPublisher {
    endpoint: EndpointId,
    rate: f64,
    emitter: Emitter,
    learning: Learning,
    endings: ResponseEnds,
    learns: bool,
    /// Whether beginnings of bodies are kept.
    excerpts: bool,
    quoted: HashSet<(u64, Outcome)>,
    /// Secrets that an answer may echo and that must not be shown.
    hidden: Vec<String>,
    presence: AbsenceDetector,
    way: Way,
}

impl AnswerPublisher {
    fn new(settings: &EndpointSettings, target: &ProbeTarget, emitter: Emitter) -> Self {
        let long = target.hidden().filter(|text| text.chars().count() >= MASK.1);
        let mut hidden: Vec<String> = long.map(str::to_owned).collect();
        hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self {
            endpoint: settings.id,
            rate: settings.rate,
            way: Way::new(settings.id, settings.way.as_ref(), settings.limit, emitter.clone()),
            emitter,
            learning: Learning::new(settings.rate),
            endings: ResponseEnds::default(),
            learns: true,
            quoted: HashSet::new(),
            excerpts: settings.excerpts,
            hidden,
            presence: settings.presence.clone(),
        }
    }

    async fn request_ended(&mut self, done: EndedRequest) {
        let success = done.reply.as_ref().is_ok_and(|reply| reply.shape.status < 400 || reply.wanted);
        let (untold, news) = self.endings.ends(done.number, success, self.learns);
        if news {
            // Shapes learned from beginnings do not apply to whole answers.
            self.learning = Learning::new(self.rate);
            self.emitter.emit(EventKind::AnswersEnd { endpoint: self.endpoint, end: true }).await;
        }
        if untold {
            self.emit(done).await;
        }
    }

    /// Handles an answer that has begun and continues; returns it if it is to be read on.
    async fn continues(&mut self, going: Box<OpenResponse>) -> Option<Box<OpenResponse>> {
        match self.endings.continues(&going) {
            Next::ReadOn => return Some(going),
            Next::Drop => {}
            Next::TimeOut => self.emit(going.timed_out()).await,
            Next::Report(beginnings) => self.emit_all(beginnings).await,
            Next::ReportEndless(beginnings) => {
                self.emitter.emit(EventKind::AnswersEnd { endpoint: self.endpoint, end: false }).await;
                self.emit_all(beginnings).await;
                return Some(going).filter(|going| !going.is_over());
            }
        }
        None
    }

    async fn emit_all(&mut self, beginnings: Vec<EndedRequest>) {
        for beginning in beginnings {
            self.emit(beginning).await;
        }
    }

    async fn emit(&mut self, done: EndedRequest) {
        // The waiting time is meaningless, because this program did not run meanwhile.
        if self.presence.gap_between(done.due, done.ended) {
            return;
        }
        let Some(done) = self.way.judged(done).await else { return };
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
            retry_after: false,
        };
        let mut learned = None;
        match &done.reply {
            Err(error) => answer.kind = AnswerKind::Error(*error),
            Ok(reply) => {
                let judged = self.learning.observe(&reply.shape, reply.length, reply.wanted);
                answer.kind = judged.kind;
                answer.status = Some(reply.shape.status);
                answer.shape = judged.shape;
                answer.retry_after = reply.retry_after;
                answer.excerpt = self.quote((judged.shape, judged.kind.into()), reply);
                learned = judged.learned;
            }
        }
        self.emitter.emit_at(self.emitter.clock().at(done.ended), EventKind::Answered(answer)).await;
        self.emit_learned(learned).await;
    }

    /// Ends learning, because from now on answers may come from a broken system.
    async fn end_learning(&mut self) {
        self.learns = false;
        let learned = self.learning.finish();
        self.emit_learned(learned).await;
    }

    async fn emit_learned(&self, learned: Option<Learned>) {
        if let Some(Learned { description, answers, unseen }) = learned {
            let endpoint = self.endpoint;
            self.emitter.emit(EventKind::ShapeLearned { endpoint, description, answers, unseen }).await;
        }
    }

    /// The first characters of a body whose shape is new.
    fn quote(&mut self, look: (u64, Outcome), reply: &ReceivedAnswer) -> Option<String> {
        if !self.excerpts || self.quoted.len() >= QUOTED || !self.quoted.insert(look) {
            return None;
        }
        let text = String::from_utf8_lossy(&reply.beginning).into_owned();
        let text = self.hidden.iter().fold(text, |text, hidden| text.replace(hidden.as_str(), MASK.0));
        Some(text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTE).collect())
    }
}
