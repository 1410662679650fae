//! Files that only their owner may read.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Makes a file, or empties one, that only its owner may read and write. One that was there before is made so before
/// anything is written to it.
///
/// # Errors
/// When it cannot be opened, or is somebody else's, whose permissions are not ours to change.
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
        // What is no file keeps what it is.
        create_private(Path::new("/dev/null")).unwrap();
        assert_ne!(fs::metadata("/dev/null").unwrap().permissions().mode() & 0o777, 0o600);
    }
}
