//! Everything that a report is made of, read in one pass over the events of a session.

mod journal;
mod samples;

use crate::session::{
    Event, Session,
    event::Timestamp,
    journal::{self as projection, Journal},
    record::{KeptSession, RecordHeader},
    recording::{self, Header, RecordingError},
};
use pyvalue::Value;
pub(crate) use samples::{AskedSample, Phase, SampleOutcome, Samples};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Where the evidence comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    /// A recording of every event.
    Recording(Header),
    /// A journal, which holds the activities only.
    Journal {
        /// The program that wrote it: `chaostoolkit-lib 1.44.0`.
        writer: String,
    },
}

/// The evidence of one session.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// The state after the last event.
    pub session: Session,
    /// The moment of the last event; everything is said as of then.
    pub now: Timestamp,
    /// The moment of the first event.
    pub began: Timestamp,
    /// The journal, with the experiment as played and its entries.
    pub journal: Value,
    /// Every request to the users' endpoints.
    pub samples: Samples,
    pub origin: Origin,
    /// What the record on this machine holds besides: who began the session, and in which cluster.
    pub record: Option<RecordHeader>,
    /// The session in a few words: its id, or the name of its file.
    pub name: String,
    /// What could not be read, one sentence each.
    pub problems: Vec<String>,
}

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvidenceError {
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// There is a file, but nothing happened in it.
    #[error(
        "{path} holds no event of a session, so there is nothing to report; pass the recording of a session that was begun"
    )]
    Empty { path: PathBuf },
    #[error("{path} cannot be read: {source}; pass a recording (.ctui) or a journal of `chaos run` (.json)")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path} is neither a recording nor a journal: {why}; pass a .ctui file or the journal of a run")]
    NoJournal { path: PathBuf, why: String },
}

/// What has been read so far.
struct Reading {
    session: Session,
    journal: Journal,
    samples: Samples,
    began: Option<Timestamp>,
}

impl Reading {
    fn new() -> Self {
        Self {
            session: Session::new(),
            journal: Journal::default(),
            samples: Samples::default(),
            began: None,
        }
    }

    fn take(&mut self, event: &Event) {
        self.began.get_or_insert(event.at);
        self.session.apply(event);
        self.journal.apply(event);
        self.samples.apply(event, &self.session);
    }

    fn finish(mut self, origin: Origin, name: String, path: &Path) -> Result<Evidence, EvidenceError> {
        let (Some(began), Some(now)) = (self.began, self.session.last) else {
            return Err(EvidenceError::Empty { path: path.to_owned() });
        };
        self.samples.end(now);
        Ok(Evidence {
            journal: self.journal.value(),
            session: self.session,
            now,
            began,
            samples: self.samples,
            origin,
            record: None,
            name,
            problems: Vec::new(),
        })
    }
}

impl Evidence {
    /// Reads a file: a recording, or a journal of this program or of Chaos Toolkit.
    ///
    /// # Errors
    /// If it is neither, or holds nothing.
    pub(crate) fn of_file(path: &Path, name: String) -> Result<Self, EvidenceError> {
        if is_recording(path)? { Self::of_recording(path, name) } else { Self::of_journal(path, name) }
    }

    /// Reads a session on record, with what its record holds besides the events.
    ///
    /// # Errors
    /// If there is no recording, or nothing in it.
    pub(crate) fn of_record(kept: &KeptSession) -> Result<Self, EvidenceError> {
        let mut evidence = Self::of_recording(&kept.recording(), kept.id())?;
        match kept.header() {
            Ok(header) => evidence.record = Some(header),
            Err(error) => evidence.problems.push(format!("who began the session is not known: {error}")),
        }
        // After the end of the run only the screen is left.
        let over = evidence.session.run.ended.is_some() && !evidence.session.recovering();
        if !over && kept.is_running() {
            evidence
                .problems
                .push("the session still runs: this is what was known when it was read".to_owned());
        }
        Ok(evidence)
    }

    fn of_recording(path: &Path, name: String) -> Result<Self, EvidenceError> {
        let (header, mut events) = recording::open(path)?;
        let mut reading = Reading::new();
        for event in events.by_ref() {
            reading.take(&event?);
        }
        let mut evidence = reading.finish(Origin::Recording(header), name, path)?;
        evidence.problems = events.flaws();
        evidence.note_end();
        Ok(evidence)
    }

    /// Makes evidence of the events of a journal.
    fn of_journal(path: &Path, name: String) -> Result<Self, EvidenceError> {
        let told = journal::read(path)?;
        let mut reading = Reading::new();
        told.events.iter().for_each(|event| reading.take(event));
        let mut evidence = reading.finish(Origin::Journal { writer: told.writer }, name, path)?;
        evidence.problems = told.problems;
        // The journal itself is the better projection: a control may have changed it as it liked.
        evidence.journal = told.journal;
        Ok(evidence)
    }

    /// Says if the recording ends before the run does.
    fn note_end(&mut self) {
        if self.session.run.started.is_some() && self.session.run.ended.is_none() {
            self.problems.push(
                "the recording ends before the run does: what happened after it is not known".to_owned(),
            );
        }
        if let Some(reason) = &self.session.meta.recording_stopped {
            self.problems.push(format!("the recording ended before the session: {reason}"));
        }
    }

    /// Whether it comes from a journal, in which nothing was watched.
    pub(crate) fn is_journal(&self) -> bool {
        matches!(self.origin, Origin::Journal { .. })
    }

    /// The journal's own status: `completed`, `failed`, `aborted`, `interrupted`; `None` if the run has not ended.
    pub(crate) fn status(&self) -> Option<&'static str> {
        self.session.run.status.map(projection::status_name)
    }

    /// The experiment as played.
    pub(crate) fn experiment(&self) -> Option<&Value> {
        self.journal.get("experiment").filter(|experiment| experiment.truthy())
    }

    /// The version of the experiment's tool that the journal names, and where it ran.
    pub(crate) fn title(&self) -> &str {
        match self.session.meta.title.as_str() {
            "" => "An experiment without a title",
            title => title,
        }
    }
}

/// Whether the file begins as a recording does. A journal is one JSON object over many lines, or without a `format`.
fn is_recording(path: &Path) -> Result<bool, EvidenceError> {
    let unreadable = |source| EvidenceError::Unreadable { path: path.to_owned(), source };
    let mut beginning = Vec::new();
    File::open(path).map_err(unreadable)?.take(4096).read_to_end(&mut beginning).map_err(unreadable)?;
    let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let named = path.extension().is_some_and(|extension| extension == "ctui");
    Ok(named || serde_json::from_slice::<Header>(line).is_ok())
}
