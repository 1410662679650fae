//! Polls one page.
//!
//! All external input is bounded: the time and bytes of a page, the data kept of it, and the bytes per second read of
//! all pages together.

use super::{
    super::reading::{Reading, SourceId, SourceMessage},
    actuator::{self, ActuatorReader, BreakerPage},
    health,
    listen::read_stream,
    page_route::{PageError, PageResponse, PageRoute},
    prometheus::{PageReader, Rule, mesh},
};
use crate::{
    observe::absence::AbsenceDetector,
    session::{
        event::{EventKind, Level, Source, SourceKind, SourceState, Timestamp},
        stream::Emitter,
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The timeout for a page, including its last byte.
pub(super) const DEADLINE: Duration = Duration::from_secs(2);
/// The maximum length of a page; a longer one is not read to its end.
const LONGEST: usize = 64 * 1024 * 1024;
/// The bytes per second read of all pages together: at most some percent of a core.
const BYTES_PER_S: usize = 2 * 1024 * 1024;
/// The length up to which a page is never polled less often for the sake of others.
const LIGHT: usize = 16 * 1024;
/// The minimum poll interval of a page, as a multiple of its read time.
const REST: u32 = 2;
/// The interval between two requests for the events of breakers while no state seems to have changed.
const EVENTS: Duration = Duration::from_secs(2);
/// The maximum number of breakers whose events are requested at a time.
const ASKED: usize = 4;
/// The pauses before a server that does not answer is queried again.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];
/// The reason why a page that is an event stream is not polled.
pub(in crate::observe::breaker) const STREAM: &str = "an event stream";
/// A path that no service has.
const IMPOSSIBLE: &str = "/chaos-tui-asks-for-a-page-that-cannot-be-there";

/// How a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::observe::breaker) enum PageKind {
    /// resilience4j's breakers with their events, or their events alone.
    Breakers,
    /// A Hystrix stream, held open.
    Stream,
    /// Prometheus text.
    Metrics,
    /// Prometheus text of a mesh's proxy.
    Mesh,
    Health,
    /// Determined from the response.
    Any,
}

/// The output of the readers, and their shared state.
#[derive(Clone)]
pub(in crate::observe::breaker) struct ReaderOutput {
    pub(in crate::observe::breaker) emitter: Emitter,
    pub(in crate::observe::breaker) sender: mpsc::Sender<SourceMessage>,
    /// The total bytes of the latest reads of all pages.
    pub(in crate::observe::breaker) load: Arc<AtomicUsize>,
    /// Detects when this program itself did not run.
    pub(in crate::observe::breaker) presence: AbsenceDetector,
    /// The path that users call.
    pub(in crate::observe::breaker) path: String,
    /// Whether users get real answers now.
    pub(in crate::observe::breaker) well: Arc<AtomicBool>,
}

impl ReaderOutput {
    /// The output before anything was read.
    pub(in crate::observe::breaker) fn new(emitter: Emitter, heard: mpsc::Sender<SourceMessage>) -> Self {
        Self {
            emitter,
            sender: heard,
            load: Arc::default(),
            presence: AbsenceDetector::default(),
            path: String::new(),
            well: Arc::default(),
        }
    }

    pub(in crate::observe::breaker) fn now(&self) -> Timestamp {
        self.emitter.clock().now()
    }

    /// Logs a warning that a page cannot be read.
    async fn report(&self, page: &SourceId, why: &str) {
        let pod = page.pod.as_ref().map(|pod| format!(" of pod {pod}")).unwrap_or_default();
        let message = format!("{}{pod} gives no breaker state: {why}", page.place);
        self.emitter
            .emit(EventKind::Logged { level: Level::Warning, target: "breaker".to_owned(), message })
            .await;
    }
}

pub(in crate::observe::breaker) struct Page {
    pub(in crate::observe::breaker) route: PageRoute,
    pub(in crate::observe::breaker) id: SourceId,
    pub(in crate::observe::breaker) path: String,
    pub(in crate::observe::breaker) kind: PageKind,
    pub(in crate::observe::breaker) period: Duration,
    pub(in crate::observe::breaker) rules: Vec<Rule>,
    /// The source whose state the state of this page is emitted as.
    pub(in crate::observe::breaker) tells: Option<Source>,
    /// Whether the operator named the page; then it is never given up.
    pub(in crate::observe::breaker) named: bool,
}

/// Why a page is no longer polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::observe::breaker) enum PollEnd {
    /// The reader was stopped.
    Stopped,
    /// The page does not exist, or is not of this kind.
    Gone(String),
    /// The cluster denies access.
    Denied(String),
}

