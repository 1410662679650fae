//! Finds the recorded session that a command line names.

use super::{prepare::Refusal, record::sessions_folder};
use crate::{
    printing,
    report::Evidence,
    session::{
        Session,
        record::{KeptSession, SessionsFolder},
    },
};
use std::path::{Path, PathBuf};

/// How sessions are named on the command line, for the help of commands.
pub(crate) const NAMES: &str =
    "a file, the id of a session or its beginning, `last`, or `last~1` for the one before";

/// The recording of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedSession {
    /// Path of the recording, or of another file that the command line names.
    pub path: PathBuf,
    /// The record on this machine that the recording belongs to; `None` for a file.
    pub kept: Option<KeptSession>,
}

impl RecordedSession {
    /// Finds the session of a name: see [`NAMES`]. Without a name, the last one that has ended.
    ///
    /// # Errors
    /// If there is no such file or session, or several sessions begin like this.
    pub(crate) fn find(name: Option<&str>) -> Result<Self, Refusal> {
        let name = name.unwrap_or("last");
        let path = Path::new(name);
        if path.is_file() {
            return Ok(Self { path: path.to_owned(), kept: None });
        }
        if path.is_dir() {
            return Ok(Self::of(KeptSession::at(path)));
        }
        match sessions_folder() {
            Ok(folder) => in_folder(&folder, name),
            Err(why) => Err(Refusal::usage(format!("there is no file {name}, and {why}"))),
        }
    }

    /// The recording of a session on record.
    pub(crate) fn of(kept: KeptSession) -> Self {
        Self { path: kept.recording(), kept: Some(kept) }
    }

    /// Reads the session, with what its record holds besides.
    ///
    /// # Errors
    /// If it cannot be read, or holds nothing; the text says what to do.
    pub(crate) fn evidence(&self) -> Result<Evidence, String> {
        let read = match &self.kept {
            Some(kept) => Evidence::of_record(kept),
            None => Evidence::of_file(&self.path, self.name()),
        };
        read.map_err(|error| error.to_string())
    }

    /// Reads the session of a name to lay it behind another one, aligned at T0. What its recording lacks is printed.
    ///
    /// # Errors
    /// If there is no such session, it cannot be read, or nothing was fired in it, so that it has no T0.
    pub(crate) fn ghost(name: &str) -> Result<Session, Refusal> {
        let evidence = Self::find(Some(name))?.evidence().map_err(Refusal::usage)?;
        if evidence.session.t0().is_none() {
            return Err(Refusal::usage(format!(
                "nothing was fired in {name}: it cannot be aligned with another session"
            )));
        }
        for problem in &evidence.problems {
            printing::err(format!("{name}: {problem}"));
        }
        Ok(evidence.session)
    }

    /// The session in a few words: its id, or the name of its file.
    pub(crate) fn name(&self) -> String {
        match &self.kept {
            Some(kept) => kept.id(),
            None => self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned(),
        }
    }
}

fn in_folder(folder: &SessionsFolder, name: &str) -> Result<RecordedSession, Refusal> {
    let mut recorded = folder.list();
    recorded.retain(|kept| kept.recording().exists());
    if let Some(back) = steps_back(name) {
        recorded.retain(|kept| !kept.is_running());
        let place = recorded.len().checked_sub(back + 1);
        return place.and_then(|place| recorded.into_iter().nth(place)).map(RecordedSession::of).ok_or_else(|| {
            Refusal::usage(format!(
                "there is no session {name:?} on record; `chaos-tui replay --list` lists them, `--record FILE` records one"
            ))
        });
    }
    recorded.retain(|kept| !name.is_empty() && kept.id().starts_with(name));
    match recorded.len() {
        1 => Ok(RecordedSession::of(recorded.remove(0))),
        0 => Err(Refusal::usage(format!(
            "there is no file and no session {name:?}; `chaos-tui replay --list` lists the sessions on record"
        ))),
        _ => {
            let ids: Vec<String> = recorded.iter().map(KeptSession::id).collect();
            Err(Refusal::usage(format!("several sessions begin with {name:?}: {}", ids.join(", "))))
        }
    }
}

/// How many sessions before the last one a name means; `None` if it is not of this form.
fn steps_back(name: &str) -> Option<usize> {
    match name.strip_prefix("last")? {
        "" => Some(0),
        "~" => Some(1),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_session_is_found_by_its_id_its_beginning_or_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let ids = ["20261101-101500-a1b2", "20261101-111500-c3d4", "20261102-080000-e5f6"];
        for id in ids {
            fs::create_dir(folder.path().join(id)).unwrap();
            fs::write(folder.path().join(id).join("lock"), "").unwrap();
            fs::write(folder.path().join(id).join("session.ctui"), "").unwrap();
        }
        fs::create_dir(folder.path().join("20261103-without-recording")).unwrap();
        let sessions = SessionsFolder::at(folder.path());
        let found = |name: &str| in_folder(&sessions, name).map(|found| found.name());
        let id = |place: usize| Ok(ids[place].to_owned());
        assert_eq!((found("last"), found("last~"), found("last~2")), (id(2), id(1), id(0)));
        assert_eq!((found("20261102"), found(ids[0])), (id(2), id(0)));
        for (name, why) in
            [("last~3", "no session \"last~3\""), ("2027", "no file and no session"), ("20261101", "several")]
        {
            assert!(found(name).unwrap_err().message.contains(why), "{name}");
        }
        for name in ["latest", "last~x", ""] {
            assert_eq!(found(name).unwrap_err().code, 2, "{name}");
        }
    }

    #[test]
    fn a_file_and_a_folder_of_a_record_are_names_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.ctui");
        fs::write(&file, "").unwrap();
        let found = RecordedSession::find(file.to_str()).unwrap();
        assert_eq!((found.name().as_str(), &found.path, found.kept), ("s.ctui", &file, None));
        let found = RecordedSession::find(folder.path().to_str()).unwrap();
        assert_eq!(found.path, folder.path().join("session.ctui"));
    }
}
