//! The loop: sources are read, the stream is listened to, the estimator judges four times a second.

use super::{
    discovery::{self, DiscoveryTargets, SharedKnownPods},
    estimate::BreakerEstimator,
    reading::{Reading, SourceId, SourceMessage},
    sources::{
        RequestCounters,
        page_poller::{Page, PageKind, ReaderOutput, read},
        page_route::PageRoute,
        usual_pages::shown,
    },
    trips::TripChecks,
};
use crate::{
    observe::absence::AbsenceDetector,
    provider::http::Access,
    session::{
        event::{
            Belief, CallTotals, EndpointId, Event, EventKind, Source, SourceKind, SourceReport, SourceState,
            Timestamp,
        },
        stream::Emitter,
    },
};
use futures_util::FutureExt;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How often it is judged.
const JUDGE: Duration = Duration::from_millis(250);
/// How often an unchanged statement or belief is repeated, with its new figures.
const REPEAT_S: f64 = 1.0;
/// Seconds after which a replica that is not heard of is not counted any more.
const FORGOTTEN_S: f64 = 8.0;
/// How the reason reads why a page that answers was given up.
const UNREAD: &str = "not read to its end";
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
    /// Where more sources are looked for.
    pub hunt: Option<DiscoveryTargets>,
    /// How often the pages are asked.
    pub period: Duration,
    /// How long the breaker stays open, where that is known beforehand; else it is learned from the first cycle.
    pub reset: Option<Duration>,
    /// The path that users ask: calls of it are counted alone where the page tells paths.
    pub path: String,
    /// Knows when this program itself did not run.
    pub presence: AbsenceDetector,
}

impl BreakerSettings {
    /// The answers of one endpoint as the only source; pages are asked twice a second once there are any.
    pub fn new(endpoint: EndpointId) -> Self {
        Self {
            endpoint,
            health: None,
            metrics: None,
            hunt: None,
            access: Ok(Access::default()),
            period: Duration::from_millis(500),
            reset: None,
            path: "/".to_owned(),
            presence: AbsenceDetector::default(),
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
    let out = ReaderOutput {
        presence: settings.presence.clone(),
        path: settings.path.clone(),
        ..ReaderOutput::new(emitter.clone(), heard)
    };
    let well = out.well.clone();
    for (kind, url) in [(PageKind::Health, &settings.health), (PageKind::Metrics, &settings.metrics)] {
        let Some(url) = url else { continue };
        if let Some(page) = page(kind, url, &settings, &emitter).await {
            sources.spawn(read(page, out.clone(), sources_stop.clone(), || {}).map(drop));
        }
    }
    let seen = SharedKnownPods::default();
    let mut trips = None;
    if let Some(hunt) = &settings.hunt {
        trips = Some(TripChecks::new(hunt.rate));
        sources.spawn(discovery::run(
            hunt.clone(),
            settings.period,
            out.clone(),
            seen.clone(),
            sources_stop.clone(),
        ));
    }
    let mut estimator =
        BreakerEstimator::new(settings.endpoint, settings.reset.map(|reset| reset.as_secs_f64()));
    let (mut teller, mut everybody) = (ChangePublisher::new(emitter), AllCalls::default());
    let mut judgements = tokio::time::interval(JUDGE);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            event = tap.recv() => match event {
                Some(event) => {
                    estimator.follow(&event);
                    seen.lock().unwrap_or_else(PoisonError::into_inner).follow(&event);
                    if matches!(event.what, EventKind::FaultFired { .. }) {
                        // From here on it is shown, not foretold.
                        trips = None;
                    }
                }
                None => return,
            },
            Some(heard) = hears.recv() => {
                let at = teller.emitter.clock().now();
                estimator.handle(at, &heard);
                if let SourceMessage::Silent { source, reason } = &heard {
                    teller.silent(at, source, reason).await;
                }
                if let SourceMessage::Reading(reading) = &heard {
                    if let Some(requests) = everybody.handle(at, reading) {
                        let endpoint = settings.endpoint;
                        let (series, of_path) = (requests.series.clone(), requests.of_path);
                        let (total, failed) = (requests.total, requests.failed);
                        teller.count(at, CallTotals { endpoint, series, of_path, total, failed });
                    }
                    teller.publish_report(at, estimator.answers_report(reading)).await;
                    for check in trips.as_mut().map(|trips| trips.look(reading)).unwrap_or_default() {
                        teller.emitter.emit_at(at, EventKind::Checked(check)).await;
                    }
                }
            }
            _ = judgements.tick() => {
                let now = teller.emitter.clock().now();
                let (testimony, belief) = estimator.judge(now);
                well.store(estimator.users_are_well(), Ordering::Relaxed);
                teller.publish_report(now, testimony).await;
                teller.publish_belief(now, belief).await;
            }
        }
    }
}

