//! A temporary folder that only this user can read, deleted when it is dropped. Folders of processes that were killed
//! are deleted by the next process that needs one.

use std::{
    fs::{self, DirBuilder, DirEntry, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Once,
};

/// Beginning of the folders' names.
const PREFIX: &str = "chaos-tui-";
/// The file in each folder that is locked as long as its process lives.
const LOCK: &str = ".lock";
/// How many names are tried: another process may delete a folder before its lock is held.
const TRIES: usize = 4;

/// Holds kubeconfigs, whose tokens give control of the cluster, and the experiments of the demo.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    /// Locked until it is closed.
    _lock: File,
    /// Whether the folder stays when it is dropped, until the next process that needs one.
    kept: bool,
}

impl PrivateFolder {
    /// Creates a folder with a name that cannot be guessed.
    ///
    /// # Errors
    /// Returns the path of the folder, and why it could not be created.
    pub fn create() -> Result<Self, (PathBuf, io::Error)> {
        Self::create_for("")
    }

    /// Like [`PrivateFolder::create`]; the name of the folder tells its purpose.
    ///
    /// # Errors
    /// Returns the path of the folder, and why it could not be created.
    pub fn create_for(purpose: &str) -> Result<Self, (PathBuf, io::Error)> {
        static SWEPT: Once = Once::new();
        let parent = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&parent));
        let mut tries = 1;
        loop {
            match Self::create_in(&parent, purpose) {
                Err((_, error)) if error.kind() == io::ErrorKind::WouldBlock && tries < TRIES => tries += 1,
                created => return created,
            }
        }
    }

    fn create_in(parent: &Path, purpose: &str) -> Result<Self, (PathBuf, io::Error)> {
        let path = parent.join(format!("{PREFIX}{purpose}{}", uuid::Uuid::new_v4().simple()));
        let locked = || {
            DirBuilder::new().mode(0o700).create(&path)?;
            let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(LOCK))?;
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
                // A file system without locks: then nobody sweeps the folder.
                Ok(()) | Err(TryLockError::Error(_)) => Ok(lock),
            }
        };
        match locked() {
            Ok(lock) => Ok(Self { path, _lock: lock, kept: false }),
            Err(error) => Err((path, error)),
        }
    }

    /// Writes a new file that only this user can read.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
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
        let _ = fs::remove_file(self.path.join(&new));
        let (written, path) = (self.write(&new, text)?, self.path.join(name));
        fs::rename(written, &path)?;
        Ok(path)
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder to the user, until the next process that needs a folder deletes it.
    pub fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if !self.kept {
            // The folder may be removed already; other errors cannot be returned from here.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Deletes the folders of this user's processes that have ended.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    // The lock is held while the folder is deleted: a process that has just created it takes another name.
    for (folder, _lock) in entries.filter_map(|entry| left_behind(&entry.ok()?)) {
        // Another process may be deleting it.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Returns the path and the lock of a folder of ours whose process has ended. A folder without a lock file is not: it may be
/// about to get one, or be of an older version.
fn left_behind(entry: &DirEntry) -> Option<(PathBuf, File)> {
    let (path, name) = (entry.path(), entry.file_name());
    name.to_str()?.strip_prefix(PREFIX)?;
    // Does not follow links. In a folder of this user, with this mode, nobody else can place a file.
    let folder = entry.metadata().ok()?;
    // SAFETY: geteuid(2) takes nothing and cannot fail.
    let user = unsafe { libc::geteuid() };
    if !folder.is_dir() || folder.uid() != user || folder.mode() & 0o077 != 0 {
        return None;
    }
    let lock = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(path.join(LOCK)).ok()?;
    lock.try_lock().ok().map(|()| (path, lock))
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

    #[test]
    fn the_folders_of_the_dead_are_swept_and_those_of_the_living_and_of_others_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let new = |purpose| PrivateFolder::create_in(parent.path(), purpose).unwrap();
        let mut kept = new("demo-");
        kept.keep();
        let (dead, living) = (kept.path().to_owned(), new(""));
        let others = ["chaos-tui-config", "chaos-tui-0", "unrelated"].map(|name| parent.path().join(name));
        for other in &others {
            fs::create_dir(other).unwrap();
        }
        // Readable by others, so not created here.
        fs::write(others[0].join(LOCK), "").unwrap();
        sweep(parent.path());
        assert!(dead.exists() && living.path().exists(), "both live");
        drop(kept);
        assert!(dead.exists(), "kept until the next sweep");
        sweep(parent.path());
        assert!(!dead.exists());
        assert!(living.path().exists() && others.iter().all(|other| other.exists()));
    }
}
