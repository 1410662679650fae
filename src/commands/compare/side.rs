//! One side of a comparison, as the command line names it.

use crate::{
    commands::{prepare::Refusal, recorded::RecordedSession},
    report::{Evidence, Runs, Summary},
};
use std::{fs::File, io::Read, path::Path};

/// One side of a comparison.
pub(super) struct Side {
    pub(super) runs: Runs,
    /// The evidence of a single session; `None` if only its figures are there.
    pub(super) evidence: Option<Evidence>,
}

impl Side {
    /// Reads a session on record, a recording, a journal, or a JSON report.
    ///
    /// # Errors
    /// If there is none of this name, or it cannot be read.
    pub(super) fn read(name: &str) -> Result<Self, Refusal> {
        if is_summary(Path::new(name)) {
            let runs = Runs::read(Path::new(name)).map_err(Refusal::invalid)?;
            return Ok(Self { runs, evidence: None });
        }
        let found = RecordedSession::find(Some(name))?;
        let evidence = found.evidence().map_err(Refusal::invalid)?;
        let label = Path::new(&found.name()).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let runs = Runs::one(label, Summary::of_evidence(&evidence));
        Ok(Self { runs, evidence: Some(evidence) })
    }
}

/// Whether a file is a JSON report rather than a journal or a recording: it begins with its format, as no journal does, and
/// is no recording, whose first line is its header.
fn is_summary(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension == "json");
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut beginning));
    let text: String = String::from_utf8_lossy(&beginning).split_whitespace().collect();
    named && read.is_ok() && text.starts_with("{\"format\":")
}
