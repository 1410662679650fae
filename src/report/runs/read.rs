//! Files of runs: a summary, or several in one.

use super::Runs;
use crate::report::summary::{self, Summary};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// The largest file that is read, in bytes.
const MOST: u64 = 256 * 1024 * 1024;

/// Several runs in one file, as `run --repeat --report runs.json` writes them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunsFile {
    pub format: u32,
    pub runs: Vec<Summary>,
}

/// Why a file holds no runs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableRuns {
    #[error(
        "{path} cannot be read: {source}; pass the .json that `chaos-tui report` or `run --report` wrote"
    )]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} is no summary of a run: {why}; pass the .json that `chaos-tui report` or `run --report` wrote"
    )]
    NoSummary { path: PathBuf, why: String },
    #[error("{path} was written by a newer version in format {format}; this version reads formats up to {newest}: update chaos-tui", newest = summary::FORMAT)]
    Newer { path: PathBuf, format: u32 },
}

impl RunsFile {
    /// Renders runs as one file.
    pub(crate) fn text(runs: &[Summary]) -> String {
        let runs: Vec<String> = runs.iter().map(|run| run.to_json().trim_end().to_owned()).collect();
        format!("{{\"format\": {}, \"runs\": [\n{}\n]}}\n", summary::FORMAT, runs.join(",\n"))
    }
}

impl Runs {
    /// Reads a file with one run or several.
    ///
    /// # Errors
    /// If it cannot be read, is no summary, or is of a newer version.
    pub(crate) fn read(path: &Path) -> Result<Self, UnreadableRuns> {
        let io = |source| UnreadableRuns::Io { path: path.to_owned(), source };
        let mut text = Vec::new();
        File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut text)).map_err(io)?;
        let no_summary = |why: String| UnreadableRuns::NoSummary { path: path.to_owned(), why };
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| no_summary(error.to_string()))?;
        let format = value.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let format = u32::try_from(format).unwrap_or(u32::MAX);
        if format > summary::FORMAT {
            return Err(UnreadableRuns::Newer { path: path.to_owned(), format });
        }
        let several = value.get("runs").is_some();
        let runs = if several {
            serde_json::from_value::<RunsFile>(value).map(|file| file.runs)
        } else {
            serde_json::from_value::<Summary>(value).map(|run| vec![run])
        };
        let runs = runs.map_err(|error| no_summary(error.to_string()))?;
        if runs.is_empty() {
            return Err(no_summary("it holds no run".to_owned()));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, runs })
    }
}
