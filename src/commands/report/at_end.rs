//! The reports that a run writes when it has ended.
//!
//! They are made of a recording in a private temporary file: a run keeps no events otherwise, and its memory must not
//! grow with its length. Without a report nothing is recorded here.

use super::{Output, Refusal, step_summary_file, write_all, write_step_summary};
use crate::{
    printing,
    report::{Evidence, Summary},
    session::{
        event::Level,
        record::RecordHeader,
        recording::{Header, Recorder, RecordingThread},
    },
};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What a run writes when it has ended.
pub(crate) struct ReportsAtEnd {
    outputs: Vec<Output>,
    summary: Option<PathBuf>,
    /// Whether the figures of the run are wanted as well.
    figures: bool,
    recording: NamedTempFile,
}

impl ReportsAtEnd {
    /// Prepares the reports to these files, and to the summary of a GitHub job; `None` if none is wanted. Returns the
    /// recorder as well. Paths are relative to the folder that the run changes to, as that of the journal is.
    ///
    /// # Errors
    /// If the format of one is not known, its folder does not exist, or there is no room for a recording: nothing has
    /// been played yet.
    pub(crate) fn prepare(
        paths: &[PathBuf],
        figures: bool,
        folder: Option<&Path>,
    ) -> Result<Option<(Self, RecordingThread)>, Refusal> {
        // A function of the run may change the folder of the process.
        let in_folder = |path: &PathBuf| match std::path::absolute(folder.unwrap_or(Path::new("."))) {
            Ok(folder) if path.as_os_str() != "-" => folder.join(path),
            _ => path.clone(),
        };
        let outputs = Output::all(&paths.iter().map(in_folder).collect::<Vec<_>>(), None)?;
        if let Some(output) = outputs.iter().find(|output| output.is_stdout()) {
            return Err(Refusal::usage(format!(
                "a run writes its reports to files, and {} is standard output; name a file, or use `chaos-tui report` after the run",
                output.path.display()
            )));
        }
        let summary = step_summary_file();
        if outputs.is_empty() && summary.is_none() && !figures {
            return Ok(None);
        }
        let made = || -> Result<(NamedTempFile, RecordingThread), String> {
            let builder = tempfile::Builder::new().prefix("chaos-tui-").suffix(".ctui").tempfile();
            let file = builder.map_err(|error| error.to_string())?;
            let recorder =
                Recorder::create(file.path(), &Header::new(b"")).map_err(|error| error.to_string())?;
            Ok((file, recorder.spawn_thread().map_err(|error| error.to_string())?))
        };
        match made() {
            Ok((recording, thread)) => Ok(Some((Self { outputs, summary, figures, recording }, thread))),
            // A summary that nobody asked for must not prevent a run.
            Err(why) if outputs.is_empty() && !figures => {
                printing::err(format!("warning: no summary of this run will be written: {why}"));
                Ok(None)
            }
            Err(why) => Err(Refusal::invalid(format!(
                "cannot record the run for its report: {why}; nothing was played. Set TMPDIR to a folder with room"
            ))),
        }
    }

    /// Writes the reports, and returns what became of them, for the console, and the figures of the run if they are wanted. One that cannot be written is an error line;
    /// the exit code stays that of the run.
    pub(crate) fn write(
        self,
        source: &str,
        record: Option<RecordHeader>,
    ) -> (Vec<(Level, String)>, Option<Summary>) {
        let mut evidence = match Evidence::of_file(self.recording.path(), source.to_owned()) {
            Ok(evidence) if evidence.session.run.started.is_some() => evidence,
            // Why it did not is said already; of a summary nobody has asked.
            _ if self.outputs.is_empty() => return (Vec::new(), None),
            Ok(_) => {
                let line = "No report was written: the run did not start".to_owned();
                return (vec![(Level::Warning, line)], None);
            }
            Err(error) => return (vec![(Level::Error, format!("No report was written: {error}"))], None),
        };
        evidence.record = record;
        let mut lines: Vec<(Level, String)> = write_all(&evidence, self.outputs.iter())
            .into_iter()
            .map(|(output, written)| match written {
                Ok(()) => (Level::Info, format!("Report written to {}", output.path.display())),
                Err(why) => (Level::Error, why),
            })
            .collect();
        if let Some(file) = &self.summary
            && let Err(why) = write_step_summary(&evidence, file)
        {
            lines.push((Level::Warning, why));
        }
        let figures = self.figures.then(|| Summary::of_evidence(&evidence));
        (lines, figures)
    }
}
