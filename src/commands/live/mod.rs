//! `chaos-tui experiment.json`: the live session.
//!
//! Wires experiment, runner and observers to the screen. Everything ends through the runner's rollbacks: a key, a signal,
//! a closed terminal and a panic of the screen alike.

mod arguments;
mod opening;
mod screen;
mod session;
mod summary;

use super::{GlobalArgs, prepare::Refusal};
pub(super) use crate::tui::Sequence;
use crate::tui::terminal;
pub(crate) use arguments::{Arguments, ScreenArgs};
use color_eyre::eyre::{Result, WrapErr};
pub(super) use session::{Guide, SessionOptions, SessionOutcome};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Exit code of a bug of ours.
pub(crate) const BUG: u8 = 70;
/// How long a terminal that takes no output is waited for with what was to be said last.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);
/// Exit code when the operator did not wait for the rollbacks.
pub(crate) const INTERRUPTED: u8 = 130;

/// Runs the live session. Where there can be no screen nobody can see what a fire would hit, so nothing is done: whoever
/// wants the experiment played without one says so.
///
/// # Errors
/// When there can be no screen, or no runtime.
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
        session = once_more(arguments, number);
        // A run without a fire cannot be lined up with another.
        let kept = outcome.session.filter(|session| session.t0().is_some()).or(before);
        options = SessionOptions { earlier: kept, presenter: outcome.presenter, ..SessionOptions::default() };
    }
}

/// The same session, with files of its own.
fn once_more(first: &Arguments, number: u32) -> Arguments {
    let mut session = first.clone();
    let journal = &mut session.playing.journal_path;
    *journal = numbered(journal, number);
    session.looks.record = session.looks.record.map(|path| numbered(&path, number));
    session
}

/// `journal.json` as `journal-2.json`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Holds a session at the screen; tells how it ended.
pub(super) fn run_session(
    global: &GlobalArgs,
    arguments: &Arguments,
    options: SessionOptions,
) -> Result<SessionOutcome> {
    on_runtime(|| session::run(global, arguments, options))
}

/// Runs something on a runtime of its own, the screen's size.
///
/// # Errors
/// When the system gives no threads.
pub(super) fn on_runtime<Work: Future>(work: impl FnOnce() -> Work) -> Result<Work::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.wrap_err("cannot start the threads of a session")?;
    let output = runtime.block_on(work());
    // What has not ended by now is dropped.
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
}
