//! The folders of the sessions on this machine.

use super::RecordHeader;
use crate::session::{
    Session,
    clock::local_zone,
    event::Timestamp,
    private_file::{create_private, replace_private},
    recording::{self, RecordingError},
};
use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

const HEADER: &str = "record.json";
const RECORDING: &str = "session.ctui";
const LOCK: &str = "lock";
const SETTLED: &str = "settled";
/// How many sessions are kept, and how many bytes; what is left to undo is kept in any case.
const KEPT: usize = 50;
const KEPT_BYTES: u64 = 512 * 1024 * 1024;
/// The maximum size of a header in bytes: experiments are smaller.
const HEADER_BYTES: u64 = 64 * 1024 * 1024;

/// Why a record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Neither `XDG_STATE_HOME` nor `HOME` names a folder.
    #[error("there is no folder for session records: set XDG_STATE_HOME or HOME")]
    NoFolder,
    /// A file or folder cannot be created, written or read.
    #[error("the session record {path} cannot be {verb}: {source}")]
    Io {
        /// `created`, `written`, `read`.
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// The header is damaged, or of a newer version.
    #[error("the session record {path} cannot be read: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

/// The folder that holds the records of all sessions of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionsFolder(PathBuf);

impl SessionsFolder {
    /// Finds the folder by `XDG_STATE_HOME`, else `HOME`.
    ///
    /// # Errors
    /// If neither is an absolute path.
    pub fn of_user(variable: impl Fn(&str) -> Option<String>) -> Result<Self, RecordError> {
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
            .ok_or(RecordError::NoFolder)?;
        Ok(Self(state.join("chaos-tui").join("sessions")))
    }

    /// Uses this folder.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Creates the record of a session that begins now, and deletes those of old sessions.
    ///
    /// # Errors
    /// If the folder cannot be created or locked.
    pub fn begin(&self, now: Timestamp) -> Result<OpenRecord, RecordError> {
        let failed = |path: &Path, source| RecordError::Io { verb: "created", path: path.to_owned(), source };
        private_folders(&self.0).map_err(|source| failed(&self.0, source))?;
        self.expire();
        let stamp = now.to_zoned(local_zone().clone()).strftime("%Y%m%d-%H%M%S").to_string();
        loop {
            let random = uuid::Uuid::new_v4().simple().to_string();
            let path = self.0.join(format!("{stamp}-{}", random.get(..4).unwrap_or_default()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(failed(&path, source)),
            }
            let lock = create_private(&path.join(LOCK)).map_err(|source| failed(&path, source))?;
            lock.lock().map_err(|source| failed(&path, source))?;
            return Ok(OpenRecord { kept: KeptSession { path }, lock: RecordLock(lock) });
        }
    }

    /// Returns the records, oldest first.
    pub fn list(&self) -> Vec<KeptSession> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let folders = entries.map(|entry| entry.path()).filter(|path| path.join(LOCK).exists());
        let mut kept: Vec<_> = folders.map(|path| KeptSession { path }).collect();
        kept.sort_by(|one, other| one.path.cmp(&other.path));
        kept
    }

    /// Returns the records of sessions that have ended and may have left something on, oldest first.
    pub fn unsettled(&self) -> Vec<KeptSession> {
        let mut kept = self.list();
        kept.retain(|session| !session.is_settled() && !session.is_running());
        kept
    }

    /// Deletes the oldest settled records beyond the limits.
    fn expire(&self) {
        let mut kept = self.list();
        kept.reverse();
        let mut bytes = 0;
        for (number, session) in kept.iter().enumerate() {
            bytes += session.bytes();
            let old = number + 1 >= KEPT || bytes > KEPT_BYTES;
            if old && session.is_settled() && !session.is_running() {
                // What cannot be deleted stays, and is tried again by the next session.
                let _ = fs::remove_dir_all(&session.path);
            }
        }
    }
}

/// The record of a session that this process runs.
#[derive(Debug)]
pub struct OpenRecord {
    kept: KeptSession,
    #[cfg_attr(not(test), expect(dead_code, reason = "it is held, not read"))]
    pub(super) lock: RecordLock,
}

/// The lock of a record, held until it is dropped; the system unlocks it if the process dies.
#[derive(Debug)]
pub struct RecordLock(pub(super) File);

impl Drop for RecordLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started still has a copy of it.
        let _ = self.0.unlock();
    }
}

