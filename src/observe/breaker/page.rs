//! A page that is asked again and again: the health page, the metrics page.

use crate::{
    observe::presence::Presence,
    provider::http::{Access, Packing, Request, beginning},
    session::{
        event::{Source, SourceState, What},
        stream::Emitter,
    },
};
use reqwest::{
    Client, Method, Url,
    header::{ACCEPT, CONTENT_ENCODING, HeaderValue},
};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, timeout},
};
use tokio_util::sync::CancellationToken;

/// Longest wait for a page.
const DEADLINE: Duration = Duration::from_secs(2);
/// Bytes read of a page.
const READ: usize = 2 * 1024 * 1024;
/// How we name ourselves to the server.
const WHO: &str = concat!("chaos-tui/", env!("CARGO_PKG_VERSION"), " (breaker witness)");

/// A page as it was found: status and body, or why there was none.
pub(super) type Found = Result<(u16, String), String>;

/// How a page is asked.
#[derive(Clone)]
pub(super) struct Manner {
    /// Headers, credentials and trust, or why they cannot be had.
    pub(super) access: Result<Access, String>,
    /// How often.
    pub(super) period: Duration,
    /// Knows when this program itself did not run.
    pub(super) presence: Presence,
}

/// Asks `url` in its manner until `stop`, tells how the source is doing, and hands what was found to `found`.
pub(super) async fn poll(
    source: Source,
    url: String,
    manner: Manner,
    emitter: Emitter,
    found: mpsc::Sender<(Source, Found)>,
    stop: CancellationToken,
) {
    let Manner { access, period, presence } = manner;
    let page = match access.and_then(|access| Page::new(&url, &access)) {
        Ok(page) => page,
        Err(reason) => {
            let state = SourceState::Absent { reason };
            return emitter.emit(What::SourceChanged { source, state }).await;
        }
    };
    let mut told = None;
    let mut ticks = tokio::time::interval(period);
    // A page that hangs is asked again one period after it answered, not in a burst.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (asked, answer) = tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => (Instant::now(), stop.run_until_cancelled(page.ask()).await),
        };
        let Some(answer) = answer else { return };
        // That nobody answered while we did not run is not the page's fault.
        if presence.away_between(asked, Instant::now()) {
            continue;
        }
        let state = match &answer {
            Ok((404, _)) => SourceState::Absent { reason: format!("{url} is not there (404)") },
            Ok(_) => SourceState::Live,
            Err(reason) => SourceState::Reconnecting { reason: reason.clone() },
        };
        if told.as_ref() != Some(&state) {
            told = Some(state.clone());
            emitter.emit(What::SourceChanged { source, state }).await;
        }
        if found.send((source, answer)).await.is_err() {
            return;
        }
    }
}

/// A page with what it takes to ask for it.
struct Page {
    client: Client,
    request: Request,
}

impl Page {
    fn new(url: &str, access: &Access) -> Result<Self, String> {
        let _: Url = url.parse().map_err(|error| format!("its URL cannot be read: {error}"))?;
        let url = Access::url(url, "").map_err(|_| "its URL has no scheme or no host")?;
        let host = url.host_str().unwrap_or_default();
        let is_near = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        let client = access.clients(!is_near).of(&url, false)?.clone();
        let mut request = access.request(Method::GET, url, WHO);
        // What the experiment wants of its own page says nothing of this one.
        request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        Ok(Self { client, request })
    }

    async fn ask(&self) -> Found {
        let late = |_| Err(format!("no answer within {} s", DEADLINE.as_secs()));
        timeout(DEADLINE, self.answer()).await.unwrap_or_else(late)
    }

    async fn answer(&self) -> Found {
        let short = |error: reqwest::Error| match error {
            error if error.is_connect() => format!("nobody listens there{}", reason(&error)),
            error => error.without_url().to_string(),
        };
        let Request { url, headers, .. } = &self.request;
        let sent = self.client.get(url.clone()).headers(headers.clone()).send();
        let mut response = sent.await.map_err(short)?;
        let status = response.status().as_u16();
        let packings =
            Packing::of(response.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()));
        let mut body = Vec::new();
        while body.len() < READ
            && let Some(chunk) = response.chunk().await.map_err(short)?
        {
            body.extend_from_slice(&chunk);
        }
        if !packings.is_empty() {
            let wrong = |error| format!("the page is not packed as its headers say: {error}");
            body = beginning(&body, &packings, READ, READ).map_err(wrong)?.0;
        }
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
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
