//! Files that only their owner may access.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Creates or truncates a file that only its owner may read and write. The permissions of an existing file are changed
/// before anything is written to it.
///
/// # Errors
/// If the file cannot be opened, or belongs to another user, so that its permissions cannot be changed.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_file_that_everybody_could_read_is_the_owners_alone_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kit.json");
        fs::write(&path, "older and longer").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(create_private(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&path).unwrap(), b"");
        // A special file keeps its permissions.
        create_private(Path::new("/dev/null")).unwrap();
        assert_ne!(fs::metadata("/dev/null").unwrap().permissions().mode() & 0o777, 0o600);
    }
}
