//! The loop: reads the sources, follows the session's stream, and lets the estimator judge four times a second.

use super::{
    discovery::{self, DiscoveryTargets, SharedKnownPods},
    estimate::BreakerEstimator,
    reading::{Reading, SourceId, SourceMessage},
    sources::{
        RequestCounters,
        page_poller::{Page, PageKind, ReaderOutput, read},
        page_route::PageRoute,
        usual_pages::without_query_values,
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

/// The interval between two judgements.
const JUDGE: Duration = Duration::from_millis(250);
/// The interval at which an unchanged report or belief is repeated with its new figures.
const REPEAT_S: f64 = 1.0;
/// Seconds without a reading after which a replica is no longer counted.
const FORGOTTEN_S: f64 = 8.0;
/// The text in a reason that marks a page which answers but was not read to its end.
const UNREAD: &str = "not read to its end";
/// The capacity of the channel of readings, and the maximum number of replicas whose calls are counted.
const HEARD: usize = 64;

/// Which breaker to watch, through which sources.
#[derive(Clone, Debug)]
pub struct BreakerSettings {
    /// The endpoint whose answers are evidence.
    pub endpoint: EndpointId,
    /// A health page of the consumer.
    pub health: Option<String>,
    /// A Prometheus page of the consumer.
    pub metrics: Option<String>,
    /// Headers, credentials and trust for these pages, or the reason why they are unavailable.
    pub access: Result<Access, String>,
    /// Where to search for more sources.
    pub discovery: Option<DiscoveryTargets>,
    /// The interval between two polls of the pages.
    pub period: Duration,
    /// How long the breaker stays open, if known beforehand; else it is learned from the first cycle.
    pub reset: Option<Duration>,
    /// The path that users call: its calls are counted alone if the page counts by path.
    pub path: String,
    /// Detects when this program itself did not run.
    pub presence: AbsenceDetector,
}

impl BreakerSettings {
    /// Settings with the answers of one endpoint as the only source; added pages are polled twice a second.
    pub fn new(endpoint: EndpointId) -> Self {
        Self {
            endpoint,
            health: None,
            metrics: None,
            discovery: None,
            access: Ok(Access::default()),
            period: Duration::from_millis(500),
            reset: None,
            path: "/".to_owned(),
            presence: AbsenceDetector::default(),
        }
    }
}

/// Watches until `stop` is cancelled or the session ends. `tap` receives all events of the session, including those of
/// this watch.
pub async fn watch(
    settings: BreakerSettings,
    emitter: Emitter,
    mut tap: mpsc::Receiver<Arc<Event>>,
    stop: CancellationToken,
) {
    let (heard, mut hears) = mpsc::channel(HEARD);
    let sources_stop = stop.child_token();
    // Stops the sources when this function returns.
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
    if let Some(hunt) = &settings.discovery {
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
    let (mut publisher, mut all_calls) = (ChangePublisher::new(emitter), AllCalls::default());
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
                        // From the first fire on the behaviour is observed, so the prediction is dropped.
                        trips = None;
                    }
                }
                None => return,
            },
            Some(heard) = hears.recv() => {
                let at = publisher.emitter.clock().now();
                estimator.handle(at, &heard);
                if let SourceMessage::Silent { source, reason } = &heard {
                    publisher.silent(at, source, reason).await;
                }
                if let SourceMessage::Reading(reading) = &heard {
                    if let Some(requests) = all_calls.handle(at, reading) {
                        let endpoint = settings.endpoint;
                        let (series, of_path) = (requests.series.clone(), requests.of_path);
                        let (total, failed) = (requests.total, requests.failed);
                        publisher.count(at, CallTotals { endpoint, series, of_path, total, failed });
                    }
                    publisher.publish_report(at, estimator.answers_report(reading)).await;
                    for check in trips.as_mut().map(|trips| trips.look(reading)).unwrap_or_default() {
                        publisher.emitter.emit_at(at, EventKind::Checked(check)).await;
                    }
                }
            }
            _ = judgements.tick() => {
                let now = publisher.emitter.clock().now();
                let (testimony, belief) = estimator.judge(now);
                well.store(estimator.users_are_well(), Ordering::Relaxed);
                publisher.publish_report(now, testimony).await;
                publisher.publish_belief(now, belief).await;
            }
        }
    }
}

