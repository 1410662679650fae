//! The reports that a key of the screen writes: into the folder of the process, over nothing.

use crate::{
    commands::recorded::RecordedSession,
    engine::BusHandle,
    report::{Evidence, ReportFormat},
    session::{Session, event::RecordState, record::KeptSession, whole_file::create_file},
    tui::Export,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{sync::watch, task::spawn_blocking};

/// The files, without the number that they get where there are some already.
const FILES: [(&str, ReportFormat); 3] =
    [("html", ReportFormat::Html), ("md", ReportFormat::Md), ("json", ReportFormat::Json)];
/// How many sets of reports a folder may hold.
const MOST: u32 = 10_000;

/// Writes the reports of a recorded session, as a whole.
pub(in crate::commands) fn of_recorded(recorded: RecordedSession) -> Export {
    let (recorded, folder) = (Arc::new(recorded), folder());
    Box::new(move || {
        let (recorded, folder) = (recorded.clone(), folder.clone());
        Box::pin(async move {
            let written = on_a_thread(move || write(&recorded.evidence()?, &folder)).await;
            // What is on the screen is a moment of it.
            written.map_or_else(|why| why, |files| format!("{files}: the whole session"))
        })
    })
}

/// Writes the reports of a session that has been played in this process. `recording` is the file of `--record`.
pub(in crate::commands) fn of_live(
    session: watch::Receiver<Session>,
    bus: BusHandle,
    recording: Option<PathBuf>,
) -> Export {
    let folder = folder();
    let recording = recording.map(|path| std::path::absolute(&path).unwrap_or(path));
    Box::new(move || {
        let record = session.borrow().meta.record.clone();
        let (bus, recording, folder) = (bus.clone(), recording.clone(), folder.clone());
        Box::pin(async move {
            let recorded = match kept(record, recording) {
                Ok(recorded) => recorded,
                Err(why) => return why,
            };
            let whole = bus.sync_recording(recorded.kept.is_some()).await;
            let written = on_a_thread(move || {
                let mut evidence = recorded.evidence()?;
                if !whole {
                    evidence.problems.push(
                        "the end of the recording cannot be written: the last events may be missing"
                            .to_owned(),
                    );
                }
                write(&evidence, &folder)
            });
            match written.await {
                Ok(files) if whole => files,
                Ok(files) => format!("{files}: INCOMPLETE, the recording cannot be written to its end"),
                Err(why) => why,
            }
        })
    })
}

/// The recording to report of: the session's record, else the file that the operator named.
fn kept(record: Option<RecordState>, recording: Option<PathBuf>) -> Result<RecordedSession, String> {
    let why = match (record, recording) {
        (Some(RecordState::Kept { path, .. }), _) if Path::new(&path).parent().is_some() => {
            let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
            return Ok(RecordedSession::of(KeptSession::at(folder)));
        }
        (_, Some(path)) => return Ok(RecordedSession { path, kept: None }),
        (Some(RecordState::Failed { why }), None) => format!("its record cannot be written: {why}"),
        _ => "--no-record".to_owned(),
    };
    Err(format!("no report: this session is not recorded ({why}); `--record FILE` records the next one"))
}

/// The folder of the process, which a function of the run may change.
fn folder() -> PathBuf {
    std::path::absolute(".").unwrap_or_else(|_| PathBuf::from("."))
}

/// Reads and writes where no key waits for it.
async fn on_a_thread(
    work: impl FnOnce() -> Result<String, String> + Send + 'static,
) -> Result<String, String> {
    spawn_blocking(work).await.unwrap_or_else(|_| Err("no report was written: a bug in chaos-tui".to_owned()))
}

/// Writes the reports under the first number of which there is no file, and says how they are called.
fn write(evidence: &Evidence, folder: &Path) -> Result<String, String> {
    let names = unused(folder);
    for ((_, format), name) in FILES.iter().zip(&names) {
        // Rendered one at a time: the page of a long session is large.
        create_file(&folder.join(name), &format.render(evidence)).map_err(|error| failure(name, &error))?;
    }
    Ok(format!("wrote ./{}", names.join(", ")))
}

fn failure(name: &str, error: &io::Error) -> String {
    format!("cannot write ./{name}: {error}; `chaos-tui report -o FILE` writes it elsewhere")
}

fn unused(folder: &Path) -> [String; 3] {
    let named = |number: u32| {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        FILES.map(|(extension, _)| format!("report{number}.{extension}"))
    };
    // A link that leads nowhere is a file, too.
    let free = |names: &[String; 3]| names.iter().all(|name| folder.join(name).symlink_metadata().is_err());
    (1..MOST).map(named).find(free).unwrap_or_else(|| named(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_set_of_reports_has_one_number_that_no_file_has() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(unused(folder.path()), ["report.html", "report.md", "report.json"]);
        fs::write(folder.path().join("report.md"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("report-2.json")).unwrap();
        assert_eq!(unused(folder.path()), ["report-3.html", "report-3.md", "report-3.json"]);
    }

    #[test]
    fn the_record_is_reported_of_else_the_file_of_the_operator_else_it_is_said() {
        let record = |path: &str| {
            Some(RecordState::Kept { id: "a1".to_owned(), path: path.to_owned(), kit_file: true })
        };
        let file = || Some(PathBuf::from("/tmp/s.ctui"));
        let found = kept(record("/state/a1/session.ctui"), file()).unwrap();
        assert_eq!(found.path, Path::new("/state/a1/session.ctui"));
        assert_eq!(found.name(), "a1");
        assert_eq!(kept(Some(RecordState::Off), file()).unwrap().path, Path::new("/tmp/s.ctui"));
        let why = kept(Some(RecordState::Off), None).unwrap_err();
        assert!(why.contains("(--no-record)") && why.contains("--record FILE"), "{why}");
        let failed = RecordState::Failed { why: "set HOME".to_owned() };
        assert!(kept(Some(failed), None).unwrap_err().contains("set HOME"));
    }
}
