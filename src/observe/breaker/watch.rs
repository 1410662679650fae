//! The loop: sources are read, the stream is listened to, the estimator judges four times a second.

use super::{
    estimate::BreakerEstimator,
    reading::{Heard, SourceId},
    sources::page::{Asked, Manner, Page, poll},
};
use crate::{
    observe::presence::Presence,
    provider::http::Access,
    session::{
        event::{Belief, Calls, EndpointId, Event, Testimony, Timestamp, What, Witness},
        stream::Emitter,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How often it is judged.
const JUDGE: Duration = Duration::from_millis(250);
/// How often an unchanged statement or belief is repeated, with its new figures.
const REPEAT_S: f64 = 1.0;
/// Readings that may wait to be heard.
const HEARD: usize = 64;

/// Which breaker to watch, through which sources.
#[derive(Clone, Debug)]
pub struct BreakerSettings {
    /// The endpoint whose answers tell.
    pub endpoint: EndpointId,
    /// A health page of the consumer.
    pub health: Option<String>,
    /// A Prometheus page of the consumer.
    pub metrics: Option<String>,
    /// Headers, credentials and trust for these pages, or why they cannot be had.
    pub access: Result<Access, String>,
    /// How often the pages are asked.
    pub period: Duration,
    /// How long the breaker stays open, where that is known beforehand; else it is learned from the first cycle.
    pub reset: Option<Duration>,
    /// The path that users ask: calls of it are counted alone where the page tells paths.
    pub path: String,
    /// Knows when this program itself did not run.
    pub presence: Presence,
}

impl BreakerSettings {
    /// The answers of one endpoint as the only source; pages are asked twice a second once there are any.
    pub fn new(endpoint: EndpointId) -> Self {
        Self {
            endpoint,
            health: None,
            metrics: None,
            access: Ok(Access::default()),
            period: Duration::from_millis(500),
            reset: None,
            path: "/".to_owned(),
            presence: Presence::default(),
        }
    }
}

/// Watches until `stop` fires or the session ends. `tap` brings the session's events, its own ones too.
pub async fn watch(
    settings: BreakerSettings,
    emitter: Emitter,
    mut tap: mpsc::Receiver<Arc<Event>>,
    stop: CancellationToken,
) {
    let (heard, mut hears) = mpsc::channel(HEARD);
    let sources_stop = stop.child_token();
    // Whatever ends this function ends the sources with it.
    let _guard = sources_stop.clone().drop_guard();
    let mut sources = JoinSet::new();
    let manner = Manner {
        access: settings.access.clone(),
        period: settings.period,
        presence: settings.presence.clone(),
        path: settings.path.clone(),
    };
    let pages = [
        (Page::Health, Witness::Health, &settings.health),
        (Page::Metrics, Witness::Metrics, &settings.metrics),
    ];
    for (page, kind, url) in pages {
        let Some(url) = url else { continue };
        let id = SourceId::beside(kind, place(url));
        let asked =
            Asked { page, id, url: url.clone(), access: settings.access.clone(), period: settings.period };
        sources.spawn(poll(asked, emitter.clone(), heard.clone(), sources_stop.clone()));
    }
    let mut estimator =
        BreakerEstimator::new(settings.endpoint, settings.reset.map(|reset| reset.as_secs_f64()));
    let mut teller = Teller::new(emitter);
    let mut judgements = tokio::time::interval(JUDGE);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            event = tap.recv() => match event {
                Some(event) => estimator.follow(&event),
                None => return,
            },
            Some(heard) = hears.recv() => {
                let at = teller.emitter.clock().now();
                estimator.hear(at, &heard);
                if let Heard::Reading(reading) = &heard {
                    if let Some(requests) = &reading.requests {
                        let endpoint = settings.endpoint;
                        let (series, of_path) = (requests.series.clone(), requests.of_path);
                        let (total, failed) = (requests.total, requests.failed);
                        teller.count(at, Calls { endpoint, series, of_path, total, failed }).await;
                    }
                    teller.testify(at, estimator.testimony(reading)).await;
                }
            }
            _ = judgements.tick() => {
                let now = teller.emitter.clock().now();
                let (testimony, belief) = estimator.judge(now);
                teller.testify(now, testimony).await;
                teller.believe(now, belief).await;
            }
        }
    }
}

/// The path of a page, as the screen names it.
fn place(url: &str) -> String {
    url.parse::<reqwest::Url>().map_or_else(|_| url.to_owned(), |url| url.path().to_owned())
}

/// Tells what is new at once, and what is not once a second.
struct Teller {
    emitter: Emitter,
    statements: Vec<(Timestamp, Testimony)>,
    belief: Option<(Timestamp, Belief)>,
    counted: Option<Timestamp>,
}

impl Teller {
    fn new(emitter: Emitter) -> Self {
        Self { emitter, statements: Vec::new(), belief: None, counted: None }
    }

    /// Tells once a second how often everybody has called.
    async fn count(&mut self, at: Timestamp, calls: Calls) {
        if self.counted.is_none_or(|told| at.duration_since(told).as_secs_f64() >= REPEAT_S) {
            self.counted = Some(at);
            self.emitter.emit_at(at, What::CallsCounted(calls)).await;
        }
    }

    async fn testify(&mut self, at: Timestamp, testimony: Testimony) {
        match self.statements.iter_mut().find(|(_, told)| told.same_source(&testimony)) {
            Some((when, told)) => {
                let same = told.says == testimony.says && told.failing == testimony.failing;
                if same && at.duration_since(*when).as_secs_f64() < REPEAT_S {
                    return;
                }
                (*when, *told) = (at, testimony.clone());
            }
            None => self.statements.push((at, testimony.clone())),
        }
        self.emitter.emit_at(at, What::Testified(testimony)).await;
    }

    async fn believe(&mut self, at: Timestamp, mut belief: Belief) {
        if let Some((when, told)) = &self.belief {
            let same = told.state == belief.state
                && told.confidence == belief.confidence
                && !belief.restarted
                && belief.missed.is_empty();
            if same && (*told == belief || at.duration_since(*when).as_secs_f64() < REPEAT_S) {
                return;
            }
        }
        self.emitter.emit_at(at, What::Believed(belief.clone())).await;
        (belief.restarted, belief.missed) = (false, Vec::new());
        self.belief = Some((at, belief));
    }
}