/// The result of one poll.
enum PollResult {
    Read(Box<Reading>),
    Gone(String),
}

/// Reads a page until `stop`, or until it proves absent. Calls `first` once the page has been read.
pub(in crate::observe::breaker) async fn read(
    page: Page,
    out: ReaderOutput,
    stop: CancellationToken,
    first: impl FnOnce() + Send,
) -> PollEnd {
    match page.kind {
        PageKind::Stream => read_stream(page, out, &stop, first).await,
        _ => poll(page, out, &stop, first).await,
    }
}

/// The share of one page in the bytes of all pages, until it is no longer read.
struct PageLoad {
    all: Arc<AtomicUsize>,
    mine: usize,
}

impl PageLoad {
    fn on(all: &Arc<AtomicUsize>) -> Self {
        Self { all: all.clone(), mine: 0 }
    }

    /// Sets the page's present length; returns the minimum time between two polls that keeps all pages within the
    /// limit.
    fn set(&mut self, bytes: usize) -> Duration {
        self.all.fetch_add(bytes, Ordering::Relaxed);
        let before = self.all.fetch_sub(self.mine, Ordering::Relaxed);
        let all = before.saturating_sub(self.mine);
        self.mine = bytes;
        match bytes {
            0..=LIGHT => Duration::ZERO,
            _ => Duration::from_secs_f64(all as f64 / BYTES_PER_S as f64),
        }
    }
}

impl Drop for PageLoad {
    fn drop(&mut self) {
        self.all.fetch_sub(self.mine, Ordering::Relaxed);
    }
}