impl OpenRecord {
    /// The record as others see it.
    pub fn kept(&self) -> &KeptSession {
        &self.kept
    }

    /// Path of a file of the record.
    pub fn file(&self, name: &str) -> PathBuf {
        self.kept.file(name)
    }

    /// Path of the session's recording.
    pub fn recording(&self) -> PathBuf {
        self.kept.recording()
    }

    /// Writes the header, synced.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_header(&self, header: &RecordHeader) -> Result<(), RecordError> {
        let text = serde_json::to_vec_pretty(header).map_err(|error| RecordError::Unreadable {
            path: self.kept.path.clone(),
            why: error.to_string(),
        })?;
        self.kept.write(HEADER, &text)
    }
}

/// The record of a session that may have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    path: PathBuf,
}

impl KeptSession {
    /// Uses the record in this folder.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The name of the session: its start in local time, and four random digits.
    pub fn id(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Path of a file of the record.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Path of the session's recording.
    pub fn recording(&self) -> PathBuf {
        self.file(RECORDING)
    }

    /// Path for the recording of another recovery.
    pub fn next_recovery(&self) -> PathBuf {
        let paths = (1..).map(|number| self.file(&format!("recovery-{number}.ctui")));
        paths.into_iter().find(|path| !path.exists()).unwrap_or_default()
    }

    /// Whether the session's process is alive.
    pub fn is_running(&self) -> bool {
        let Ok(lock) = File::open(self.file(LOCK)).map(RecordLock) else { return false };
        matches!(lock.0.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Whether nothing is left to undo.
    pub fn is_settled(&self) -> bool {
        self.file(SETTLED).exists()
    }

    /// Records that nothing is left to undo, and why.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn settle(&self, why: &str) -> Result<(), RecordError> {
        self.write(SETTLED, format!("{why}\n").as_bytes())
    }

    /// Locks the record for a recovery, so that no other process recovers the same session.
    ///
    /// # Errors
    /// If it is locked, or cannot be opened.
    pub fn lock(&self) -> Result<RecordLock, RecordError> {
        let unlocked = |source| RecordError::Io { verb: "locked", path: self.path.clone(), source };
        let lock = RecordLock(File::open(self.file(LOCK)).map_err(unlocked)?);
        match lock.0.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(RecordError::Unreadable {
                path: self.path.clone(),
                why: "the session is running, or another process recovers it".to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(unlocked(source)),
        }
    }

    /// Reads the header.
    ///
    /// # Errors
    /// If it is missing, damaged or of a newer version.
    pub fn header(&self) -> Result<RecordHeader, RecordError> {
        let path = self.file(HEADER);
        let unreadable = |source| RecordError::Io { verb: "read", path: path.clone(), source };
        let file = File::open(&path).map_err(unreadable)?;
        let file = io::Read::take(file, HEADER_BYTES);
        let header: RecordHeader = serde_json::from_reader(io::BufReader::new(file))
            .map_err(|error| RecordError::Unreadable { path: path.clone(), why: error.to_string() })?;
        if header.is_readable() {
            Ok(header)
        } else {
            let why = format!("{} wrote it, which is newer than this version", header.tool);
            Err(RecordError::Unreadable { path, why })
        }
    }

    /// Returns the session as it was at the last event that reached the disk, and what damage of the recording may hide.
    /// A last line that is incomplete hides nothing: what was fired is synced before it is.
    ///
    /// # Errors
    /// If the recording cannot be read; damaged lines are passed over.
    pub fn session(&self) -> Result<(Session, Option<String>), RecordError> {
        let (mut session, mut events) = (Session::new(), recording::open(&self.recording())?.1);
        for event in events.by_ref() {
            session.apply(&event?);
        }
        Ok((session, events.damage()))
    }

    /// Writes a file of the record, synced.
    fn write(&self, name: &str, text: &[u8]) -> Result<(), RecordError> {
        replace_private(&self.file(name), text).map_err(|source| RecordError::Io {
            verb: "written",
            path: self.file(name),
            source,
        })
    }

    fn bytes(&self) -> u64 {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    /// When its newest file was written: the last sign of life of its session.
    pub fn last_written(&self) -> Option<SystemTime> {
        fs::metadata(self.recording()).and_then(|metadata| metadata.modified()).ok()
    }
}

/// Creates a folder with its parents; the last two are for their owner alone.
fn private_folders(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().and_then(Path::parent) {
        fs::create_dir_all(parent)?;
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
