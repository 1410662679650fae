//! A page that is asked again and again: the health page, the metrics page.

use super::super::reading::{Heard, SourceId};
use super::{health, prometheus::PageReader};
use crate::{
    observe::presence::Presence,
    provider::http::{Access, Packing, Request, beginning},
    session::{
        event::{Source, SourceState, What},
        stream::Emitter,
    },
};
use reqwest::{
    Client, Method, Response, Url,
    header::{ACCEPT, CONTENT_ENCODING, HeaderValue},
};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Longest time that a page may take, its last byte included.
const DEADLINE: Duration = Duration::from_secs(2);
/// Bytes of a page that are read a second, on average: a long page is asked less often.
const RATE: f64 = 8_000_000.0;
/// Bytes read of a packed page, which is not read as a stream.
const PACKED: usize = 4 * 1024 * 1024;
/// A path that no service has.
const IMPOSSIBLE: &str = "/chaos-tui-asks-for-a-page-that-cannot-be-there";
/// How we name ourselves to the server.
const WHO: &str = concat!("chaos-tui/", env!("CARGO_PKG_VERSION"), " (breaker source)");

/// How a page is read.
pub(in crate::observe::breaker) enum Page {
    /// As a health page.
    Health,
    /// As Prometheus text.
    Metrics,
}

/// How pages are asked.
#[derive(Clone)]
pub(in crate::observe::breaker) struct Manner {
    /// Headers, credentials and trust, or why they cannot be had.
    pub(in crate::observe::breaker) access: Result<Access, String>,
    /// How often.
    pub(in crate::observe::breaker) period: Duration,
    /// Knows when this program itself did not run.
    pub(in crate::observe::breaker) presence: Presence,
    /// The path that users ask.
    pub(in crate::observe::breaker) path: String,
}

/// What is asked.
pub(in crate::observe::breaker) struct Asked {
    pub(in crate::observe::breaker) page: Page,
    pub(in crate::observe::breaker) id: SourceId,
    pub(in crate::observe::breaker) url: String,
}

/// Asks a page again and again until `stop`, tells how the source is doing, and hands what it says to `heard`.
pub(in crate::observe::breaker) async fn poll(
    asked: Asked,
    manner: Manner,
    emitter: Emitter,
    heard: mpsc::Sender<Heard>,
    stop: CancellationToken,
) {
    let Asked { page, id, url } = asked;
    let Manner { access, period, presence, path } = manner;
    let source = match page {
        Page::Health => Source::Health,
        Page::Metrics => Source::Metrics,
    };
    let mut asker = match access.and_then(|access| Asker::new(id, &url, &access, path)) {
        Ok(asker) => asker,
        Err(reason) => {
            let state = SourceState::Absent { reason };
            return emitter.emit(What::SourceChanged { source, state }).await;
        }
    };
    let mut told = None;
    loop {
        let began = Instant::now();
        let asked = timeout(DEADLINE, asker.ask(&page));
        let Some(asked) = stop.run_until_cancelled(asked).await else { return };
        let rest = Duration::from_secs_f64(std::mem::take(&mut asker.read) as f64 / RATE);
        // A page that hangs is asked again one period after it answered, not in a burst.
        let next = Instant::now().max(began + rest).max(began + period);
        // That nobody answered while we did not run is not the page's fault.
        if presence.away_between(began, Instant::now()) {
            if stop.run_until_cancelled(sleep_until(next)).await.is_none() {
                return;
            }
            continue;
        }
        let late = || format!("it was not read to its end within {} s", DEADLINE.as_secs());
        let found = asked.unwrap_or_else(|_| Err(late()));
        let state = match &found {
            Ok(Found::Said(Heard::Reading(reading)))
                if reading.breakers.is_empty() && source == Source::Metrics =>
            {
                SourceState::Absent { reason: reading.ground.clone() }
            }
            Ok(Found::Said(_)) => SourceState::Live,
            Ok(Found::Gone(status)) => {
                SourceState::Absent { reason: format!("{url} is not there ({status})") }
            }
            Err(reason) => SourceState::Reconnecting { reason: reason.clone() },
        };
        if told.as_ref() != Some(&state) {
            told = Some(state.clone());
            emitter.emit(What::SourceChanged { source, state }).await;
        }
        let silent = |reason| Heard::Silent { source: asker.id.clone(), reason };
        let said = match found {
            Ok(Found::Said(said)) => said,
            Ok(Found::Gone(status)) => silent(format!("it answers {status}")),
            Err(reason) => silent(reason),
        };
        if heard.send(said).await.is_err() {
            return;
        }
        if stop.run_until_cancelled(sleep_until(next)).await.is_none() {
            return;
        }
    }
}

