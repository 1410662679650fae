//! The event bus: the only reader of the stream. Events go to journal, recording, state and console first, then to the
//! subscribers. It never waits for a disk, a console or a subscriber.

use super::console::Console;
use crate::session::{
    Event, EventKind, Session, journal::Journal, recording::RecordingThread, stream::Stream,
};
use pyvalue::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Capacity of a subscriber's channel: two seconds of 500 requests a second with their answers.
const WAITING: usize = 2048;
/// Capacity of the request channel to the bus.
const REQUESTS: usize = 4;
/// How long to wait for a recording to be written.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for lines that other output on the same console has to follow.
const ORDERLY: Duration = Duration::from_secs(2);

/// Reads until stopped. What it writes is never behind the screen.
pub(super) struct EventBus {
    stream: Stream,
    journal: Journal,
    /// The recording that the operator asked for.
    recorder: Option<RecordingThread>,
    /// The recording in the session's record.
    record: Option<RecordingThread>,
    console: Option<Console>,
    session: watch::Sender<Session>,
    subscribers: Subscribers,
    requests: mpsc::Receiver<Request>,
}

enum Request {
    Journal(oneshot::Sender<Value>),
    Flush(oneshot::Sender<()>),
    Ping(oneshot::Sender<()>),
    Record(RecordingThread),
    SyncRecord(oneshot::Sender<oneshot::Receiver<()>>),
    SyncRecording(oneshot::Sender<oneshot::Receiver<()>>),
}

/// Sends requests to the bus.
#[derive(Clone)]
pub(crate) struct BusHandle {
    requests: mpsc::Sender<Request>,
    subscribers: Subscribers,
}

#[derive(Clone, Default)]
struct Subscribers {
    all: Arc<Mutex<Vec<mpsc::Sender<Arc<Event>>>>>,
    run: Arc<Mutex<Vec<mpsc::UnboundedSender<Arc<Event>>>>>,
}

impl Subscribers {
    fn pass(&self, event: &Arc<Event>) {
        if is_of_run(&event.what) {
            let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
            run.retain(|subscriber| subscriber.send(event.clone()).is_ok());
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|subscriber| {
            !matches!(subscriber.try_send(event.clone()), Err(mpsc::error::TrySendError::Closed(_)))
        });
    }
}

/// Whether the event is one of the few that each step of a run produces.
fn is_of_run(what: &EventKind) -> bool {
    matches!(
        what,
        EventKind::StepAwaited { .. }
            | EventKind::StepSkipped { .. }
            | EventKind::ActivityStarted { .. }
            | EventKind::ActivityEnded { .. }
            | EventKind::ExperimentAmended { .. }
            | EventKind::Fixed(_)
            | EventKind::RunEnded { .. }
    )
}

impl BusHandle {
    /// Subscribes to every event from now on, for display and inference only: a slow subscriber misses events, since
    /// waiting for it would delay everything that it may itself wait for.
    pub(crate) fn subscribe(&self) -> mpsc::Receiver<Arc<Event>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        self.subscribers.all.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Subscribes to the events of the run itself (steps, fixes, changes of the experiment), without loss, since fires
    /// and the saves before them depend on these. They are so few that their channel needs no bound.
    pub(super) fn subscribe_to_run(&self) -> mpsc::UnboundedReceiver<Arc<Event>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.run.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Returns the journal of all events so far, which are then in the state too; `None` when the bus has stopped.
    pub(crate) async fn journal(&self) -> Option<Value> {
        self.ask(Request::Journal).await
    }

    /// Waits until all events so far are in the state and on the console; not for long if the console takes no output.
    pub(crate) async fn flush(&self) {
        // An error means that the bus has stopped: nothing is left to wait for.
        let _ = timeout(ORDERLY, self.ask(Request::Flush)).await;
    }

    /// Records all further events in the session's record.
    pub(super) async fn record(&self, record: RecordingThread) {
        // An error means that the bus has stopped: nothing is left to record.
        let _ = self.requests.send(Request::Record(record)).await;
    }

    /// Waits until all events so far are on the disk, in the session's record. Returns whether they are: not without a
    /// record, nor on a disk that is full or does not answer.
    pub(super) async fn sync_record(&self) -> bool {
        self.synced(Request::SyncRecord).await
    }

    /// Waits until all events so far are on the disk, in the session's record or in the recording that the operator asked
    /// for. Returns whether they are.
    pub(crate) async fn sync_recording(&self, of_record: bool) -> bool {
        self.synced(if of_record { Request::SyncRecord } else { Request::SyncRecording }).await
    }

    async fn synced(&self, request: fn(oneshot::Sender<oneshot::Receiver<()>>) -> Request) -> bool {
        let synced = async { self.ask(request).await?.await.ok() };
        matches!(timeout(PATIENCE, synced).await, Ok(Some(())))
    }

    /// Waits until the bus answers: it reads the events, and all so far are in the state.
    pub(super) async fn ping(&self) {
        // An error means that the bus has stopped, with the session.
        let _ = self.ask(Request::Ping).await;
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.ok()?;
        answer.await.ok()
    }
}

