//! Reading a recording.

use super::{FORMAT, Header, RecordingError, lines::Unpacker};
use crate::session::Event;
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Damaged lines whose numbers are named.
const LINES_NAMED: usize = 3;

/// The maximum length of a line in bytes: enough for the output of a whole journal in one event.
const LINE: u64 = 64 * 1024 * 1024;

/// Opens a recording; returns its header and its events in order.
///
/// # Errors
/// If the file cannot be read, is no recording, or was written by a newer version.
pub fn open(path: &Path) -> Result<(Header, Events), RecordingError> {
    let unreadable = |source| RecordingError::Io { verb: "opened", path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut events = Events {
        lines: BufReader::new(file),
        path: path.to_owned(),
        place: Place::default(),
        line: Vec::new(),
        waiting: VecDeque::new(),
        damaged: (0, Vec::new()),
        torn: false,
    };
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

/// An iterator over the events of a recording. Lines that are no events are passed over: what stands after a damaged line
/// is as true as what stands before it.
#[derive(Debug)]
pub struct Events {
    lines: BufReader<File>,
    path: PathBuf,
    place: Place,
    line: Vec<u8>,
    /// Events of the last line that were not returned yet.
    waiting: VecDeque<Event>,
    /// How many lines are damaged, and the numbers of the first ones.
    damaged: (u64, Vec<u64>),
    torn: bool,
}

/// A place between two lines, to which a reader can return.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    offset: u64,
    /// Lines before it.
    line: u64,
    unpacker: Unpacker,
}

impl Events {
    /// The damaged lines that were passed over so far, in a sentence.
    pub fn damage(&self) -> Option<String> {
        let (count, first) = (self.damaged.0, &self.damaged.1);
        let (lines, are) = if count == 1 { ("line", "is") } else { ("lines", "are") };
        let named: Vec<_> = first.iter().map(u64::to_string).collect();
        let more = if count > first.len() as u64 { " and more" } else { "" };
        (count > 0).then(|| {
            let named = named.join(", ");
            format!("{count} {lines} of the recording ({named}{more}) {are} damaged, and what stood there is missing")
        })
    }

    /// What was passed over so far, one sentence each: damaged lines, and a last line that is incomplete.
    pub fn flaws(&self) -> Vec<String> {
        let torn = "the last line of the recording is incomplete: the program ended while it wrote it";
        self.damage().into_iter().chain(self.torn.then(|| torn.to_owned())).collect()
    }

    /// The place of the next line; `None` while events of a line are left.
    pub(super) fn place(&self) -> Option<&Place> {
        self.waiting.is_empty().then_some(&self.place)
    }

    /// Goes on reading at a place of the same file.
    ///
    /// # Errors
    /// If the file cannot be read there.
    pub(super) fn go_to(&mut self, place: &Place) -> Result<(), RecordingError> {
        self.lines.seek(SeekFrom::Start(place.offset)).map_err(|source| self.unread(source))?;
        self.place.clone_from(place);
        self.waiting.clear();
        self.damaged = (0, Vec::new());
        self.torn = false;
        Ok(())
    }

    /// Reads the next line; returns `false` at the end of the file.
    fn next_line(&mut self) -> Result<bool, RecordingError> {
        self.line.clear();
        let read = self.lines.by_ref().take(LINE).read_until(b'\n', &mut self.line);
        let read = read.map_err(|source| self.unread(source))?;
        self.place.line += 1;
        self.place.offset += read as u64;
        Ok(read > 0)
    }

    fn unread(&self, source: io::Error) -> RecordingError {
        RecordingError::Io { verb: "read", path: self.path.clone(), source }
    }
}

impl Iterator for Events {
    type Item = Result<Event, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(Ok(event));
            }
            match self.next_line() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
            match self.place.unpacker.read(&self.line, &mut self.waiting) {
                Ok(()) => {}
                Err(_) if !self.line.ends_with(b"\n") => {
                    self.torn = true;
                    return None;
                }
                Err(_) => {
                    let (count, first) = &mut self.damaged;
                    *count += 1;
                    if first.len() < LINES_NAMED {
                        first.push(self.place.line);
                    }
                }
            }
        }
    }
}
