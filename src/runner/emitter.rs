//! Emits the run's events to the session's stream, never with a secret in them.

use super::redact::Redactor;
use crate::{
    provider::RunListener,
    session::{
        Event, EventKind, console,
        event::{Level, Timestamp},
        journal::Journal,
        stream::Emitter,
    },
};
use std::sync::{Arc, Mutex, PoisonError};

/// The target of the runner's own log lines, which the console prints.
pub(super) const TARGET: &str = "chaostoolkit";

/// The writing end of the stream.
#[derive(Clone)]
pub(super) struct RunEmitter {
    emitter: Emitter,
    redactor: Redactor,
    /// The journal of what was emitted so far, for controls that read it.
    journal: Option<Arc<Mutex<Journal>>>,
    listener: Option<Arc<dyn RunListener>>,
}

impl RunEmitter {
    pub(super) fn new(
        emitter: Emitter,
        redactor: Redactor,
        journal: Option<Journal>,
        listener: Option<Arc<dyn RunListener>>,
    ) -> Self {
        Self { emitter, redactor, journal: journal.map(|journal| Arc::new(Mutex::new(journal))), listener }
    }

    /// Logs a line of our own words, which no secret can change.
    pub(super) async fn say(&self, level: Level, message: impl Into<String>) {
        let line = EventKind::Logged { level, target: TARGET.to_owned(), message: message.into() };
        self.send(self.now(), line).await;
    }

    pub(super) async fn emit(&self, what: EventKind) {
        self.emit_at(self.now(), what).await;
    }

    /// Emits an event with a given timestamp, which its payload repeats.
    pub(super) async fn emit_at(&self, at: Timestamp, what: EventKind) {
        self.send(at, self.redactor.event(what)).await;
    }

    async fn send(&self, at: Timestamp, what: EventKind) {
        let event = Event { seq: 0, at, what };
        if let Some(journal) = &self.journal {
            journal.lock().unwrap_or_else(PoisonError::into_inner).apply(&event);
        }
        if let Some(listener) = self.listener.as_ref().filter(|listener| listener.hears_lines()) {
            for (level, line) in console::lines(&event.what) {
                listener.line(at, level, &line);
            }
        }
        self.emitter.emit_at(at, event.what).await;
    }

    /// Reads the journal so far, if one is kept.
    pub(super) fn read_journal<T: Default>(&self, read: impl FnOnce(&Journal) -> T) -> T {
        let kept = self.journal.as_ref();
        kept.map(|journal| read(&journal.lock().unwrap_or_else(PoisonError::into_inner))).unwrap_or_default()
    }

    /// Emits an event that may be lost when the stream is full: progress.
    pub(super) fn try_emit(&self, what: EventKind) {
        self.emitter.try_emit(self.redactor.event(what));
    }

    /// Logs a line that may be lost when the stream is full.
    pub(super) fn try_log(&self, level: Level, message: String) {
        self.try_emit(EventKind::Logged { level, target: TARGET.to_owned(), message });
    }

    pub(super) async fn log(&self, level: Level, message: impl Into<String>) {
        self.emit(EventKind::Logged { level, target: TARGET.to_owned(), message: message.into() }).await;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.emitter.clock().now()
    }
}
