//! The journal as a file: complete or not there.

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

/// Writes a journal: two-space indentation, characters unescaped, no final line end (experiment-format 11.1).
///
/// It is written beside its place, synced to the disk and renamed, so that nobody ever reads half a journal and a power cut
/// leaves the older one or this one. Where that is impossible it is written in place: what was played is lost otherwise.
pub fn write(journal: &Value, path: &Path) -> Result<(), JournalError> {
    let text = journal.to_json_pretty();
    let written = match fs::symlink_metadata(path) {
        // A link, or something that is no file (a pipe, /dev/stdout), is written to and not replaced.
        Ok(data) if !data.is_file() => in_place(&text, path),
        Ok(data) => renamed(&text, path, Some(data.permissions())),
        Err(_) => renamed(&text, path, None),
    };
    written.map_err(|reason| JournalError { path: path.to_owned(), reason })
}

/// Written beside its place and moved there, with the permissions of the file that it replaces.
fn renamed(text: &str, path: &Path, older: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    let mut builder = tempfile::Builder::new();
    // Less the process' umask, as for any file; a temporary one is its owner's alone otherwise.
    builder.prefix(&prefix).suffix(".part").permissions(Permissions::from_mode(0o666));
    let created = builder.tempfile_in(folder).and_then(|file| match older {
        Some(permissions) => file.as_file().set_permissions(permissions).map(|()| file),
        None => Ok(file),
    });
    // The folder may be read-only, or not there: then the error is that of the journal itself.
    let Ok(mut beside) = created else { return in_place(text, path) };
    beside.as_file_mut().write_all(text.as_bytes())?;
    synced(beside.as_file())?;
    match beside.persist(path) {
        // The journal is there; a folder that may not be read cannot be synced.
        Ok(_) => File::open(folder).map_or(Ok(()), |folder| synced(&folder)),
        // A file that is mounted by itself, for one, cannot be replaced.
        Err(_) => in_place(text, path),
    }
}

fn in_place(text: &str, path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    synced(&file)
}

/// Synced to the disk, where there is one behind it: a pipe, a terminal and the folders of some file systems have none.
fn synced(file: &File) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};
    match file.sync_all() {
        Err(error) if matches!(error.kind(), InvalidInput | ReadOnlyFilesystem | Unsupported) => Ok(()),
        done => done,
    }
}
