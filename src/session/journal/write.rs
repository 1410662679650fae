//! The journal as a file: complete or not there.

use crate::experiment::Value;
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// The journal could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the journal to {path}: {reason}; choose another place with --journal-path")]
pub struct JournalError {
    /// Where to.
    pub path: PathBuf,
    /// Why not.
    pub reason: io::Error,
}

/// Writes a journal: two-space indentation, characters unescaped, no final line end (experiment-format 11.1).
///
/// It is written beside its place and then moved there, so that nobody ever reads half a journal.
pub fn write(journal: &Value, path: &Path) -> Result<(), JournalError> {
    let failed = |reason| JournalError { path: path.to_owned(), reason };
    // A link, or something that is no file (a pipe, /dev/stdout), is written to and not replaced.
    if fs::symlink_metadata(path).is_ok_and(|data| !data.is_file()) {
        return fs::write(path, journal.to_json_pretty()).map_err(failed);
    }
    let beside = beside(path);
    let written = fs::write(&beside, journal.to_json_pretty()).and_then(|()| fs::rename(&beside, path));
    written.map_err(|reason| {
        // The error that counts is the first one; what is left of the attempt is only tidied up.
        let _ = fs::remove_file(&beside);
        failed(reason)
    })
}

/// A name of our own in the same folder, so that the move stays on one file system.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or("journal.json".as_ref()));
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
