//! Writing a recording.

use super::{Header, RecordingError};
use crate::session::Event;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Events that are written together when they come faster than the disk takes them.
const TOGETHER: usize = 256;

/// The writing end of a recording. Every [`append`](Self::append) reaches the system before it returns.
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
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let path = path.to_owned();
        let file = options.open(&path).map_err(|source| RecordingError::Io {
            verb: "made",
            path: path.clone(),
            source,
        })?;
        let mut recorder = Self { file, path, line: Vec::new() };
        serde_json::to_writer(&mut recorder.line, header).map_err(RecordingError::Event)?;
        recorder.line.push(b'\n');
        recorder.flush()?;
        Ok(recorder)
    }

    /// Appends one event.
    pub fn append(&mut self, event: &Event) -> Result<(), RecordingError> {
        self.add(event)?;
        self.flush()
    }

    /// Appends the events of a session as they come, until it ends. Blocks: give it a thread of its own.
    pub fn run(mut self, mut tap: mpsc::Receiver<Arc<Event>>) -> Result<(), RecordingError> {
        while let Some(event) = tap.blocking_recv() {
            self.add(&event)?;
            for _ in 1..TOGETHER {
                let Ok(event) = tap.try_recv() else { break };
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
