//! `chaos-tui experiment.json`: the live session.
//!
//! Connects experiment, runner and observers to the screen. However the session ends (key, signal, closed terminal,
//! panic of the screen), the runner executes the rollbacks.

mod arguments;
mod opening;
mod screen;
mod session;
mod summary;

use super::{GlobalArgs, limits::ResourceNeeds, prepare::Refusal};
pub(super) use crate::tui::Sequence;
use crate::tui::terminal;
pub(crate) use arguments::{Arguments, LookArgs, ScreenArgs};
use color_eyre::eyre::{Result, WrapErr};
pub(super) use screen::{ScreenExit, watch};
pub(super) use session::{Guide, SessionOptions, SessionOutcome, appearance};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Exit code of a bug in chaos-tui.
pub(crate) const BUG: u8 = 70;
/// How long to wait for a terminal that accepts no output when the last lines are printed.
const OUTPUT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);
/// Exit code if the operator did not wait for the rollbacks.
pub(crate) const INTERRUPTED: u8 = 130;

/// Runs the live session. Without a terminal nothing is done, because the operator could not see the targets of a fire;
/// `chaos-tui run` runs the experiment without a screen.
///
/// # Errors
/// If there is no terminal or the runtime cannot be created.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    if let Err(why) = terminal::check_available() {
        let source = &arguments.source;
        return Err(Refusal::usage(format!(
            "{why}, so there is no live session and nothing was done; `chaos-tui run {source}` runs the experiment \
             without a screen, as `chaos run` does"
        ))
        .into());
    }
    let (mut session, mut options) = (arguments.clone(), SessionOptions::default());
    let mut number = 1;
    loop {
        let before = options.earlier.clone();
        let outcome = run_session(global, &session, options)?;
        if !outcome.again {
            return Ok(outcome.code);
        }
        number += 1;
        session = rerun_arguments(arguments, number);
        // A run without a fire has no T0, so it cannot be aligned with another.
        let kept = outcome.session.filter(|session| session.t0().is_some()).or(before);
        options = SessionOptions { earlier: kept, presenter: outcome.presenter, ..SessionOptions::default() };
    }
}

/// Returns the arguments of another run, with a numbered journal; the recording gets its number by itself.
fn rerun_arguments(first: &Arguments, number: u32) -> Arguments {
    let mut session = first.clone();
    let journal = &mut session.run_args.journal_path;
    *journal = numbered(journal, number);
    session
}

/// Returns the first of the numbered files that no earlier session has written: neither its recording nor the undo kit beside
/// it is overwritten.
fn unused(path: &Path) -> PathBuf {
    let written = |path: &Path| path.metadata().is_ok_and(|file| file.is_file() && file.len() > 0);
    let free = |path: &PathBuf| !written(path) && !written(&path.with_extension("undo.json"));
    let mut files = std::iter::once(path.to_owned()).chain((2..).map(|number| numbered(path, number)));
    files.find(free).unwrap_or_else(|| path.to_owned())
}

/// Inserts a number into the file name: `journal.json` becomes `journal-2.json`.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Runs a session on the screen and returns how it ended.
pub(super) fn run_session(
    global: &GlobalArgs,
    arguments: &Arguments,
    options: SessionOptions,
) -> Result<SessionOutcome> {
    on_runtime(|| session::run(global, arguments, options))
}

/// Runs a future on a new runtime with two worker threads.
///
/// # Errors
/// If the limits of the process are too low for it, or the threads cannot be created.
pub(super) fn on_runtime<Work: Future>(work: impl FnOnce() -> Work) -> Result<Work::Output> {
    ResourceNeeds::LIVE.check()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.wrap_err("cannot start the threads of a session")?;
    let output = runtime.block_on(work());
    // Tasks that have not ended by then are dropped.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_run_has_files_of_its_own() {
        for (path, second) in [
            ("journal.json", "journal-2.json"),
            ("/a/b.c/session.ctui", "/a/b.c/session-2.ctui"),
            ("./journal", "./journal-2"),
            (".hidden", ".hidden-2"),
        ] {
            assert_eq!(numbered(Path::new(path), 2), Path::new(second));
        }
    }

    #[test]
    fn a_recording_and_the_undo_kit_of_another_session_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(unused(&at("s.ctui")), at("s.ctui"));
        std::fs::write(at("s.ctui"), "").unwrap();
        assert_eq!(unused(&at("s.ctui")), at("s.ctui"), "an empty file was made for this");
        std::fs::write(at("s.ctui"), "{}").unwrap();
        std::fs::write(at("s-2.undo.json"), "{}").unwrap();
        assert_eq!(unused(&at("s.ctui")), at("s-3.ctui"));
        assert_eq!(unused(Path::new("/dev/full")), Path::new("/dev/full"));
    }
}
