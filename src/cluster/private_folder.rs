//! A folder that only this user can look into, and that goes when it is dropped.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Holds kubeconfigs: whoever reads their tokens commands the cluster.
#[derive(Debug)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Makes a folder with a name nobody can guess.
    ///
    /// # Errors
    /// The folder that was to be made, and why it was not.
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
    /// What the system says.
    pub fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }

    /// Puts a file in the place of another, whole at any moment, that only this user can read.
    ///
    /// # Errors
    /// What the system says.
    pub fn replace(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let new = format!("{name}.new");
        // One that was left by a write that failed.
        let _ = fs::remove_file(self.0.join(&new));
        let (written, path) = (self.write(&new, text)?, self.0.join(name));
        fs::rename(written, &path)?;
        Ok(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // Somebody may have removed it already; there is nobody to tell anyway.
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