async fn poll(
    page: Page,
    out: ReaderOutput,
    stop: &CancellationToken,
    first: impl FnOnce() + Send,
) -> PollEnd {
    let (period, named, tells) = (page.period, page.named, page.tells);
    let mut poller = PagePoller::new(page, out.path.clone());
    let (mut reported, mut first) = (None, Some(first));
    let mut load = PageLoad::on(&out.load);
    let (mut lived, mut failures, mut long) = (false, 0, false);
    loop {
        let began = Instant::now();
        poller.bytes = 0;
        poller.metrics.well = out.well.load(Ordering::Relaxed);
        let asked = timeout(DEADLINE, poller.ask(out.now()));
        let Some(asked) = stop.run_until_cancelled(asked).await else { return PollEnd::Stopped };
        // If this program did not run meanwhile, a missing answer is not the page's fault.
        if out.presence.gap_between(began, Instant::now()) {
            if stop.run_until_cancelled(sleep(period)).await.is_none() {
                return PollEnd::Stopped;
            }
            continue;
        }
        let late = || {
            let seconds = DEADLINE.as_secs();
            match poller.bytes {
                0 => PageError::Unreachable(format!("it did not answer within {seconds} s")),
                bytes => PageError::Late(format!(
                    "it was not read to its end within {seconds} s ({} kB of it were)",
                    bytes.div_ceil(1000)
                )),
            }
        };
        let found = asked.unwrap_or_else(|_| Err(late()));
        if let Err(PageError::Late(why)) = &found
            && !std::mem::replace(&mut long, true)
        {
            out.report(&poller.page.id, why).await;
        }
        if let Ok(PollResult::Gone(why)) = &found
            && (!lived && !named || why == STREAM)
        {
            return PollEnd::Gone(why.clone());
        }
        let state = match &found {
            Ok(PollResult::Read(reading))
                if reading.breakers.is_empty() && tells == Some(Source::Metrics) =>
            {
                SourceState::Absent { reason: reading.ground.clone() }
            }
            Ok(PollResult::Read(_)) => SourceState::Live,
            Ok(PollResult::Gone(why)) => {
                SourceState::Absent { reason: format!("{} is not there ({why})", poller.page.id.place) }
            }
            Err(PageError::Denied(why) | PageError::Unreachable(why) | PageError::Late(why)) => {
                SourceState::Reconnecting { reason: why.clone() }
            }
        };
        if let Some(source) = tells.filter(|_| reported.as_ref() != Some(&state)) {
            reported = Some(state.clone());
            out.emitter.emit(EventKind::SourceChanged { source, state }).await;
        }
        let mut rest = period.max(began.elapsed() * REST);
        let silent = |reason| SourceMessage::Silent { source: poller.page.id.clone(), reason };
        let heard = match found {
            Ok(PollResult::Read(reading)) => {
                (lived, failures) = (true, 0);
                if let Some(first) = first.take() {
                    first();
                }
                if reading.breakers.is_empty()
                    && matches!(poller.page.kind, PageKind::Metrics | PageKind::Mesh)
                {
                    // Series may appear with the first call, so the page is still polled, but less often.
                    rest = rest.max(period * 2);
                }
                SourceMessage::Reading(*reading)
            }
            Ok(PollResult::Gone(why)) => silent(format!("it is not there ({why})")),
            Err(PageError::Denied(why)) => return PollEnd::Denied(why),
            Err(PageError::Unreachable(why) | PageError::Late(why)) => {
                // A page that answered before keeps its period, because it may be back any moment.
                if !lived && !named {
                    rest = rest.max(pause(failures));
                    failures += 1;
                }
                silent(why)
            }
        };
        let spoke = lived || tells.is_some() || named;
        if spoke && out.sender.send(heard).await.is_err() {
            return PollEnd::Stopped;
        }
        let rest = rest.max(load.set(poller.bytes)).saturating_sub(began.elapsed());
        if stop.run_until_cancelled(sleep(rest)).await.is_none() {
            return PollEnd::Stopped;
        }
    }
}

pub(super) fn pause(failures: usize) -> Duration {
    PAUSES.get(failures).or(PAUSES.last()).copied().unwrap_or(DEADLINE)
}

struct PagePoller {
    page: Page,
    metrics: PageReader,
    actuator: ActuatorReader,
    /// Whether the events exist, and when they were last requested.
    events: bool,
    asked: Option<Instant>,
    /// Whether the page has proved to be of its kind.
    met: bool,
    /// Bytes read in the present poll.
    bytes: usize,
    /// Whether the health page failed at the last poll, and whether every path gave the same status then.
    failing: Option<bool>,
    everywhere: bool,
}

impl PagePoller {
    fn new(page: Page, path: String) -> Self {
        Self {
            metrics: PageReader::with(page.rules.clone(), path),
            page,
            actuator: ActuatorReader::default(),
            events: true,
            asked: None,
            met: false,
            bytes: 0,
            failing: None,
            everywhere: false,
        }
    }

