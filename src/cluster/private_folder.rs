//! A folder that only this user can read, deleted when it is dropped.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Holds kubeconfigs, whose tokens give control of the cluster.
#[derive(Debug)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Creates a folder with a name that cannot be guessed.
    ///
    /// # Errors
    /// Returns the path of the folder, and why it could not be created.
    pub fn create() -> Result<Self, (PathBuf, io::Error)> {
        let name = format!("chaos-tui-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err((path, error)),
        }
    }

    /// Writes a new file that only this user can read.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }

    /// Replaces a file atomically by one that only this user can read.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn replace(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let new = format!("{name}.new");
        // Left over from a write that failed.
        let _ = fs::remove_file(self.0.join(&new));
        let (written, path) = (self.write(&new, text)?, self.0.join(name));
        fs::rename(written, &path)?;
        Ok(path)
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // The folder may be removed already; other errors cannot be returned from here.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_this_user_can_read_it_and_it_goes_with_its_holder() {
        let folder = PrivateFolder::create().unwrap();
        let file = folder.write("kubeconfig", "token: secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&file)), (0o700, 0o600));
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
