//! The one bounded channel that carries all events.
//!
//! When it is full, emitters wait: no event is ever dropped. The reader of the stream must therefore keep reading.

use super::{
    clock::Clock,
    event::{Event, EventKind, Timestamp},
};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// Capacity for bursts: two seconds of 500 requests a second with their answers.
const CAPACITY: usize = 2048;

/// Takes secrets out of an event.
pub type Mask = Box<dyn Fn(EventKind) -> EventKind + Send + Sync>;

/// The sending end; clones are cheap.
#[derive(Clone)]
pub struct Emitter {
    clock: Clock,
    mask: Arc<OnceLock<Mask>>,
    sender: mpsc::Sender<(Timestamp, EventKind)>,
}

/// The receiving end; numbers the events.
pub struct Stream {
    receiver: mpsc::Receiver<(Timestamp, EventKind)>,
    mask: Arc<OnceLock<Mask>>,
    next_seq: u64,
}

/// Creates a stream.
pub fn stream(clock: Clock) -> (Emitter, Stream) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let mask = Arc::default();
    (Emitter { clock, sender, mask: Arc::clone(&mask) }, Stream { receiver, mask, next_seq: 0 })
}

impl Emitter {
    /// Emits an event that happens now; waits while the stream is full. Does nothing if the reader is gone.
    pub async fn emit(&self, what: EventKind) {
        self.emit_at(self.clock.now(), what).await;
    }

    /// Emits an event that happened at `at`.
    pub async fn emit_at(&self, at: Timestamp, what: EventKind) {
        // The reader is gone only when the session has ended: the event is no longer needed.
        let _ = self.sender.send((at, what)).await;
    }

    /// Emits without waiting; returns whether there was room.
    pub fn try_emit(&self, what: EventKind) -> bool {
        self.sender.try_send((self.clock.now(), what)).is_ok()
    }

    /// Masks every event of the stream from now on, whoever emits it. Only the first call counts: secrets are resolved once.
    pub fn hide(&self, mask: Mask) {
        let _ = self.mask.set(mask);
    }

    /// Returns the clock that stamps events.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}

impl Stream {
    /// Returns the next event; `None` when every emitter is gone.
    pub async fn next(&mut self) -> Option<Event> {
        let (at, what) = self.receiver.recv().await?;
        Some(self.placed(at, what))
    }

    /// Returns an event that is already queued, if any.
    pub fn try_next(&mut self) -> Option<Event> {
        let (at, what) = self.receiver.try_recv().ok()?;
        Some(self.placed(at, what))
    }

    fn placed(&mut self, at: Timestamp, what: EventKind) -> Event {
        let seq = self.next_seq;
        self.next_seq += 1;
        let what = match self.mask.get() {
            Some(mask) => mask(what),
            None => what,
        };
        Event { seq, at, what }
    }
}