    async fn ask(&mut self, now: Timestamp) -> Result<PollResult, PageError> {
        let accept = match self.page.kind {
            PageKind::Metrics | PageKind::Mesh => "text/plain;version=0.0.4,text/plain;q=0.9,*/*;q=0.1",
            _ => "application/json,*/*;q=0.5",
        };
        let mut answer = self.page.route.get(&self.page.path, accept, now).await?;
        let unreadable = PageError::Unreachable;
        let status = answer.status;
        match self.page.kind {
            PageKind::Health => self.health(&mut answer, now).await,
            _ if !(200..300).contains(&status) => Ok(PollResult::Gone(status.to_string())),
            _ if answer.is_html() => Ok(PollResult::Gone("an HTML page".to_owned())),
            PageKind::Mesh => {
                let mut text = mesh::page();
                self.feed(&mut answer, |piece| text.feed(piece)).await?;
                Ok(said(mesh::read(self.page.id.clone(), text)))
            }
            PageKind::Metrics => {
                let mut text = self.metrics.page();
                self.feed(&mut answer, |piece| text.feed(piece)).await?;
                if !(self.met || self.page.named || text.is_prometheus_text()) {
                    // Many services answer every path with something.
                    return Ok(PollResult::Gone("no page of metrics".to_owned()));
                }
                self.met = true;
                Ok(said(self.metrics.read(self.page.id.clone(), text)))
            }
            PageKind::Breakers => {
                let body = self.start(&mut answer, actuator::READ).await.map_err(unreadable)?;
                let found = self.actuator(&body, answer.skew, now).await;
                Ok(found.map_or_else(|| PollResult::Gone("no list of breakers".to_owned()), said))
            }
            PageKind::Any => self.any(answer, now).await,
            PageKind::Stream => Ok(PollResult::Gone(STREAM.to_owned())),
        }
    }

    /// Reads a page whose kind only its response shows.
    async fn any(&mut self, mut answer: PageResponse, now: Timestamp) -> Result<PollResult, PageError> {
        if answer.content_type.starts_with("text/event-stream") {
            return Ok(PollResult::Gone(STREAM.to_owned()));
        }
        if answer.content_type.contains("json") {
            let body = self.start(&mut answer, actuator::READ).await.map_err(PageError::Unreachable)?;
            if let Some(reading) = self.actuator(&body, answer.skew, now).await {
                return Ok(said(reading));
            }
            self.page.id.kind = SourceKind::Health;
            let body = String::from_utf8_lossy(&body);
            return Ok(said(health::read(self.page.id.clone(), answer.status, &body, false)));
        }
        let mut text = self.metrics.page();
        self.feed(&mut answer, |piece| text.feed(piece)).await?;
        Ok(said(self.metrics.read(self.page.id.clone(), text)))
    }

    async fn start(&mut self, answer: &mut PageResponse, most: usize) -> Result<Vec<u8>, String> {
        let body = answer.up_to(most).await?;
        self.bytes += body.len();
        Ok(body)
    }

    /// Reads a page to its end, chunk by chunk.
    async fn feed(
        &mut self,
        answer: &mut PageResponse,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), PageError> {
        while let Some(piece) = answer.chunk().await.map_err(PageError::Unreachable)? {
            self.bytes += piece.len();
            if self.bytes > LONGEST {
                return Err(PageError::Late(format!(
                    "it is longer than {} MB and was not read to its end",
                    LONGEST / (1024 * 1024)
                )));
            }
            take(&piece);
        }
        Ok(())
    }

    async fn health(&mut self, answer: &mut PageResponse, now: Timestamp) -> Result<PollResult, PageError> {
        let status = answer.status;
        let body = self.start(answer, health::READ).await.map_err(PageError::Unreachable)?;
        if matches!(status, 300..=399 | 401 | 403 | 404 | 405) {
            return Ok(PollResult::Gone(status.to_string()));
        }
        self.compare(status, now).await;
        let body = String::from_utf8_lossy(&body);
        Ok(said(health::read(self.page.id.clone(), status, &body, self.everywhere)))
    }

    /// Whenever the health page changes, checks whether a path that cannot exist gets the same status: an ingress and a
    /// dead consumer respond that way.
    async fn compare(&mut self, status: u16, now: Timestamp) {
        let failing = Some(!(200..300).contains(&status));
        if self.failing == failing {
            return;
        }
        let answer = self.page.route.get(IMPOSSIBLE, "*/*", now).await;
        self.everywhere = answer.is_ok_and(|answer| answer.status == status);
        self.failing = failing;
    }