/// A page beside the users' endpoint; one whose URL cannot be read is told to be absent.
async fn page(kind: PageKind, url: &str, settings: &BreakerSettings, emitter: &Emitter) -> Option<Page> {
    let (witness, source) = match kind {
        PageKind::Health => (SourceKind::Health, Source::Health),
        _ => (SourceKind::Metrics, Source::Metrics),
    };
    let found = settings.access.clone().and_then(|access| PageRoute::direct(url, &access));
    let (reach, path) = match found {
        Ok(found) => found,
        Err(reason) => {
            let state = SourceState::Absent { reason };
            emitter.emit(EventKind::SourceChanged { source, state }).await;
            return None;
        }
    };
    let id = SourceId::beside(witness, shown(&path));
    let (period, rules) = (settings.period, Vec::new());
    Some(Page { reach, id, path, kind, period, rules, tells: Some(source), named: true })
}

/// Calls of everybody, over all replicas that count them.
#[derive(Default)]
struct AllCalls(BTreeMap<SourceId, (Timestamp, RequestCounters)>);

impl AllCalls {
    /// Takes note of a reading. What its replica and the others count together, if it counts any.
    fn handle(&mut self, at: Timestamp, reading: &Reading) -> Option<RequestCounters> {
        let requests = reading.requests.clone()?;
        self.0.retain(|_, (heard, _)| at.duration_since(*heard).as_secs_f64() <= FORGOTTEN_S);
        if self.0.len() < HEARD {
            self.0.insert(reading.source.clone(), (at, requests.clone()));
        }
        let alike = self.0.iter().filter(|(source, (_, counted))| {
            source.pod.is_some() == reading.source.pod.is_some()
                && source.place == reading.source.place
                && (counted.series == requests.series && counted.of_path == requests.of_path)
        });
        let mut sum = RequestCounters { total: 0, failed: requests.failed.map(|_| 0), ..requests.clone() };
        for (_, (_, one)) in alike {
            sum.total = sum.total.saturating_add(one.total);
            sum.failed = sum.failed.zip(one.failed).map(|(all, one)| all.saturating_add(one));
        }
        Some(sum)
    }
}

/// Tells what is new at once. What is not new is told again once a second with its new figures, all of it together: each
/// event may draw a frame.
struct ChangePublisher {
    emitter: Emitter,
    statements: Vec<Published>,
    belief: Option<Belief>,
    /// Calls of everybody that are not told yet.
    calls: Option<(Timestamp, CallTotals)>,
    repeated: Option<Timestamp>,
}

/// What was last told of a source, and what it said since that is no news.
struct Published {
    testimony: SourceReport,
    since: Option<(Timestamp, SourceReport)>,
}

impl ChangePublisher {
    fn new(emitter: Emitter) -> Self {
        Self { emitter, statements: Vec::new(), belief: None, calls: None, repeated: None }
    }

    /// Takes note of how often everybody has called.
    fn count(&mut self, at: Timestamp, calls: CallTotals) {
        self.calls = Some((at, calls));
    }

    /// Tells why a source that spoke says nothing any more, and of a page that is there but too long or too slow. What
    /// was never there is not worth a line.
    async fn silent(&mut self, at: Timestamp, source: &SourceId, reason: &str) {
        let testimony = Reading::new(source.clone(), reason).report();
        let spoke = self.statements.iter().any(|told| told.testimony.same_source(&testimony));
        if spoke || reason.contains(UNREAD) {
            self.publish_report(at, testimony).await;
        }
    }

    async fn publish_report(&mut self, at: Timestamp, testimony: SourceReport) {
        match self.statements.iter_mut().find(|told| told.testimony.same_source(&testimony)) {
            Some(told)
                if told.testimony.says == testimony.says && told.testimony.failing == testimony.failing =>
            {
                told.since = Some((at, testimony));
                return;
            }
            Some(told) => *told = Published { testimony: testimony.clone(), since: None },
            None => self.statements.push(Published { testimony: testimony.clone(), since: None }),
        }
        self.emitter.emit_at(at, EventKind::Testified(testimony)).await;
    }

    /// Tells what is believed now, and once a second what is no news.
    async fn publish_belief(&mut self, at: Timestamp, mut belief: Belief) {
        let due = self.repeated.is_none_or(|told| at.duration_since(told).as_secs_f64() >= REPEAT_S);
        if due {
            self.repeated = Some(at);
            self.repeat().await;
        }
        let same = self.belief.as_ref().is_some_and(|told| {
            told.state == belief.state
                && told.confidence == belief.confidence
                && !belief.restarted
                && belief.missed.is_empty()
                && (!due || *told == belief)
        });
        if same {
            return;
        }
        self.emitter.emit_at(at, EventKind::Believed(belief.clone())).await;
        (belief.restarted, belief.missed) = (false, Vec::new());
        self.belief = Some(belief);
    }

    async fn repeat(&mut self) {
        for told in &mut self.statements {
            if let Some((at, testimony)) = told.since.take() {
                told.testimony = testimony.clone();
                self.emitter.emit_at(at, EventKind::Testified(testimony)).await;
            }
        }
        if let Some((at, calls)) = self.calls.take() {
            self.emitter.emit_at(at, EventKind::CallsCounted(calls)).await;
        }
    }
}
