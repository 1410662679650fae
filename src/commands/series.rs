//! Several runs of one experiment, and their comparison with a baseline.

use super::{
    GlobalArgs,
    fail_on::CODE,
    live::{BUG, numbered},
    prepare::Refusal,
    run::{Arguments, say},
};
use crate::{
    report::{ReportFormat, Runs, RunsFile, Spread, Summary, regressions},
    session::{console::Layout, event::Level, whole_file::replace_file},
};
use std::path::PathBuf;

/// The runs of one command.
pub(super) struct Series {
    times: u32,
    /// Runs that were begun.
    begun: u32,
    baseline: Option<Runs>,
    /// The figures of the runs so far.
    figures: Vec<Summary>,
    /// Files that hold all runs.
    files: Vec<PathBuf>,
    /// The first exit code that is no success.
    code: u8,
    /// Why no further run is played.
    hindrance: Option<String>,
    /// How the lines of the last run were printed.
    layout: Option<Layout>,
}

impl Series {
    /// Reads the baseline, and finds the files that hold all runs.
    ///
    /// # Errors
    /// If the baseline cannot be read: nothing has been played yet.
    pub(super) fn begin(global: &GlobalArgs, arguments: &Arguments) -> Result<Self, Refusal> {
        let folder = global.change_dir.as_deref().map(std::path::absolute).transpose();
        let folder = folder.map_err(Refusal::usage)?.unwrap_or_default();
        let baseline = arguments.baseline.as_ref().map(|path| Runs::read(&folder.join(path))).transpose();
        let several = arguments.repeat > 1;
        let json = arguments.report.iter().filter(|path| several && is_json(path));
        let files: Vec<PathBuf> = json.map(|path| folder.join(path)).collect();
        Ok(Self {
            times: arguments.repeat,
            begun: 0,
            baseline: baseline.map_err(Refusal::usage)?,
            figures: Vec::new(),
            files,
            code: 0,
            hindrance: None,
            layout: None,
        })
    }

    /// Whether the figures of each run are needed.
    pub(super) fn needs_figures(&self) -> bool {
        self.times > 1 || self.baseline.is_some()
    }

    /// The arguments of the next run: its files are numbered from the second run on. `None` when all were played.
    pub(super) fn next(
        &mut self,
        global: &GlobalArgs,
        arguments: &Arguments,
    ) -> Option<(GlobalArgs, Arguments)> {
        if self.begun == self.times || self.hindrance.is_some() {
            return None;
        }
        self.begun += 1;
        let (mut global, mut own) = (global.clone(), arguments.clone());
        if self.times > 1 {
            own.report.retain(|path| !is_json(path));
        }
        if self.begun > 1 {
            // The folder was changed by the first run.
            global.change_dir = None;
            let run = &mut own.run_args;
            run.journal_path = numbered(&run.journal_path, self.begun);
            own.report.iter_mut().for_each(|path| *path = numbered(path, self.begun));
        }
        Some((global, own))
    }

    /// Takes what came of a run.
    pub(super) fn played(
        &mut self,
        code: u8,
        figures: Option<Summary>,
        hindrance: Option<String>,
        layout: Layout,
    ) {
        self.figures.extend(figures);
        if self.code == 0 {
            self.code = code;
        }
        (self.hindrance, self.layout) = (hindrance, Some(layout));
    }

    /// Tells how far the runs are apart and what is worse than in the baseline. Returns the exit code.
    pub(super) fn end(self) -> u8 {
        let Some(layout) = &self.layout else { return self.code };
        if let Some(why) = self.hindrance.as_ref().filter(|_| self.begun < self.times) {
            let (begun, times) = (self.begun, self.times);
            say(layout, Level::Error, &format!("Only {begun} of {times} runs were played: {why}"));
        }
        let runs = Runs { name: "this run".to_owned(), runs: self.figures };
        if self.times > 1 && !runs.runs.is_empty() {
            for line in Spread::of(&runs).to_string().lines() {
                say(layout, Level::Info, line);
            }
        }
        for file in self.files.iter().filter(|_| !runs.runs.is_empty()) {
            let written = replace_file(file, &RunsFile::text(&runs.runs));
            let path = file.display();
            let (level, line) = match written {
                Ok(()) => (Level::Info, format!("Report of {} runs written to {path}", runs.runs.len())),
                Err(error) => (Level::Error, format!("cannot write the report to {path}: {error}")),
            };
            say(layout, level, &line);
        }
        match &self.baseline {
            Some(baseline) if self.code != BUG => judged(layout, baseline, &runs, self.code),
            _ => self.code,
        }
    }
}

/// Compares the runs with the baseline. Returns the exit code.
fn judged(layout: &Layout, baseline: &Runs, runs: &Runs, code: u8) -> u8 {
    if runs.runs.is_empty() {
        say(layout, Level::Error, "Nothing can be compared with the baseline: no run has started");
        return if code == 0 { CODE } else { code };
    }
    let worse = match regressions(baseline, runs) {
        Err(apart) => {
            let apart = apart.join("; ");
            let line = format!(
                "Exit code {CODE}: this run cannot be compared with the baseline {}: {apart}",
                baseline.name
            );
            say(layout, Level::Error, &line);
            return CODE;
        }
        Ok(worse) => worse,
    };
    for regression in &worse {
        say(
            layout,
            Level::Error,
            &format!("Exit code {CODE}, worse than the baseline {}: {}", baseline.name, regression.0),
        );
    }
    if !worse.is_empty() {
        return CODE;
    }
    say(layout, Level::Info, &format!("Not worse than the baseline {}, beyond noise", baseline.name));
    code
}

fn is_json(path: &std::path::Path) -> bool {
    ReportFormat::of(path) == Ok(ReportFormat::Json)
}