    /// Reads a page that names breakers, or one with the events of breakers.
    async fn actuator(&mut self, body: &[u8], skew: jiff::SignedDuration, now: Timestamp) -> Option<Reading> {
        let mut id = self.page.id.clone();
        id.kind = SourceKind::Actuator;
        let due = self.asked.is_none_or(|asked| asked.elapsed() >= EVENTS);
        let (found, names, all) = if self.actuator.events(body, true, now, skew) {
            // Busy breakers push their transitions out of the buffer, but transitions can be requested alone.
            let unmoved = if due { self.actuator.unmoved() } else { Vec::new() };
            (None, unmoved, false)
        } else {
            let BreakerPage { reading, moved, names_only: blind } =
                self.actuator.read(id.clone(), body, now)?;
            let all = !blind.is_empty();
            let named = || reading.breakers.iter().map(|one| one.name.clone()).collect();
            let names = match (all, moved.is_empty(), due) {
                (true, ..) => blind,
                (_, false, _) => moved,
                (_, true, true) => named(),
                (_, true, false) => Vec::new(),
            };
            (Some(reading), names, all)
        };
        self.page.id.kind = SourceKind::Actuator;
        if self.events && !names.is_empty() {
            self.asked = Some(Instant::now());
            // A name that is a path step would lead to another page.
            for name in names.iter().filter(|name| !matches!(name.as_str(), "" | "." | "..")).take(ASKED) {
                self.ask_for_events(name, all, skew, now).await;
            }
        }
        Some(match found {
            Some(mut reading) => {
                self.actuator.attach(&mut reading);
                reading
            }
            None => self.actuator.by_events(id),
        })
    }

    /// Requests the events of one breaker: all of them, or its transitions.
    async fn ask_for_events(&mut self, name: &str, all: bool, skew: jiff::SignedDuration, now: Timestamp) {
        let (path, query) = match self.page.path.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (self.page.path.as_str(), String::new()),
        };
        let path = path.trim_end_matches('/');
        let path = ["breakers", "breakerevents"]
            .into_iter()
            .find_map(|page| path.strip_suffix(&format!("/circuit{page}")))
            .map(|base| format!("{base}/circuitbreakerevents/{}", segment(name)));
        let Some(path) = path else {
            self.events = false;
            return;
        };
        let path = format!("{path}{}{query}", if all { "" } else { "/STATE_TRANSITION" });
        let Ok(mut answer) = self.page.route.get(&path, "application/json,*/*;q=0.5", now).await else {
            return;
        };
        if answer.status == 404 || answer.is_html() {
            self.events = false;
            return;
        }
        if (200..300).contains(&answer.status)
            && let Ok(body) = self.start(&mut answer, actuator::READ).await
        {
            self.actuator.events(&body, all, now, skew);
        }
    }
}

fn said(reading: Reading) -> PollResult {
    PollResult::Read(Box::new(reading))
}

/// Encodes a breaker's name as one segment of a path.
fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let coded = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(coded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_together_have_so_many_bytes_a_second() {
        let all = Arc::default();
        let mut pages: Vec<PageLoad> = (0..10).map(|_| PageLoad::on(&all)).collect();
        let mut small = PageLoad::on(&all);
        let waits: Vec<Duration> = pages.iter_mut().map(|page| page.set(BYTES_PER_S / 20)).collect();
        let last = waits.last().unwrap().as_millis();
        assert!((490..=500).contains(&last), "ten of them twice a second: {last} ms");
        assert_eq!(small.set(1000), Duration::ZERO, "who is read at no cost is not slowed by others");
        assert!(pages[0].set(BYTES_PER_S * 4) >= Duration::from_secs(4), "the long one waits");
        drop((pages, small));
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(segment("provider"), "provider");
        assert_eq!(segment("a/../b c?"), "a%2F..%2Fb%20c%3F");
    }
}
