//! Writing a recording.

use super::{Header, RecordingError, lines::Packer};
use crate::{
    printing::escape_json,
    session::{Event, private_file},
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

/// The maximum number of events written together when they come faster than the disk accepts them.
const TOGETHER: usize = 256;
/// The maximum number of events that wait for the disk: a minute of 500 requests a second with their answers.
const WAITING: usize = 65_536;
/// How long requests wait for others to share their line, and are lost if the process is killed meanwhile. Any other event
/// ends the wait.
const OPEN: Duration = Duration::from_secs(1);

/// The writer of a recording: its file, with the header.
#[derive(Debug)]
pub struct Recorder {
    file: EscapedJson<BufWriter<File>>,
    lines: Packer,
    path: PathBuf,
}

impl Recorder {
    /// Creates or truncates the file and writes its header. Only the owner may read the file, because a session may
    /// reveal confidential details of a system.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        let path = path.to_owned();
        let made = private_file::create_private(&path);
        let file = made.map_err(|source| RecordingError::Io { verb: "made", path: path.clone(), source })?;
        let mut recorder = Self { file: EscapedJson(BufWriter::new(file)), lines: Packer::default(), path };
        let written = serde_json::to_writer(&mut recorder.file, header);
        recorder.written(written)?;
        recorder.file.write_all(b"\n").map_err(|source| recorder.unwritten(source))?;
        recorder.flush()?;
        Ok(recorder)
    }

    /// Moves the writing to a thread of its own, so that a disk that hangs blocks nothing else.
    ///
    /// # Errors
    /// If the system cannot create a thread.
    pub fn spawn_thread(self) -> Result<RecordingThread, RecordingError> {
        let (events, waiting) = mpsc::sync_channel(WAITING);
        let (ended, end) = oneshot::channel();
        let path = self.path.clone();
        let failure = watch::Sender::new(None);
        let failed = failure.clone();
        let writing = move || {
            if let Err(error) = self.run(&waiting) {
                // A full disk must not end the session; what was written so far stays readable.
                failed.send_replace(Some(error.to_string()));
            }
            // The receiver may be dropped already.
            let _ = ended.send(());
        };
        let thread = std::thread::Builder::new().name("recording".to_owned()).spawn(writing);
        thread.map_err(|source| RecordingError::Io { verb: "written", path: path.clone(), source })?;
        Ok(RecordingThread { events: Some(events), end, path, failure })
    }

    /// Writes events until all senders are dropped.
    fn run(mut self, items: &mpsc::Receiver<Item>) -> Result<(), RecordingError> {
        let mut close_at: Option<Instant> = None;
        loop {
            let item = match close_at {
                None => items.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => items.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match item {
                Ok(item) => self.take(item)?,
                Err(RecvTimeoutError::Timeout) => self.close()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for _ in 1..TOGETHER {
                let Ok(item) = items.try_recv() else { break };
                self.take(item)?;
            }
            self.flush()?;
            close_at = self.lines.is_open().then(|| close_at.unwrap_or_else(|| Instant::now() + OPEN));
        }
        self.close()?;
        self.flush()
    }

    fn take(&mut self, item: Item) -> Result<(), RecordingError> {
        match item {
            Item::Event(event) => {
                let written = self.lines.add(&event, &mut self.file);
                self.written(written)
            }
            Item::Sync(reply) => {
                self.close()?;
                self.flush()?;
                let synced = self.file.0.get_ref().sync_data();
                synced.map_err(|source| self.unwritten(source))?;
                // The receiver may have given up.
                let _ = reply.send(());
                Ok(())
            }
        }
    }

    /// Writes requests that wait for others to share their line.
    fn close(&mut self) -> Result<(), RecordingError> {
        let written = self.lines.close(&mut self.file);
        self.written(written)
    }

    fn written(&self, written: Result<(), serde_json::Error>) -> Result<(), RecordingError> {
        let failed = |error: serde_json::Error| {
            if error.is_io() { self.unwritten(error.into()) } else { RecordingError::Event(error) }
        };
        written.map_err(failed)
    }

    fn flush(&mut self) -> Result<(), RecordingError> {
        self.file.flush().map_err(|source| self.unwritten(source))
    }

    fn unwritten(&self, source: io::Error) -> RecordingError {
        RecordingError::Io { verb: "written", path: self.path.clone(), source }
    }
}

/// Escapes what a terminal would obey. JSON is written to it in whole characters.
#[derive(Debug)]
struct EscapedJson<W>(W);

impl<W: Write> Write for EscapedJson<W> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(json) {
            Ok(text) => self.0.write_all(escape_json(text).as_bytes())?,
            Err(_) => self.0.write_all(json)?,
        }
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What the thread of a recording receives.
#[derive(Debug)]
enum Item {
    Event(Arc<Event>),
    /// Replies once everything before it is on the disk.
    Sync(oneshot::Sender<()>),
}

/// A recording that its own thread writes.
#[derive(Debug)]
pub struct RecordingThread {
    /// `None` once the thread has ended, or was too far behind.
    events: Option<mpsc::SyncSender<Item>>,
    end: oneshot::Receiver<()>,
    path: PathBuf,
    failure: watch::Sender<Option<String>>,
}

impl RecordingThread {
    /// Receives the reason if the recording ends before the session does.
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.failure.subscribe()
    }

    /// Queues an event without waiting. If the disk is too far behind, the recording ends: a recording with missing
    /// events would show a session that did not happen.
    pub fn append(&mut self, event: &Arc<Event>) {
        let Some(events) = &self.events else { return };
        match events.try_send(Item::Event(event.clone())) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(_)) => {
                let path = self.path.display();
                let reason = format!("the recording {path} cannot be written: the disk is too slow");
                self.failure.send_replace(Some(reason));
                self.events = None;
            }
            // The thread has told the reason.
            Err(mpsc::TrySendError::Disconnected(_)) => self.events = None,
        }
    }

    /// Returns a receiver that hears once all events so far are on the disk, and fails if they never will be.
    pub fn sync(&self) -> oneshot::Receiver<()> {
        let (reply, synced) = oneshot::channel();
        if let Some(events) = &self.events {
            // A full or closed queue drops the sender, which the receiver hears.
            let _ = events.try_send(Item::Sync(reply));
        }
        synced
    }

    /// Waits at most `patience` until all queued events are written; returns whether they are.
    pub async fn finish(self, patience: Duration) -> bool {
        let Self { events, end, path, .. } = self;
        drop(events);
        let written = timeout(patience, end).await.is_ok();
        if !written {
            tracing::error!(
                "the last events of the recording were not written: writing to {} blocks",
                path.display()
            );
        }
        written
    }
}
