//! One poll of a page: the request, what its response is, and the further requests that it takes.

use super::{
    super::{
        super::reading::Reading,
        actuator::{self, ActuatorReader, BreakerPage},
        health,
        page_route::{PageError, PageResponse},
        prometheus::{PageReader, mesh},
    },
    Page, PageKind, STREAM,
};
use crate::session::event::{SourceKind, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// The maximum length of a page; a longer one is not read to its end.
const LONGEST: usize = 64 * 1024 * 1024;
/// The interval between two requests for the events of breakers while no state seems to have changed.
const EVENTS: Duration = Duration::from_secs(2);
/// The maximum number of breakers whose events are requested at a time.
const ASKED: usize = 4;
/// A path that no service has.
const IMPOSSIBLE: &str = "/chaos-tui-asks-for-a-page-that-cannot-be-there";

/// The result of one poll.
pub(super) enum PollResult {
    Read(Box<Reading>),
    Gone(String),
}

/// Polls a page, and what else has to be asked to understand it.
pub(super) struct PagePoller {
    pub(super) page: Page,
    pub(super) metrics: PageReader,
    actuator: ActuatorReader,
    /// Whether the events exist, and when they were last requested.
    events: bool,
    asked: Option<Instant>,
    /// Whether the page has proved to be of its kind.
    met: bool,
    /// Bytes read in the present poll.
    pub(super) bytes: usize,
    /// Whether the health page failed at the last poll, and whether every path gave the same status then.
    failing: Option<bool>,
    everywhere: bool,
}

impl PagePoller {
    pub(super) fn new(page: Page, path: String) -> Self {
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

    /// Polls the page once.
    ///
    /// # Errors
    /// If it denies access, does not answer, or is not read to its end.
    pub(super) async fn ask(&mut self, now: Timestamp) -> Result<PollResult, PageError> {
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
    fn a_name_stays_one_segment() {
        assert_eq!(segment("provider"), "provider");
        assert_eq!(segment("a/../b c?"), "a%2F..%2Fb%20c%3F");
    }
}
