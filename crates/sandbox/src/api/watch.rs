//! Watches: streams of changes (kubernetes-wire 6).
//!
//! A watcher is a cursor into the store's history and uses no CPU while nothing changes. There is no queue per reader:
//! when the history no longer contains the cursor's version, the reader receives an `ERROR` event (410) and must list
//! again.

use super::{
    answer::{self, HandlerResult},
    query::Query,
    read,
    rendering::Rendering,
    served::Served,
};
use crate::store::{Cause, Change, ChangeKind, Object, Selectors, Status, Store};
use axum::{body::Body, http::StatusCode};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// The maximum number of events per chunk.
const BATCH: usize = 512;
/// The duration of a watch without `timeoutSeconds`: longer than any probe waits, as on a real API server.
const DEFAULT_LIFE: Duration = Duration::from_secs(40 * 60);
/// The interval of bookmarks, which report the current version to readers of a quiet watch.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(30);

/// Opens a watch; it ends when `stop` is cancelled, after `timeoutSeconds`, or when the reader disconnects.
pub(super) fn watch(
    store: &Store,
    served: &Served,
    namespace: Option<&str>,
    query: &Query,
    rendering: Rendering,
    stop: CancellationToken,
) -> HandlerResult {
    let selectors = query.selectors(served)?;
    let life = query.number("timeoutSeconds")?.map_or(DEFAULT_LIFE, Duration::from_secs);
    let initial = initial_events(query)?;
    let bookmarks = query.flag("allowWatchBookmarks");
    let ticked = store.ticked();
    let (cursor, existing) = match read::version(query)?.filter(|version| *version != 0) {
        Some(version) if initial != Some(true) => (version, Vec::new()),
        None if initial == Some(false) => (store.version(), Vec::new()),
        _ => {
            let listing = store.list(served.resource, namespace, &selectors);
            (listing.version, listing.objects)
        }
    };
    let now = Instant::now();
    let watcher = Watcher {
        store: store.clone(),
        served: *served,
        namespace: namespace.map(str::to_owned),
        selectors,
        rendering,
        ticked,
        cursor,
        existing: existing.into(),
        announce_end: bookmarks && initial == Some(true),
        bookmarks,
        wrote: false,
        deadline: now.checked_add(life).unwrap_or(now + DEFAULT_LIFE),
        next_bookmark: now + BOOKMARK_INTERVAL,
        ended: false,
        stop,
    };
    let events = stream::unfold(watcher, |mut watcher| async move {
        let chunk = watcher.next().await?;
        Some((Ok::<Bytes, Infallible>(chunk), watcher))
    });
    Ok(answer::raw(StatusCode::OK, "application/json", Body::from_stream(events)))
}

/// Returns `sendInitialEvents`, if given. Error: 422 without the required `resourceVersionMatch`, so that clients fall
/// back to a list.
fn initial_events(query: &Query) -> Result<Option<bool>, Status> {
    if query.text("sendInitialEvents").is_none() {
        return Ok(None);
    }
    if query.text("resourceVersionMatch") != Some("NotOlderThan") {
        let message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        let cause = Cause::forbidden("resourceVersionMatch", message);
        return Err(Status::invalid_kind("meta.k8s.io", "ListOptions", "", vec![cause]));
    }
    Ok(Some(query.flag("sendInitialEvents")))
}

struct Watcher {
    store: Store,
    served: Served,
    namespace: Option<String>,
    selectors: Selectors,
    rendering: Rendering,
    ticked: watch::Receiver<u64>,
    cursor: u64,
    /// The objects that existed at the start and are not sent yet.
    existing: VecDeque<Arc<Object>>,
    /// Whether the bookmark after the initial objects is not sent yet.
    announce_end: bool,
    bookmarks: bool,
    wrote: bool,
    deadline: Instant,
    next_bookmark: Instant,
    ended: bool,
    stop: CancellationToken,
}

impl Watcher {
    /// Returns the next events, one per line; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ended {
                return None;
            }
            if !self.existing.is_empty() {
                return Some(self.existing_events());
            }
            if std::mem::take(&mut self.announce_end) {
                return Some(self.bookmark(true));
            }
            self.ticked.borrow_and_update();
            match self.store.changes_of(self.served.resource, self.cursor, BATCH) {
                Err(too_old) => {
                    self.ended = true;
                    return Some(line(
                        "ERROR",
                        Status::expired(too_old.to_string()).to_value().to_string().as_bytes(),
                    ));
                }
                Ok(changes) => {
                    self.cursor = changes.cursor;
                    let full = changes.changes.len() == BATCH;
                    let events = self.events(&changes.changes);
                    if !events.is_empty() {
                        return Some(events);
                    }
                    if full {
                        continue;
                    }
                }
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                () = sleep_until(self.deadline) => {
                    self.ended = true;
                    // The reader's next watch continues from this version.
                    return self.bookmarks.then(|| self.bookmark(false));
                }
                () = sleep_until(self.next_bookmark), if self.bookmarks => return Some(self.bookmark(false)),
                moved = self.ticked.changed() => if moved.is_err() { return None },
            }
        }
    }

    fn existing_events(&mut self) -> Bytes {
        let mut events = BytesMut::new();
        let batch = self.existing.len().min(BATCH);
        for object in self.existing.drain(..batch).collect::<Vec<_>>() {
            events.extend_from_slice(&self.event("ADDED", &object));
        }
        events.freeze()
    }

    fn events(&mut self, changes: &[Change]) -> Bytes {
        let mut events = BytesMut::new();
        for change in changes {
            if let Some((kind, object)) = self.event_for(change) {
                events.extend_from_slice(&self.event(kind, &object));
            }
        }
        events.freeze()
    }

    /// Returns the event for a change as this watcher sees it: an object that no longer matches the selectors is
    /// reported as deleted, one that starts to match as added.
    fn event_for(&self, change: &Change) -> Option<(&'static str, Arc<Object>)> {
        if self.namespace.as_ref().is_some_and(|namespace| *namespace != change.object.namespace) {
            return None;
        }
        let before = change.previous.as_ref().filter(|object| self.selectors.matches(object));
        let after = change.kind != ChangeKind::Deleted && self.selectors.matches(&change.object);
        match (before, after) {
            (None, true) => Some(("ADDED", change.object.clone())),
            (Some(_), true) => Some(("MODIFIED", change.object.clone())),
            (Some(_), false) if change.kind == ChangeKind::Deleted => {
                Some(("DELETED", change.object.clone()))
            }
            (Some(last), false) => Some(("DELETED", Arc::new(last.at_version(change.version)))),
            (None, false) => None,
        }
    }

    fn event(&mut self, kind: &str, object: &Object) -> Bytes {
        let first = !std::mem::replace(&mut self.wrote, true);
        line(kind, &self.rendering.event(object, first))
    }

    fn bookmark(&mut self, initial_events_end: bool) -> Bytes {
        self.next_bookmark = Instant::now() + BOOKMARK_INTERVAL;
        line("BOOKMARK", self.rendering.bookmark(self.cursor, initial_events_end).to_string().as_bytes())
    }
}

/// Returns one event as a line: readers split at line ends.
fn line(kind: &str, object: &[u8]) -> Bytes {
    let mut line = BytesMut::with_capacity(object.len() + 40);
    line.put_slice(b"{\"type\":\"");
    line.put_slice(kind.as_bytes());
    line.put_slice(b"\",\"object\":");
    line.put_slice(object);
    line.put_slice(b"}\n");
    line.freeze()
}