/// A page beside the users' endpoint; emits `Absent` if its URL cannot be read.
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
    let id = SourceId::at_users_url(witness, without_query_values(&path));
    let (period, rules) = (settings.period, Vec::new());
    Some(Page { route: reach, id, path, kind, period, rules, tells: Some(source), named: true })
}

/// Calls of all clients, summed over all replicas that count them.
#[derive(Default)]
struct AllCalls(BTreeMap<SourceId, (Timestamp, RequestCounters)>);

impl AllCalls {
    /// Handles a reading. Returns the sum over its replica and the others that count alike, if it counts any.
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

/// Emits changes at once. Unchanged reports are repeated once a second with their new figures, all of them together,
/// because each event may draw a frame.
struct ChangePublisher {
    emitter: Emitter,
    statements: Vec<Published>,
    belief: Option<Belief>,
    /// Calls of all clients that are not emitted yet.
    calls: Option<(Timestamp, CallTotals)>,
    repeated: Option<Timestamp>,
}

/// The last emitted report of a source, and its latest report since then that changes nothing.
struct Published {
    testimony: SourceReport,
    since: Option<(Timestamp, SourceReport)>,
}

impl ChangePublisher {
    fn new(emitter: Emitter) -> Self {
        Self { emitter, statements: Vec::new(), belief: None, calls: None, repeated: None }
    }

    /// Stores the calls of all clients for the next repetition.
    fn count(&mut self, at: Timestamp, calls: CallTotals) {
        self.calls = Some((at, calls));
    }

    /// Emits why a source that gave reports is silent now, or that a page exists but is too long or too slow. A page
    /// that never existed is not reported.
    async fn silent(&mut self, at: Timestamp, source: &SourceId, reason: &str) {
        let testimony = Reading::new(source.clone(), reason).report();
        let spoke = self.statements.iter().any(|published| published.testimony.same_source(&testimony));
        if spoke || reason.contains(UNREAD) {
            self.publish_report(at, testimony).await;
        }
    }

    async fn publish_report(&mut self, at: Timestamp, testimony: SourceReport) {
        match self.statements.iter_mut().find(|published| published.testimony.same_source(&testimony)) {
            Some(published)
                if published.testimony.says == testimony.says
                    && published.testimony.failing == testimony.failing =>
            {
                published.since = Some((at, testimony));
                return;
            }
            Some(published) => *published = Published { testimony: testimony.clone(), since: None },
            None => self.statements.push(Published { testimony: testimony.clone(), since: None }),
        }
        self.emitter.emit_at(at, EventKind::Testified(testimony)).await;
    }

    /// Emits the present belief if it changed, and repeats unchanged reports once a second.
    async fn publish_belief(&mut self, at: Timestamp, mut belief: Belief) {
        let due = self.repeated.is_none_or(|last| at.duration_since(last).as_secs_f64() >= REPEAT_S);
        if due {
            self.repeated = Some(at);
            self.repeat().await;
        }
        let same = self.belief.as_ref().is_some_and(|last| {
            last.state == belief.state
                && last.confidence == belief.confidence
                && !belief.restarted
                && belief.missed.is_empty()
                && (!due || *last == belief)
        });
        if same {
            return;
        }
        self.emitter.emit_at(at, EventKind::Believed(belief.clone())).await;
        (belief.restarted, belief.missed) = (false, Vec::new());
        self.belief = Some(belief);
    }

    async fn repeat(&mut self) {
        for published in &mut self.statements {
            if let Some((at, testimony)) = published.since.take() {
                published.testimony = testimony.clone();
                self.emitter.emit_at(at, EventKind::Testified(testimony)).await;
            }
        }
        if let Some((at, calls)) = self.calls.take() {
            self.emitter.emit_at(at, EventKind::CallsCounted(calls)).await;
        }
    }
}
