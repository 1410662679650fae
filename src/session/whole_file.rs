//! Files that are written complete or not at all: journals and reports.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use tempfile::NamedTempFile;

/// Writes a file, or replaces it.
///
/// The text is written to a temporary file in the same folder, synced to the disk and renamed, so that no reader sees
/// half of it and a power failure leaves either the older file or this one. Where that is impossible the file is written
/// in place, because the text would be lost otherwise.
///
/// # Errors
/// If it cannot be written.
pub fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        // A link or a special file (a pipe, /dev/stdout) is written to and not replaced.
        Ok(data) if !data.is_file() => in_place(text, path),
        Ok(data) => renamed(text, path, Some(data.permissions())),
        Err(_) => renamed(text, path, None),
    }
}

/// Writes a file as [`replace_file`] does, but replaces none.
///
/// # Errors
/// If it cannot be written, or there is one.
pub fn create_file(path: &Path, text: &str) -> io::Result<()> {
    let folder = folder_of(path);
    // As above: the file's own error says more.
    let Ok(mut beside) = temporary(path, folder) else { return written(&mut File::create_new(path)?, text) };
    beside.as_file_mut().write_all(text.as_bytes())?;
    synced(beside.as_file())?;
    match beside.persist_noclobber(path) {
        Ok(_) => File::open(folder).map_or(Ok(()), |folder| synced(&folder)),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(error.error),
        // Some file systems cannot rename without replacing.
        Err(_) => written(&mut File::create_new(path)?, text),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary(path: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    let mut builder = tempfile::Builder::new();
    // Minus the process's umask, as for any file; by default only the owner may access a temporary file.
    builder.prefix(&prefix).suffix(".part").permissions(Permissions::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Writes a temporary file beside `path` and renames it, with the permissions of the file that it replaces.
fn renamed(text: &str, path: &Path, older: Option<Permissions>) -> io::Result<()> {
    let folder = folder_of(path);
    let created = temporary(path, folder).and_then(|file| match older {
        Some(permissions) => file.as_file().set_permissions(permissions).map(|()| file),
        None => Ok(file),
    });
    // The folder may be read-only or missing: writing in place then reports the file's own error.
    let Ok(mut beside) = created else { return in_place(text, path) };
    beside.as_file_mut().write_all(text.as_bytes())?;
    synced(beside.as_file())?;
    match beside.persist(path) {
        // The file is written; a folder that may not be read cannot be synced.
        Ok(_) => File::open(folder).map_or(Ok(()), |folder| synced(&folder)),
        // A file that is a mount point, for example, cannot be replaced.
        Err(_) => in_place(text, path),
    }
}

fn in_place(text: &str, path: &Path) -> io::Result<()> {
    written(&mut File::create(path)?, text)
}

fn written(file: &mut File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    synced(file)
}

/// Syncs the file to its disk. A pipe, a terminal and the folders of some file systems have none, which is no error.
fn synced(file: &File) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};
    match file.sync_all() {
        Err(error) if matches!(error.kind(), InvalidInput | ReadOnlyFilesystem | Unsupported) => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_replaces_none_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.md");
        create_file(&path, "one").unwrap();
        assert_eq!(create_file(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let gone = folder.path().join("gone").join("report.md");
        assert_eq!(
            create_file(&gone, "x").unwrap_err().to_string(),
            "No such file or directory (os error 2)"
        );
    }
}
