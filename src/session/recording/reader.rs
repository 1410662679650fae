//! Reading a recording.

use super::{FORMAT, Header, RecordingError};
use crate::session::Event;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// The maximum length of a line in bytes: enough for the output of a whole journal in one event.
const LINE: u64 = 64 * 1024 * 1024;

/// Opens a recording; returns its header and its events in order.
pub fn open(path: &Path) -> Result<(Header, Events), RecordingError> {
    let unreadable = |source| RecordingError::Io { verb: "opened", path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut events =
        Events { lines: BufReader::new(file), path: path.to_owned(), number: 0, line: Vec::new() };
    let no_header = || RecordingError::NoHeader { path: path.to_owned() };
    if !events.next_line()? {
        return Err(no_header());
    }
    let header: Header = serde_json::from_slice(&events.line).map_err(|_| no_header())?;
    if header.format > FORMAT {
        let (path, Header { tool, format, .. }) = (path.to_owned(), header);
        return Err(RecordingError::Newer { path, tool, format });
    }
    Ok((header, events))
}

/// An iterator over the events of a recording.
#[derive(Debug)]
pub struct Events {
    lines: BufReader<File>,
    path: PathBuf,
    number: u64,
    line: Vec<u8>,
}

impl Events {
    /// Reads the next line; returns `false` at the end of the file.
    fn next_line(&mut self) -> Result<bool, RecordingError> {
        self.line.clear();
        self.number += 1;
        let read = self.lines.by_ref().take(LINE).read_until(b'\n', &mut self.line);
        let read =
            read.map_err(|source| RecordingError::Io { verb: "read", path: self.path.clone(), source })?;
        Ok(read > 0)
    }

    fn is_torn(&self) -> bool {
        !self.line.ends_with(b"\n")
    }
}

impl Iterator for Events {
    type Item = Result<Event, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_line() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        match serde_json::from_slice(&self.line) {
            Ok(event) => Some(Ok(event)),
            // The process ended while it wrote the line.
            Err(_) if self.is_torn() => None,
            Err(source) => {
                Some(Err(RecordingError::Damaged { path: self.path.clone(), line: self.number, source }))
            }
        }
    }
}
