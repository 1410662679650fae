//! Polls one page until it is stopped or proves absent.
//!
//! All external input is bounded: the time and bytes of a page, the data kept of it, and the bytes per second read of
//! all pages together.

mod load;
mod one_poll;

use super::{
    super::reading::{SourceId, SourceMessage},
    listen::read_stream,
    page_route::{PageError, PageRoute},
    prometheus::Rule,
};
use crate::{
    observe::absence::AbsenceDetector,
    session::{
        event::{EventKind, Level, Source, SourceState, Timestamp},
        stream::Emitter,
    },
};
use load::PageLoad;
use one_poll::{PagePoller, PollResult};
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
/// The minimum poll interval of a page, as a multiple of its read time.
const REST: u32 = 2;
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
