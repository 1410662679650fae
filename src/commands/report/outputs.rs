//! Where reports are written.

use super::Refusal;
use crate::{
    report::{Evidence, ReportFormat},
    session::whole_file::replace_file,
};
use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

/// GitHub's name for the file of a job's summary.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// The file; `-` is standard output.
    pub path: PathBuf,
    pub format: ReportFormat,
}

impl Output {
    pub(crate) fn stdout(format: ReportFormat) -> Self {
        Self { path: PathBuf::from("-"), format }
    }

    pub(crate) fn is_stdout(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    /// The outputs of a command line; `format` is that of standard output, and of files whose name tells none.
    ///
    /// # Errors
    /// If the format of one is not known, or its folder does not exist.
    pub(crate) fn all(paths: &[PathBuf], format: Option<ReportFormat>) -> Result<Vec<Self>, Refusal> {
        paths.iter().map(|path| Self::of(path, format)).collect()
    }

    fn of(path: &Path, format: Option<ReportFormat>) -> Result<Self, Refusal> {
        if path.as_os_str() == "-" {
            return Ok(Self::stdout(format.unwrap_or(ReportFormat::Md)));
        }
        let named = ReportFormat::of(path);
        let format = named.or_else(|unknown| format.ok_or(unknown)).map_err(Refusal::usage)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let why = match folder {
            Some(folder) if !folder.is_dir() => format!("there is no folder {}", folder.display()),
            _ if path.is_dir() => "this is a folder".to_owned(),
            _ => return Ok(Self { path: path.to_owned(), format }),
        };
        Err(Refusal::invalid(format!(
            "cannot write the report to {}: {why}; choose another place",
            path.display()
        )))
    }
}

/// Writes each report, and returns what became of it.
pub(crate) fn write_all<'a>(
    evidence: &Evidence,
    outputs: impl Iterator<Item = &'a Output>,
) -> Vec<(&'a Output, Result<(), String>)> {
    outputs
        .map(|output| {
            let written = replace_file(&output.path, &output.format.render(evidence));
            let path = output.path.display();
            (
                output,
                written.map_err(|error| {
                    format!("cannot write the report to {path}: {error}; choose another place")
                }),
            )
        })
        .collect()
}

/// The file of the job's summary, if this runs in a job of GitHub Actions.
pub(crate) fn step_summary_file() -> Option<PathBuf> {
    std::env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Appends the Markdown to the job's summary.
///
/// # Errors
/// If it cannot be written, which is no more than a warning.
pub(crate) fn write_step_summary(evidence: &Evidence, file: &Path) -> Result<(), String> {
    let text = ReportFormat::Md.render(evidence);
    let opened = OpenOptions::new().append(true).create(true).open(file);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("cannot append to {STEP_SUMMARY} ({}): {error}", file.display()))
}
