//! The one bounded channel through which everything that happens flows.
//!
//! When it is full, emitters wait: no event is ever dropped. Whoever reads the stream must keep reading.

use super::{clock::Clock, event::Event, event::EventKind, event::Timestamp};
use tokio::sync::mpsc;

/// Room for bursts: two seconds of 500 requests a second with their answers.
const CAPACITY: usize = 2048;

/// The writing end; clones are cheap.
#[derive(Clone, Debug)]
pub struct Emitter {
    clock: Clock,
    sender: mpsc::Sender<(Timestamp, EventKind)>,
}

/// The reading end: gives events their place.
#[derive(Debug)]
pub struct Stream {
    receiver: mpsc::Receiver<(Timestamp, EventKind)>,
    next_seq: u64,
}

/// A new stream.
pub fn stream(clock: Clock) -> (Emitter, Stream) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (Emitter { clock, sender }, Stream { receiver, next_seq: 0 })
}

impl Emitter {
    /// Emits a fact that happens now; waits while the stream is full. A stream nobody reads any more swallows it.
    pub async fn emit(&self, what: EventKind) {
        self.emit_at(self.clock.now(), what).await;
    }

    /// Emits a fact that happened at `at`.
    pub async fn emit_at(&self, at: Timestamp, what: EventKind) {
        // The reader is gone only when the session has ended: nothing is left to tell.
        let _ = self.sender.send((at, what)).await;
    }

    /// Emits without waiting; tells whether there was room.
    pub fn try_emit(&self, what: EventKind) -> bool {
        self.sender.try_send((self.clock.now(), what)).is_ok()
    }

    /// The clock that stamps events.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}

impl Stream {
    /// The next event; `None` when every emitter is gone.
    pub async fn next(&mut self) -> Option<Event> {
        let (at, what) = self.receiver.recv().await?;
        Some(self.placed(at, what))
    }

    /// An event that is already there, if any.
    pub fn try_next(&mut self) -> Option<Event> {
        let (at, what) = self.receiver.try_recv().ok()?;
        Some(self.placed(at, what))
    }

    fn placed(&mut self, at: Timestamp, what: EventKind) -> Event {
        let seq = self.next_seq;
        self.next_seq += 1;
        Event { seq, at, what }
    }
}