enum Found {
    Said(Heard),
    /// Not there, or not for us.
    Gone(u16),
}

/// A page with what it takes to ask for it.
struct Asker {
    client: Client,
    request: Request,
    id: SourceId,
    reader: PageReader,
    /// Whether the health page failed at the last look.
    failing: Option<bool>,
    /// Whether every path answered the same at that time.
    everywhere: bool,
    /// Bytes read of the page.
    read: usize,
}

impl Asker {
    fn new(id: SourceId, url: &str, access: &Access, path: String) -> Result<Self, String> {
        let _: Url = url.parse().map_err(|error| format!("its URL cannot be read: {error}"))?;
        let url = Access::url(url, "").map_err(|_| "its URL has no scheme or no host")?;
        let host = url.host_str().unwrap_or_default();
        let is_near = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        let client = access.clients(!is_near).of(&url, false)?.clone();
        let mut request = access.request(Method::GET, url, WHO);
        // What the experiment wants of its own page says nothing of this one.
        request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let reader = PageReader { path, ..PageReader::default() };
        Ok(Self { client, request, id, reader, failing: None, everywhere: false, read: 0 })
    }

    async fn get(&self, url: Url) -> Result<Response, String> {
        self.client.get(url).headers(self.request.headers.clone()).send().await.map_err(short)
    }

    async fn ask(&mut self, page: &Page) -> Result<Found, String> {
        let mut response = self.get(self.request.url.clone()).await?;
        let status = response.status().as_u16();
        let packed = response.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let packings = Packing::of(packed);
        match page {
            Page::Health => {
                let body = start(&mut response, health::READ, &packings).await?;
                if matches!(status, 404 | 401 | 403) {
                    return Ok(Found::Gone(status));
                }
                self.compare(status).await;
                let body = String::from_utf8_lossy(&body);
                let reading = health::read(self.id.clone(), status, &body, self.everywhere);
                Ok(Found::Said(Heard::Reading(reading)))
            }
            Page::Metrics if !(200..300).contains(&status) => Ok(Found::Gone(status)),
            Page::Metrics => {
                let mut text = self.reader.page();
                if packings.is_empty() {
                    while let Some(piece) = response.chunk().await.map_err(short)? {
                        self.read += piece.len();
                        text.feed(&piece);
                    }
                } else {
                    text.feed(&start(&mut response, PACKED, &packings).await?);
                }
                Ok(Found::Said(Heard::Reading(self.reader.read(self.id.clone(), text))))
            }
        }
    }

    /// Whenever the health page changes its mind, whether a page that cannot be there answers the same: an ingress and a
    /// dead consumer answer so.
    async fn compare(&mut self, status: u16) {
        let failing = Some(!(200..300).contains(&status));
        if self.failing == failing {
            return;
        }
        let mut impossible = self.request.url.clone();
        impossible.set_path(IMPOSSIBLE);
        impossible.set_query(None);
        let answer = self.get(impossible).await;
        self.everywhere = answer.is_ok_and(|answer| answer.status().as_u16() == status);
        self.failing = failing;
    }
}

/// The beginning of a body, unpacked.
async fn start(response: &mut Response, most: usize, packings: &[Packing]) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while body.len() < most
        && let Some(piece) = response.chunk().await.map_err(short)?
    {
        body.extend_from_slice(&piece);
    }
    if packings.is_empty() {
        return Ok(body);
    }
    let wrong = |error| format!("the page is not packed as its headers say: {error}");
    Ok(beginning(&body, packings, most, most).map_err(wrong)?.0)
}

fn short(error: reqwest::Error) -> String {
    match error {
        error if error.is_connect() => format!("nobody listens there{}", reason(&error)),
        error => error.without_url().to_string(),
    }
}

/// Why the connection could not be used, where it is about trust.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return format!(" that we trust: {tls}");
        }
        cause = match inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(content) => Some(content),
            None => inner.source(),
        };
    }
    String::new()
}