impl EventBus {
    /// Creates a bus for a stream, its handle and the session state that it writes.
    pub(super) fn new(
        stream: Stream,
        journal: Journal,
        recorder: Option<RecordingThread>,
        console: Option<Console>,
    ) -> (Self, BusHandle, watch::Receiver<Session>) {
        let (session, shown) = watch::channel(Session::new());
        let (asks, requests) = mpsc::channel(REQUESTS);
        let subscribers = Subscribers::default();
        let handle = BusHandle { requests: asks, subscribers: subscribers.clone() };
        let bus = Self { stream, journal, recorder, record: None, console, session, subscribers, requests };
        (bus, handle, shown)
    }

    /// Reads until `stop` is cancelled, and then what is left. Returns the console.
    pub(super) async fn run(mut self, stop: CancellationToken) -> Option<Console> {
        self.read(stop).await;
        for recorder in [self.recorder.take(), self.record.take()].into_iter().flatten() {
            recorder.finish(PATIENCE).await;
        }
        self.console
    }

    async fn read(&mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                Some(request) = self.requests.recv() => match request {
                    // At once: events that were emitted after the request may be queued already.
                    Request::Record(record) => self.record = Some(record),
                    request => {
                        self.drain();
                        self.answer(request);
                    }
                },
                event = self.stream.next() => match event {
                    Some(event) => self.take(event),
                    None => return,
                },
                () = stop.cancelled() => return self.drain(),
            }
        }
    }

    fn answer(&mut self, request: Request) {
        // The receiver may be gone.
        match request {
            Request::Journal(reply) => drop(reply.send(self.journal.value())),
            Request::Ping(reply) => drop(reply.send(())),
            Request::Flush(reply) => match &mut self.console {
                Some(console) => console.flush(reply),
                None => drop(reply.send(())),
            },
            Request::Record(_) => {}
            Request::SyncRecord(reply) => sync(self.record.as_ref(), reply),
            Request::SyncRecording(reply) => sync(self.recorder.as_ref(), reply),
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
        for recorder in [&mut self.recorder, &mut self.record].into_iter().flatten() {
            recorder.append(&event);
        }
        self.session.send_modify(|session| session.apply(&event));
        if let Some(console) = &mut self.console {
            console.show(&event);
        }
        self.subscribers.pass(&event);
    }
}

/// Has a recording written to its end; without one the reply is dropped.
fn sync(recording: Option<&RecordingThread>, reply: oneshot::Sender<oneshot::Receiver<()>>) {
    if let Some(recording) = recording {
        // The receiver may be gone.
        drop(reply.send(recording.sync()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        clock::Clock,
        event::{Section, StepRef},
        journal::HostInfo,
        recording::{self, Header, Recorder},
        stream::stream,
    };

    #[tokio::test]
    async fn a_record_holds_what_is_emitted_after_it_was_begun_and_says_when_it_is_on_the_disk() {
        let (emitter, events) = stream(Clock::system());
        let (bus, handle, _session) = EventBus::new(events, Journal::new(HostInfo::current()), None, None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ctui");
        let recorder = Recorder::create(&path, &Header::new(b"")).unwrap().spawn_thread().unwrap();
        handle.record(recorder).await;
        // The bus does not run yet: both wait for it.
        emitter.emit(EventKind::SandboxOffered).await;
        let stop = CancellationToken::new();
        let reading = tokio::spawn(bus.run(stop.clone()));
        assert!(handle.sync_record().await);
        assert!(!handle.sync_recording(false).await, "the operator asked for none");
        let recorded: Vec<_> = recording::open(&path).unwrap().1.map(|event| event.unwrap().what).collect();
        assert!(recorded.contains(&EventKind::SandboxOffered), "{recorded:?}");
        stop.cancel();
        reading.await.unwrap();
        assert!(!handle.sync_record().await, "nothing is on the disk without a record");
    }

    #[tokio::test]
    async fn whoever_needs_the_run_hears_all_of_it_however_late_it_listens() {
        let (emitter, events) = stream(Clock::system());
        let (bus, handle, session) = EventBus::new(events, Journal::new(HostInfo::current()), None, None);
        let stop = CancellationToken::new();
        let reading = tokio::spawn(bus.run(stop.clone()));
        let (mut all, mut run) = (handle.subscribe(), handle.subscribe_to_run());
        let steps = WAITING + 10;
        for index in 0..steps {
            let step = StepRef { section: Section::Method, index };
            emitter.emit(EventKind::StepAwaited { step, destructive: true }).await;
            emitter.emit(EventKind::UndoBegan).await;
        }
        handle.flush().await;
        assert!(session.borrow().undo.began.is_some(), "what was told is in the state after a flush");
        stop.cancel();
        reading.await.unwrap();
        drop(handle);
        let mut heard = 0..;
        while let Some(event) = run.recv().await {
            let EventKind::StepAwaited { step, .. } = &event.what else { panic!("{event:?}") };
            assert_eq!(Some(step.index), heard.next());
        }
        assert_eq!(heard.next(), Some(steps));
        assert_eq!(
            std::iter::from_fn(|| all.try_recv().ok()).count(),
            WAITING,
            "others miss what they are too late for"
        );
    }
}
