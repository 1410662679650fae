//! Lines to events.

use super::{
    MOST_ITEMS, RecentReports,
    requests::{Item, Requests},
};
use crate::session::event::{Answer, Event, EventKind, RequestId, Timestamp};
use serde::{Deserialize, de::Error};
use std::collections::VecDeque;

/// A line as it is read.
#[derive(Deserialize)]
struct Line {
    seq: u64,
    at: Timestamp,
    what: Option<EventKind>,
    requests: Option<Requests>,
    #[serde(rename = "as")]
    repeats: Option<u64>,
}

/// Reads lines, in order. A copy goes on reading from the same place.
#[derive(Clone, Debug, Default)]
pub(in crate::session::recording) struct Unpacker {
    /// The position of the next event in the stream.
    next: Option<u64>,
    reports: RecentReports,
}

impl Unpacker {
    /// Appends the events of a line.
    ///
    /// # Errors
    /// If the line is no line of a recording; then no event is appended.
    pub(in crate::session::recording) fn read(
        &mut self,
        line: &[u8],
        events: &mut VecDeque<Event>,
    ) -> Result<(), serde_json::Error> {
        let Line { seq, at, what, requests, repeats } = serde_json::from_slice(line)?;
        let first = self.next.unwrap_or(seq);
        let mut next = first;
        let mut event = |at, what| {
            next += 1;
            Event { seq: next - 1, at, what }
        };
        match (what, requests, repeats) {
            (Some(what), None, None) => {
                if let EventKind::Testified(report) = &what {
                    self.reports.add(seq, report);
                }
                events.push_back(event(at, what));
            }
            (None, Some(requests), None) => {
                let held: Vec<(Timestamp, EventKind)> = unpacked(at, &requests)?;
                events.extend(held.into_iter().map(|(at, what)| event(at, what)));
            }
            (None, None, Some(line)) => {
                let report = self.reports.at_line(line).ok_or_else(|| {
                    serde_json::Error::custom(format!("it repeats line {line}, which is no recent report"))
                })?;
                events.push_back(event(at, EventKind::Testified(report.clone())));
            }
            _ => return Err(serde_json::Error::custom("it holds neither an event nor requests")),
        }
        self.next = Some(next);
        Ok(())
    }
}

fn unpacked(at: Timestamp, requests: &Requests) -> Result<Vec<(Timestamp, EventKind)>, serde_json::Error> {
    let Requests { endpoints, kinds, items } = requests;
    if items.len() > MOST_ITEMS {
        return Err(serde_json::Error::custom(format!("it holds more than {MOST_ITEMS} requests")));
    }
    let mut next: Vec<u64> = endpoints.iter().map(|(_, first)| *first).collect();
    let mut us = at.as_microsecond();
    let event = |item: &Item| {
        let (Item::Sent { after_us, .. } | Item::Answered { after_us, .. }) = item;
        us = us.checked_add(*after_us)?;
        let at = Timestamp::from_microsecond(us).ok()?;
        let what = match item {
            Item::Sent { endpoint, .. } => {
                let number = next.get_mut(*endpoint)?;
                let request = RequestId(*number);
                *number = number.checked_add(1)?;
                EventKind::RequestSent { endpoint: endpoints.get(*endpoint)?.0, request }
            }
            Item::Answered { request, waited_ms, kind, .. } => {
                let (endpoint, kind, status, shape) = *kinds.get(*kind)?;
                let (endpoint, first) = *endpoints.get(endpoint)?;
                EventKind::Answered(Answer {
                    endpoint,
                    request: RequestId(first.checked_add_signed(*request)?),
                    waited_ms: *waited_ms,
                    kind,
                    status,
                    shape,
                    excerpt: None,
                    retry_after: false,
                })
            }
        };
        Some((at, what))
    };
    let events: Option<Vec<_>> = items.iter().map(event).collect();
    events.ok_or_else(|| serde_json::Error::custom("a request in it has no endpoint, kind or moment"))
}
