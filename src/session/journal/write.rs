//! Writes the journal file: complete or not at all.

use crate::printing::escape_json;
use pyvalue::Value;
use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
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
    let written = match fs::symlink_metadata(path) {
        // A link or a special file (a pipe, /dev/stdout) is written to and not replaced.
        Ok(data) if !data.is_file() => in_place(&text, path),
        Ok(data) => renamed(&text, path, Some(data.permissions())),
        Err(_) => renamed(&text, path, None),
    };
    written.map_err(|reason| JournalError { path: path.to_owned(), reason })
}

/// Writes a temporary file beside `path` and renames it, with the permissions of the file that it replaces.
fn renamed(text: &str, path: &Path, older: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    let mut builder = tempfile::Builder::new();
    // Minus the process's umask, as for any file; by default only the owner may access a temporary file.
    builder.prefix(&prefix).suffix(".part").permissions(Permissions::from_mode(0o666));
    let created = builder.tempfile_in(folder).and_then(|file| match older {
        Some(permissions) => file.as_file().set_permissions(permissions).map(|()| file),
        None => Ok(file),
    });
    // The folder may be read-only or missing: writing in place then reports the journal's own error.
    let Ok(mut beside) = created else { return in_place(text, path) };
    beside.as_file_mut().write_all(text.as_bytes())?;
    synced(beside.as_file())?;
    match beside.persist(path) {
        // The journal is written; a folder that may not be read cannot be synced.
        Ok(_) => File::open(folder).map_or(Ok(()), |folder| synced(&folder)),
        // A file that is a mount point, for example, cannot be replaced.
        Err(_) => in_place(text, path),
    }
}

fn in_place(text: &str, path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    synced(&file)
}

/// Syncs the file to its disk. A pipe, a terminal and the folders of some file systems have none, which is no error.
fn synced(file: &File) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};
    match file.sync_all() {
        Err(error) if matches!(error.kind(), InvalidInput | ReadOnlyFilesystem | Unsupported) => Ok(()),
        done => done,
    }
}
