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
    let written = fs::write(&beside, journal.to_json_pretty()).and_then(|()| put(&beside, path));
    written.map_err(|reason| {
        // The error that counts is the first one; what is left of the attempt is only tidied up.
        let _ = fs::remove_file(&beside);
        failed(reason)
    })
}

/// Moves a file to its place.
///
/// An older one is exchanged for it, and removed: at every moment one of the two is there, complete. A plain move onto a
/// file makes ext4 put the new one on the disk first, which takes longer than all else that is done for a journal. It would
/// outlive a power cut in the seconds before the disk has it anyway; a journal that must, is copied away by whoever needs it.
fn put(file: &Path, place: &Path) -> io::Result<()> {
    match exchange(file, place) {
        Ok(()) => {
            // Whatever becomes of the old one, the new one is in its place.
            let _ = fs::remove_file(file);
            Ok(())
        }
        // There is none, or this file system cannot.
        Err(_) => fs::rename(file, place),
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use std::{ffi::CString, os::unix::ffi::OsStrExt};
    let [one, other] = [one, other].map(|path| CString::new(path.as_os_str().as_bytes()));
    let (one, other) = (one?, other?);
    let here = libc::AT_FDCWD;
    // SAFETY: both are texts that end with a zero and live until after the call, which keeps neither.
    let done = unsafe { libc::renameat2(here, one.as_ptr(), here, other.as_ptr(), libc::RENAME_EXCHANGE) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A name of our own in the same folder, so that the move stays on one file system.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or("journal.json".as_ref()));
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
