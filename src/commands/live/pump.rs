//! The one reader of the stream: journal, recording and state first, then whoever listens in. It never waits for a disk.

use crate::{
    experiment::Value,
    session::{Event, Session, journal::Journal, recording::RecordingThread, stream::Stream},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Events that may wait for a listener: two seconds of 500 requests a second with their answers.
const WAITING: usize = 2048;
/// Requests for the journal that may wait.
const REQUESTS: usize = 4;
/// How long the end of a session waits for its recording to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads until stopped. What is written here is never behind the screen.
pub struct Pump {
    stream: Stream,
    journal: Journal,
    recorder: Option<RecordingThread>,
    session: watch::Sender<Session>,
    taps: Taps,
    requests: mpsc::Receiver<oneshot::Sender<Value>>,
}

/// Asks the pump for things.
#[derive(Clone)]
pub struct PumpHandle {
    requests: mpsc::Sender<oneshot::Sender<Value>>,
    /// Who listens in.
    pub taps: Taps,
}

/// Listeners that hear every event.
#[derive(Clone, Default)]
pub struct Taps(Arc<Mutex<Vec<mpsc::Sender<Arc<Event>>>>>);

impl Taps {
    /// A new listener. One that does not keep up misses events, since waiting for it would hold up everything that it
    /// may itself wait for.
    pub fn open(&self) -> mpsc::Receiver<Arc<Event>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Passes an event to every listener.
    pub fn pass(&self, event: &Arc<Event>) {
        let mut taps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taps.retain(|tap| !matches!(tap.try_send(event.clone()), Err(mpsc::error::TrySendError::Closed(_))));
    }
}

/// A pump for a stream, the handle to it and the session it writes.
pub fn pump(
    stream: Stream,
    journal: Journal,
    recorder: Option<RecordingThread>,
) -> (Pump, PumpHandle, watch::Receiver<Session>) {
    let (session, shown) = watch::channel(Session::new());
    let (asks, requests) = mpsc::channel(REQUESTS);
    let taps = Taps::default();
    let handle = PumpHandle { requests: asks, taps: taps.clone() };
    (Pump { stream, journal, recorder, session, taps, requests }, handle, shown)
}

impl PumpHandle {
    /// The journal with everything told so far; `None` when the pump has stopped.
    pub async fn journal(&self) -> Option<Value> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(reply).await.ok()?;
        answer.await.ok()
    }
}

impl Pump {
    /// Reads until `stop` fires, and then what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        self.read(stop).await;
        if let Some(recorder) = self.recorder.take() {
            recorder.finish(PATIENCE).await;
        }
    }

    async fn read(&mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                Some(reply) = self.requests.recv() => {
                    self.drain();
                    // Whoever asked may have gone.
                    let _ = reply.send(self.journal.value());
                }
                event = self.stream.next() => match event {
                    Some(event) => self.take(event),
                    None => return,
                },
                () = stop.cancelled() => return self.drain(),
            }
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.stream.try_next() {
            self.take(event);
        }
    }

    fn take(&mut self, event: Event) {
        let event = Arc::new(event);
        self.journal.apply(&event);
        if let Some(recorder) = &mut self.recorder {
            recorder.append(&event);
        }
        self.session.send_modify(|session| session.apply(&event));
        self.taps.pass(&event);
    }
}
