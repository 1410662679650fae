//! Events to lines.

use super::{
    MOST_ITEMS, RecentReports,
    requests::{Item, Requests},
};
use crate::session::event::{Answer, AnswerKind, EndpointId, Event, EventKind, Timestamp};
use serde::Serialize;
use std::io::Write;

/// A line before it is written.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a EventKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<&'a Requests>,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    repeats: Option<u64>,
}

/// Writes events as lines.
#[derive(Debug, Default)]
pub(in crate::session::recording) struct Packer {
    /// The number of the next line. The first line has that of its event, which need not be 0.
    next: Option<u64>,
    /// Requests and answers that are not written yet.
    open: Option<OpenRequests>,
    reports: RecentReports,
}

impl Packer {
    /// Writes an event, or keeps it for a line of requests.
    ///
    /// # Errors
    /// If `out` cannot be written, or the event cannot be expressed in JSON.
    pub(in crate::session::recording) fn add(
        &mut self,
        event: &Event,
        out: &mut impl Write,
    ) -> Result<(), serde_json::Error> {
        self.next.get_or_insert(event.seq);
        if let Some(open) = &mut self.open
            && open.takes(event)
        {
            return Ok(());
        }
        self.close(out)?;
        if let Some(open) = OpenRequests::with(event) {
            self.open = Some(open);
            return Ok(());
        }
        let EventKind::Testified(report) = &event.what else {
            return self.write(event.at, (Some(&event.what), None, None), out);
        };
        if let Some(line) = self.reports.line_of(report) {
            return self.write(event.at, (None, None, Some(line)), out);
        }
        self.reports.add(self.next.unwrap_or(0), report);
        self.write(event.at, (Some(&event.what), None, None), out)
    }

    /// Whether requests are not written yet.
    pub(in crate::session::recording) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Writes the requests that are not written yet.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub(in crate::session::recording) fn close(
        &mut self,
        out: &mut impl Write,
    ) -> Result<(), serde_json::Error> {
        match self.open.take() {
            Some(open) => self.write(open.at, (None, Some(&open.line()), None), out),
            None => Ok(()),
        }
    }

    /// Writes piece by piece: an event may hold many megabytes of output.
    fn write(
        &mut self,
        at: Timestamp,
        (what, requests, repeats): (Option<&EventKind>, Option<&Requests>, Option<u64>),
        out: &mut impl Write,
    ) -> Result<(), serde_json::Error> {
        let seq = self.next.unwrap_or(0);
        self.next = Some(seq + 1);
        serde_json::to_writer(&mut *out, &Line { seq, at, what, requests, repeats })?;
        out.write_all(b"\n").map_err(serde_json::Error::io)
    }
}

/// Requests and answers for one line.
#[derive(Debug)]
struct OpenRequests {
    /// The moment of the first one.
    at: Timestamp,
    /// The moment of the last one in microseconds.
    last_us: i64,
    endpoints: Vec<OpenEndpoint>,
    kinds: Vec<(usize, AnswerKind, Option<u16>, u64)>,
    /// The numbers of answered requests are still absolute.
    items: Vec<Item>,
}

#[derive(Debug)]
struct OpenEndpoint {
    id: EndpointId,
    /// The first request sent in this line, and the number after the last one.
    sent: Option<(u64, u64)>,
    first_answered: u64,
}

impl OpenRequests {
    fn with(event: &Event) -> Option<Self> {
        let at = event.at;
        let mut open =
            Self { at, last_us: at.as_microsecond(), endpoints: vec![], kinds: vec![], items: vec![] };
        open.takes(event).then_some(open)
    }

    /// Takes the event, if it can be in this line.
    fn takes(&mut self, event: &Event) -> bool {
        let whole = event.at.subsec_nanosecond() % 1000 == 0;
        let us = event.at.as_microsecond();
        if !whole || self.items.len() == MOST_ITEMS {
            return false;
        }
        let after_us = us - self.last_us;
        let item = match &event.what {
            EventKind::RequestSent { endpoint, request } => self.sent(after_us, *endpoint, request.0),
            EventKind::Answered(answer) => self.answered(after_us, answer),
            _ => None,
        };
        let Some(item) = item else { return false };
        self.items.push(item);
        self.last_us = us;
        true
    }

    fn sent(&mut self, after_us: i64, id: EndpointId, request: u64) -> Option<Item> {
        let endpoint = self.endpoint(id, request);
        let known = self.endpoints.get_mut(endpoint)?;
        match &mut known.sent {
            Some((_, next)) if *next != request => return None,
            Some((_, next)) => *next += 1,
            none => *none = Some((request, request.checked_add(1)?)),
        }
        Some(Item::Sent { after_us, endpoint })
    }

    fn answered(&mut self, after_us: i64, answer: &Answer) -> Option<Item> {
        let Answer { endpoint, request, waited_ms, kind, status, shape, excerpt, retry_after } = answer;
        let request = i64::try_from(request.0).ok()?;
        if excerpt.is_some() || *retry_after || !waited_ms.is_finite() {
            return None;
        }
        let endpoint = self.endpoint(*endpoint, answer.request.0);
        let wanted = (endpoint, *kind, *status, *shape);
        let place = self.kinds.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            self.kinds.push(wanted);
            self.kinds.len() - 1
        });
        Some(Item::Answered { after_us, request, waited_ms: *waited_ms, kind: place })
    }

    fn endpoint(&mut self, id: EndpointId, request: u64) -> usize {
        self.endpoints.iter().position(|known| known.id == id).unwrap_or_else(|| {
            self.endpoints.push(OpenEndpoint { id, sent: None, first_answered: request });
            self.endpoints.len() - 1
        })
    }

    fn line(self) -> Requests {
        let Self { endpoints, kinds, mut items, .. } = self;
        let first =
            |endpoint: &OpenEndpoint| endpoint.sent.map_or(endpoint.first_answered, |(first, _)| first);
        let endpoints: Vec<(EndpointId, u64)> =
            endpoints.iter().map(|endpoint| (endpoint.id, first(endpoint))).collect();
        for item in &mut items {
            if let Item::Answered { request, kind, .. } = item {
                let endpoint = kinds.get(*kind).and_then(|(endpoint, ..)| endpoints.get(*endpoint));
                *request -= endpoint.map_or(0, |(_, first)| *first as i64);
            }
        }
        Requests { endpoints, kinds, items }
    }
}
