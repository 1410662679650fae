//! The lease as a file in the session's folder: whoever creates it has it for good.

use crate::session::event::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

const FILE: &str = "taken";

/// Who took the lease of a session, when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub at: Timestamp,
    /// The id of the process.
    pub pid: u32,
    pub why: String,
}

/// Takes the lease of the session in this folder. Returns whether it was not taken before. The file is on the disk when this
/// returns.
///
/// # Errors
/// If it cannot be told.
pub(crate) fn take(folder: &Path, taken: &Taken) -> io::Result<bool> {
    let path = folder.join(FILE);
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    };
    // The file's existence counts; a disk that is full only costs its contents.
    if let Ok(text) = serde_json::to_vec(taken) {
        let _ = file.write_all(&text).and_then(|()| file.sync_all());
    }
    Ok(true)
}

/// Whether the lease of the session in this folder was taken. What cannot be told counts as not taken: the guardian says so
/// on its pipe as well.
pub(crate) fn is_taken(folder: &Path) -> bool {
    folder.join(FILE).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn it_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_taken(folder.path()));
        let taken = Taken { at: Timestamp::UNIX_EPOCH, pid: 7, why: "gone".to_owned() };
        assert!(take(folder.path(), &taken).unwrap());
        assert!(is_taken(folder.path()));
        assert!(!take(folder.path(), &Taken { pid: 8, ..taken.clone() }).unwrap());
        let path = folder.path().join(FILE);
        assert_eq!(serde_json::from_slice::<Taken>(&fs::read(&path).unwrap()).unwrap(), taken);
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(take(&folder.path().join("missing"), &taken).is_err());
    }

    #[test]
    fn of_many_who_take_it_at_once_one_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let won = std::thread::scope(|scope| {
            let all: Vec<_> = (0..16)
                .map(|pid| {
                    let folder = folder.path();
                    let taken = Taken { at: Timestamp::UNIX_EPOCH, pid, why: String::new() };
                    scope.spawn(move || take(folder, &taken).unwrap())
                })
                .collect();
            all.into_iter().filter(|_| true).map(|one| one.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }
}
