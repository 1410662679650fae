//! Writing a recording.

use super::{Header, RecordingError};
use crate::session::{Event, private_file};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// Events that are written together when they come faster than the disk takes them.
const TOGETHER: usize = 256;
/// Events that may wait for the disk: a minute of 500 requests a second with their answers.
const WAITING: usize = 65_536;

/// The writing end of a recording: its file, with the header.
#[derive(Debug)]
pub struct Recorder {
    file: File,
    path: PathBuf,
    line: Vec<u8>,
}

impl Recorder {
    /// Makes the file, or empties it, and writes its header. It is readable by its owner alone: a session may tell
    /// more of a system than everybody should know.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        let path = path.to_owned();
        let made = private_file::create_private(&path);
        let file = made.map_err(|source| RecordingError::Io { verb: "made", path: path.clone(), source })?;
        let mut recorder = Self { file, path, line: Vec::new() };
        serde_json::to_writer(&mut recorder.line, header).map_err(RecordingError::Event)?;
        recorder.line.push(b'\n');
        recorder.flush()?;
        Ok(recorder)
    }

    /// Writes on a thread of its own from here on: a disk that hangs holds up nobody.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn on_a_thread(self) -> Result<RecordingThread, RecordingError> {
        let (events, waiting) = mpsc::sync_channel(WAITING);
        let (ended, end) = oneshot::channel();
        let path = self.path.clone();
        let writing = move || {
            if let Err(error) = self.run(&waiting) {
                // A full disk must not end the session; what was written so far stays readable.
                tracing::error!("the recording ends here: {error}");
            }
            // Nobody may wait for it any more.
            let _ = ended.send(());
        };
        let thread = std::thread::Builder::new().name("recording".to_owned()).spawn(writing);
        let failed = |source| RecordingError::Io { verb: "written", path: path.clone(), source };
        thread.map_err(failed)?;
        Ok(RecordingThread { events: Some(events), end, path })
    }

    /// Writes events as they come, until nobody sends any more.
    fn run(mut self, events: &mpsc::Receiver<Arc<Event>>) -> Result<(), RecordingError> {
        while let Ok(event) = events.recv() {
            self.add(&event)?;
            for _ in 1..TOGETHER {
                let Ok(event) = events.try_recv() else { break };
                self.add(&event)?;
            }
            self.flush()?;
        }
        Ok(())
    }

    fn add(&mut self, event: &Event) -> Result<(), RecordingError> {
        serde_json::to_writer(&mut self.line, event).map_err(RecordingError::Event)?;
        self.line.push(b'\n');
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordingError> {
        let written = self.file.write_all(&self.line);
        self.line.clear();
        written.map_err(|source| RecordingError::Io { verb: "written", path: self.path.clone(), source })
    }
}

/// A recording that is written on a thread of its own.
#[derive(Debug)]
pub struct RecordingThread {
    /// `None` once the thread has given up, or was too far behind.
    events: Option<mpsc::SyncSender<Arc<Event>>>,
    end: oneshot::Receiver<()>,
    path: PathBuf,
}

impl RecordingThread {
    /// Hands over an event; never waits. Where the disk is too far behind the recording ends: one with a hole would tell
    /// another session than there was.
    pub fn append(&mut self, event: &Arc<Event>) {
        let Some(events) = &self.events else { return };
        match events.try_send(event.clone()) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(_)) => {
                let path = self.path.display();
                tracing::error!("the recording ends here: {path} is written too slowly");
                self.events = None;
            }
            // It has said why.
            Err(mpsc::TrySendError::Disconnected(_)) => self.events = None,
        }
    }

    /// Waits until everything handed over is written, for so long at most; tells whether it is.
    pub async fn finish(self, patience: Duration) -> bool {
        let Self { events, end, path } = self;
        drop(events);
        let written = timeout(patience, end).await.is_ok();
        if !written {
            tracing::error!("the end of the recording is not on the disk: {} hangs", path.display());
        }
        written
    }
}
