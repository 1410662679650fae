//! The loop: pages are asked, the stream is listened to, the court judges four times a second.

use super::{
    belief::Court,
    calls, health, metrics,
    page::{Found, Manner, poll},
    turns::Turns,
};
use crate::{
    observe::presence::Presence,
    provider::http::Access,
    session::{
        event::{
            Belief, Calls, EndpointId, Event, Says, Source, SourceState, Testimony, Timestamp, What, Witness,
        },
        stream::Emitter,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How often the court judges.
const JUDGE: Duration = Duration::from_millis(250);
/// How often an unchanged statement or belief is repeated, with its new figures.
const REPEAT_S: f64 = 1.0;
/// Pages found that may wait to be heard.
const FOUND: usize = 8;

/// Which breaker to watch, through which witnesses.
#[derive(Clone, Debug)]
pub struct BreakerSettings {
    /// The endpoint whose answers testify.
    pub endpoint: EndpointId,
    /// A page of the consumer that fails while its breaker is open.
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
    /// The answers of one endpoint as the only witness; pages are asked twice a second once there are any.
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
    let (found, mut pages) = mpsc::channel(FOUND);
    let polls_stop = stop.child_token();
    // Whatever ends this function ends the polls with it.
    let _guard = polls_stop.clone().drop_guard();
    let mut polls = JoinSet::new();
    let manner = Manner {
        access: settings.access.clone(),
        period: settings.period,
        presence: settings.presence.clone(),
    };
    for (source, url) in [(Source::Health, &settings.health), (Source::Metrics, &settings.metrics)] {
        if let Some(url) = url {
            let (emitter, found) = (emitter.clone(), found.clone());
            polls.spawn(poll(source, url.clone(), manner.clone(), emitter, found, polls_stop.clone()));
        }
    }
    let mut court = Court::new(settings.endpoint, settings.reset.map(|reset| reset.as_secs_f64()));
    let mut herald = Herald::new(emitter);
    let mut judgements = tokio::time::interval(JUDGE);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            event = tap.recv() => match event {
                Some(event) => court.follow(&event),
                None => return,
            },
            Some((source, page)) = pages.recv() => {
                let at = herald.emitter.clock().now();
                if source == Source::Metrics
                    && let Ok((200..300, body)) = &page
                {
                    herald.count(at, calls::count(body, settings.endpoint, &settings.path)).await;
                }
                if let Some((testimony, turns)) = herald.read(source, page).await {
                    if let Some(missed) = court.count(at, &testimony, turns) {
                        herald.believe(at, missed).await;
                    }
                    court.hear(at, &testimony);
                    herald.testify(at, testimony).await;
                }
            }
            _ = judgements.tick() => {
                let now = herald.emitter.clock().now();
                let (testimony, belief) = court.judge(now);
                herald.testify(now, testimony).await;
                herald.believe(now, belief).await;
            }
        }
    }
}

/// What a page witness says, and what it counts.
fn testimony(source: Source, page: Found) -> Result<(Testimony, Option<Turns>), String> {
    let (status, body) = page?;
    let mut turns = None;
    let (witness, (says, ground)) = match source {
        Source::Health => (Witness::Health, health::says(status)),
        _ if !(200..300).contains(&status) => {
            (Witness::Metrics, (Says::Nothing, format!("the page answers {status}")))
        }
        _ => match metrics::read(&body) {
            Some(reading) => {
                turns = reading.turns;
                (Witness::Metrics, (reading.says, reading.ground))
            }
            None => return Err("no breaker's series on the page".to_owned()),
        },
    };
    Ok((Testimony { witness, says, ground }, turns))
}

/// Tells what is new at once, and what is not once a second.
struct Herald {
    emitter: Emitter,
    statements: Vec<(Timestamp, Testimony)>,
    belief: Option<(Timestamp, Belief)>,
    without_series: bool,
    counted: Option<Timestamp>,
}

impl Herald {
    fn new(emitter: Emitter) -> Self {
        Self { emitter, statements: Vec::new(), belief: None, without_series: false, counted: None }
    }

    /// What a page says; a metrics page without a breaker's series is an absent source, which is told once.
    async fn read(&mut self, source: Source, page: Found) -> Option<(Testimony, Option<Turns>)> {
        let answered = page.is_ok();
        match testimony(source, page) {
            Ok(read) => {
                if source == Source::Metrics && std::mem::take(&mut self.without_series) {
                    self.emitter.emit(What::SourceChanged { source, state: SourceState::Live }).await;
                }
                Some(read)
            }
            Err(reason) if answered => {
                if !std::mem::replace(&mut self.without_series, true) {
                    self.emitter
                        .emit(What::SourceChanged { source, state: SourceState::Absent { reason } })
                        .await;
                }
                None
            }
            // The poll itself has told that nobody answers.
            Err(_) => None,
        }
    }

    /// Tells once a second how often everybody has called.
    async fn count(&mut self, at: Timestamp, calls: Option<Calls>) {
        let Some(calls) = calls else { return };
        if self.counted.is_none_or(|told| at.duration_since(told).as_secs_f64() >= REPEAT_S) {
            self.counted = Some(at);
            self.emitter.emit_at(at, What::CallsCounted(calls)).await;
        }
    }

    async fn testify(&mut self, at: Timestamp, testimony: Testimony) {
        match self.statements.iter_mut().find(|(_, told)| told.witness == testimony.witness) {
            Some((when, told)) => {
                let same = told.says == testimony.says;
                if same && (told.says == Says::Nothing || at.duration_since(*when).as_secs_f64() < REPEAT_S) {
                    return;
                }
                (*when, *told) = (at, testimony.clone());
            }
            None => self.statements.push((at, testimony.clone())),
        }
        self.emitter.emit_at(at, What::Testified(testimony)).await;
    }

    async fn believe(&mut self, at: Timestamp, belief: Belief) {
        if let Some((when, told)) = &self.belief {
            let same = told.state == belief.state && told.confidence == belief.confidence;
            let news = told.because != belief.because
                || told.agreeing != belief.agreeing
                || told.spoke != belief.spoke;
            if same && (!news || at.duration_since(*when).as_secs_f64() < REPEAT_S) {
                return;
            }
        }
        self.belief = Some((at, belief.clone()));
        self.emitter.emit_at(at, What::Believed(belief)).await;
    }
}
