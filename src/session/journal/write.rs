//! Writes the journal file: complete or not at all.

use crate::{printing::escape_json, session::whole_file::replace_file};
use pyvalue::Value;
use std::{
    io,
    path::{Path, PathBuf},
};

/// The journal could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the journal to {path}: {reason}; choose another place with --journal-path")]
pub struct JournalError {
    pub path: PathBuf,
    pub reason: io::Error,
}

/// Writes a journal: two-space indentation, no final line end, characters unescaped (experiment-format 11.1) but for those
/// that a terminal would obey.
///
/// The text is written to a temporary file in the same folder, synced to the disk and renamed, so that no reader sees
/// half a journal and a power failure leaves either the older journal or this one. Where that is impossible the file is
/// written in place, because the results of the run would be lost otherwise.
pub fn write(journal: &Value, path: &Path) -> Result<(), JournalError> {
    let text = journal.to_json_pretty();
    let text = escape_json(&text);
    replace_file(path, &text).map_err(|reason| JournalError { path: path.to_owned(), reason })
}
