//! `chaos-tui experiment.json`: the live session.
//!
//! Wires experiment, runner and observers to the screen. Everything ends through the runner's rollbacks: a key, a signal,
//! a closed terminal and a panic of the screen alike.

mod assembly;
mod desk;
mod doubt;
mod endpoints;
mod guard;
mod kit;
mod lookout;
mod observers;
mod played;
mod preflight;
mod pump;
mod ready;
mod safety;
mod stage;
mod summary;
mod target;
mod undoing;

pub(super) use crate::tui::Course;
pub(super) use assembly::Assembly;
pub(super) use desk::{Guide, Setting, Sitting};
pub(super) use lookout::{Audience, Lookout};

use super::{Global, Playing, config};
use crate::{observe::breaker::NamedSource, tui::terminal};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Exit code of a bug of ours.
pub const BUG: u8 = 70;
/// Exit code when the operator did not wait for the rollbacks.
pub const INTERRUPTED: u8 = 130;

/// What the command line says.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Path or URL of the experiment: opens the live session
    #[arg(value_name = "EXPERIMENT", default_value = "", hide_default_value = true)]
    pub source: String,
    /// How to play it.
    #[command(flatten)]
    pub playing: Playing,
    /// What to watch.
    #[command(flatten)]
    pub watching: Watching,
    /// How it looks.
    #[command(flatten)]
    pub looks: Looks,
    /// Panic shortly after the start, to test that everything is restored
    #[arg(long, hide = true, value_enum)]
    pub panic_for_test: Option<PanicIn>,
}

/// What is watched, and what may be done.
#[derive(Clone, Debug, clap::Args)]
pub struct Watching {
    /// Probe this URL as users would, or this path of the service that the experiment asks (several: once each)
    /// [default: the experiment's own HTTP probe]
    #[arg(long, value_name = "URL")]
    pub watch: Vec<String>,
    /// Send this header to each watched URL, over those of the experiment (several: once each); ${name} takes it from the
    /// experiment's configuration or secrets
    #[arg(long, value_name = "NAME:VALUE", hide_default_value = true)]
    pub watch_header: Vec<String>,
    /// Accept every certificate of the watched URLs
    #[arg(long)]
    pub watch_insecure: bool,
    /// Requests a second to each watched URL [default: 4]
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// What users accept to wait, in seconds [default: 1]
    #[arg(long, value_name = "SECONDS")]
    pub limit: Option<f64>,
    /// Seconds since the kill in which a user may be let down [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub budget: Option<u32>,
    /// Ask nobody as users do: only the service's own pages are read, and what users get is not known
    #[arg(long)]
    pub passive: bool,
    /// Read the breaker's state here too: a URL, a path, or a port of the consumer's pods with a path, such as
    /// 8081/actuator/circuitbreakers (several: once each) [default: the usual places only]
    #[arg(long, value_name = "URL|PATH|PORT/PATH", value_parser = NamedSource::parse)]
    pub breaker_source: Vec<NamedSource>,
    /// Look only: nothing can be stepped or fired
    #[arg(long)]
    pub read_only: bool,
    /// A context in which a fire needs no typed name, besides sandbox, minikube, kind and the like
    #[arg(long, value_name = "NAME")]
    pub allow_context: Vec<String>,
}

/// How the screen looks.
#[derive(Clone, Debug, clap::Args)]
pub struct Looks {
    /// dark, light, colour-blind or mono [default: dark]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Whether to use colours; NO_COLOR means never [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    pub color: Option<String>,
    /// Nothing beyond ASCII
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub ascii: Option<bool>,
    /// Click to focus and choose, wheel to scroll; selecting text then needs SHIFT
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub mouse: Option<bool>,
    /// Read this config file [default: $XDG_CONFIG_HOME/chaos-tui/config.yaml; `chaos-tui config` explains it]
    #[arg(long, value_name = "PATH", env = config::VARIABLE, hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Lay an earlier session behind this one, lined up at the kill: a file kept with --record
    #[arg(long, value_name = "PATH")]
    pub ghost: Option<PathBuf>,
    /// Keep the session in this file
    #[arg(long, value_name = "PATH")]
    pub record: Option<PathBuf>,
}

/// Where to panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PanicIn {
    /// In the loop that draws.
    Screen,
    /// In a background task.
    Task,
}

/// Runs the live session. Where there can be no screen nobody can see what a fire would hit, so nothing is done: whoever
/// wants the experiment played without one says so.
pub fn run(global: &Global, arguments: &Arguments) -> ExitCode {
    if let Err(why) = terminal::possible() {
        let source = &arguments.source;
        eprintln!("{why}, so there is no live session and nothing was done");
        eprintln!("`chaos-tui run {source}` plays the experiment without a screen, as `chaos run` does");
        return ExitCode::from(2);
    }
    let (mut session, mut setting) = (arguments.clone(), Setting::default());
    let mut number = 1;
    loop {
        let before = setting.earlier.clone();
        let sitting = sit(global, &session, setting);
        if !sitting.again {
            return sitting.code;
        }
        number += 1;
        session = once_more(arguments, number);
        // A run without a fire cannot be lined up with another.
        let kept = sitting.session.filter(|session| session.t0().is_some()).or(before);
        setting = Setting { earlier: kept, ..Setting::default() };
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

/// Sits down at the screen; tells how the session ended.
pub(super) fn sit(global: &Global, arguments: &Arguments, setting: Setting) -> Sitting {
    on_runtime(|| desk::sit(global, arguments, setting)).unwrap_or(Sitting::refused(ExitCode::FAILURE))
}

/// Runs something on a runtime of its own, the screen's size.
pub(super) fn on_runtime<Work: Future>(work: impl FnOnce() -> Work) -> Option<Work::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => {
            let output = runtime.block_on(work());
            // Whatever still runs by now has had its time.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            Some(output)
        }
        Err(error) => {
            eprintln!("chaos-tui cannot run: {error}");
            None
        }
    }
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
