//! `chaos-tui run`: runs an experiment without a screen, as `chaos run` does.

use super::{
    GlobalArgs, LogFormat, RunArgs,
    fail_on::{self, FailOn},
    limits::ResourceNeeds,
    live::BUG,
    output::stderr_has_colours,
    prepare::{ChildProcesses, PrepareContext, Refusal, prepare},
    record, recover,
    report::ReportsAtEnd,
    series::Series,
};
use crate::{
    engine::{
        Console, ConsoleSettings, DeadMan, PreparedRun, PrintTarget, SessionHost, SessionMode, SessionReport,
        SessionSettings, Signals, WatchSettings, die_of, orders,
    },
    printing,
    report::Summary,
    runner::{Compat, Consent, Pacing, Signal},
    session::{
        Session,
        clock::local_zone,
        console::{ConsoleLine, Layout},
        event::{Guards, Level, Timestamp},
        recording::RecordingThread,
        state::Safety,
    },
};
use color_eyre::eyre::{Result, WrapErr};
use std::{io, path::PathBuf, process::ExitCode, time::Duration};
use tokio::sync::mpsc;

/// How long to wait for a slow console if the run was interrupted.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Arguments of `run`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Path or URL of the experiment
    pub source: String,
    /// Options of the run.
    #[command(flatten)]
    pub run_args: RunArgs,
    /// Exit with 3 if one of these conditions applies (comma-separated); watches users and cluster
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Write a report to this file when the run has ended: .html, .md, .json, .xml (JUnit) or .csv; repeatable; watches
    /// users and cluster
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// Play the experiment so many times and tell how far the runs are apart; journals and reports are numbered, a JSON report
    /// holds all runs
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Exit with 3 if users got less than in this JSON report, beyond noise; watches users and cluster
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

impl Arguments {
    /// Whether users and cluster are watched, and the recovery is awaited.
    fn watches(&self) -> bool {
        !self.fail_on.is_empty() || !self.report.is_empty() || self.repeat > 1 || self.baseline.is_some()
    }
}

/// Runs the experiment and returns the exit code of `chaos run` (experiment-format 12.2).
///
/// # Errors
/// If the limits of the process are too low, or the runtime, the console or the log file cannot be opened.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    ResourceNeeds::RUN.check()?;
    let mut series = Series::begin(global, arguments)?;
    while let Some((global, arguments)) = series.next(global, arguments) {
        let reports =
            ReportsAtEnd::prepare(&arguments.report, series.needs_figures(), global.change_dir.as_deref())?;
        // One thread is enough for a headless run and is the fastest to start.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let outcome = runtime.and_then(|runtime| {
            let outcome = runtime.block_on(headless(&global, &arguments, reports));
            // Does not wait for blocking calls, such as a DNS lookup or a read from a pipe without a writer.
            runtime.shutdown_background();
            outcome
        });
        let Played { exit, figures, hindrance, layout } = outcome.wrap_err("cannot start the run")?;
        match exit {
            Exit::With(code) => series.played(code, figures, hindrance, layout),
            Exit::BySignal(signal) => die_of(signal),
        }
    }
    Ok(ExitCode::from(series.end()))
}

/// How the program exits.
enum Exit {
    With(u8),
    /// Killed by a signal that arrived before the run.
    BySignal(Signal),
}

/// What came of a run.
struct Played {
    exit: Exit,
    /// Its figures, if they are wanted.
    figures: Option<Summary>,
    /// Why another run must not follow.
    hindrance: Option<String>,
    /// How its lines were printed, for those that follow.
    layout: Layout,
}

async fn headless(
    global: &GlobalArgs,
    arguments: &Arguments,
    reports: Option<(ReportsAtEnd, RecordingThread)>,
) -> io::Result<Played> {
    let compat = arguments.run_args.compat();
    // Before the log file is opened: a limit of its size must not kill.
    let (signals, receiver) = Signals::all(compat)?;
    let (reports, recorder) = reports.unzip();
    let console = console(global, compat);
    let layout = console.layout.clone();
    let host = SessionHost::start(recorder, Some(Console::open(console)?));
    let mut helpers = ChildProcesses::default();
    let mut exit = Exit::With(1);
    if enter_folder(global, &host).await {
        exit = play(global, arguments, &host, &mut helpers, (&signals, receiver)).await;
    }
    helpers.end().await;
    let hindrance = hindrance(&host.session.borrow());
    // A slow reader of the console delays the exit, unless a signal or an interruption asks for it.
    let hurried = matches!(exit, Exit::BySignal(_)) || host.session.borrow().run.interrupted.is_some();
    let record = host.record_header();
    let (_handlers, mut impatience) = Signals::endings()?;
    tokio::select! {
        _ = host.end(hurried.then_some(LAST_LINES)) => {}
        _ = impatience.recv() => {}
    }
    let mut figures = None;
    if let (Some(reports), Exit::With(_)) = (reports, &exit) {
        let begun = || record::settings(global, &arguments.source, &arguments.run_args).header;
        let (lines, found) = reports.write(&arguments.source, record.or_else(|| Some(begun())));
        for (level, message) in &lines {
            say(&layout, *level, message);
        }
        figures = found;
    }
    Ok(Played { exit, figures, hindrance, layout })
}

/// Why another run must not follow a session: it was ended early, or the system has not recovered.
fn hindrance(session: &Session) -> Option<String> {
    if let Some(reason) = &session.run.interrupted {
        return Some(reason.clone());
    }
    if session.run.ended.is_none() {
        return Some("the run did not come to its end".to_owned());
    }
    let failed = |safety: &&Safety| safety.final_check.as_ref().is_some_and(|check| !check.met);
    session.safety.as_ref().filter(failed).map(|_| session.safety_text())
}

/// Prints a line as the run's own lines are printed.
pub(super) fn say(layout: &Layout, level: Level, message: &str) {
    let line = ConsoleLine { at: Timestamp::now(), level, target: "chaostoolkit", message };
    printing::err(layout.show(line, local_zone()));
}

/// Returns the settings of the console, and of the log file if one is named.
fn console(global: &GlobalArgs, compat: Compat) -> ConsoleSettings {
    let named = global.log_file.clone().or_else(|| compat.log_file().map(PathBuf::from));
    let path = named.filter(|_| !global.no_log_file);
    ConsoleSettings {
        layout: match global.log_format {
            LogFormat::String => Layout::Text { with_target: global.verbose, colour: stderr_has_colours() },
            LogFormat::Json => Layout::Json { context_id: uuid::Uuid::new_v4().to_string() },
        },
        level: if global.verbose { Level::Debug } else { Level::Info },
        log_file: path.map(|path| (path, global.log_file_level.into())),
    }
}

/// Changes to the folder of `--change-dir`, if given. Returns `false` on failure.
async fn enter_folder(global: &GlobalArgs, host: &SessionHost) -> bool {
    let Some(folder) = &global.change_dir else { return true };
    host.log(Level::Warning, format!("Moving to {}", folder.display())).await;
    match std::env::set_current_dir(folder) {
        Ok(()) => true,
        Err(error) => {
            host.log(Level::Error, format!("cannot move to {}: {error}", folder.display())).await;
            false
        }
    }
}

/// Prepares and runs the experiment. Returns how the program exits.
async fn play(
    global: &GlobalArgs,
    arguments: &Arguments,
    host: &SessionHost,
    helpers: &mut ChildProcesses,
    (signals, mut receiver): (&Signals, mpsc::Receiver<Signal>),
) -> Exit {
    let context = PrepareContext {
        emitter: &host.emitter,
        signals: signals.sender(),
        prints: PrintTarget::Console,
        // Calling `run` is the consent to everything that the experiment does.
        pace: Pacing::Auto(Consent::up_front()),
        notify_channels: true,
    };
    let preparing =
        prepare(&arguments.source, &arguments.run_args, global.settings.as_ref(), context, helpers);
    warn_of_earlier_sessions(host).await;
    let prepared = tokio::select! {
        prepared = preparing => Ok(prepared),
        signal = receiver.recv() => Err(signal),
    };
    match prepared {
        // At this point the reference has no signal handlers: Ctrl-C raises an exception in Python, other signals kill.
        Err(Some(Signal::Interrupt) | None) => {
            host.bus.flush().await;
            // The line break separates the message from the `^C` that the terminal has echoed.
            printing::last_err("\nAborted!");
            Exit::With(1)
        }
        Err(Some(signal)) => Exit::BySignal(signal),
        Ok(Err(Refusal { message, code, python_message: python_text })) => {
            match python_text {
                None => host.log(Level::Error, message).await,
                Some(text) if text.is_empty() => {}
                Some(text) => {
                    host.bus.flush().await;
                    printing::last_err(text);
                }
            }
            Exit::With(code)
        }
        Ok(Ok(prepared)) => Exit::With(session(global, arguments, host, prepared, receiver).await),
    }
}

/// Says on the first line what earlier sessions left on: the run may fail because of it.
async fn warn_of_earlier_sessions(host: &SessionHost) {
    let Ok(folder) = record::sessions_folder() else { return };
    for earlier in recover::earlier_sessions(&folder).await {
        let id = &earlier.id;
        host.log(Level::Warning, format!("{}; undo it with `chaos-tui recover {id}`", earlier.text)).await;
    }
}

/// Runs the session and returns the exit code.
async fn session(
    global: &GlobalArgs,
    arguments: &Arguments,
    host: &SessionHost,
    prepared: PreparedRun,
    signals: mpsc::Receiver<Signal>,
) -> u8 {
    let watched = arguments.watches();
    let mode = if prepared.guards == Guards::OFF && !watched {
        SessionMode::Nobody
    } else {
        SessionMode::Unattended { recovery: watched }
    };
    let settings = SessionSettings {
        source: arguments.source.clone(),
        journal: arguments.run_args.journal_path.clone(),
        recording: None,
        record: record::settings(global, &arguments.source, &arguments.run_args),
        dead_man: arguments.run_args.dead_man.unwrap_or(DeadMan::Off),
        mode,
        // No config file is read, so that a run is the same on every machine.
        watch: WatchSettings { excerpts: !arguments.run_args.no_excerpts, ..WatchSettings::default() },
        budget: 0,
        allowed_contexts: Vec::new(),
    };
    let running = host.open(&settings, prepared).await.play(signals, orders().1);
    running.done.cancelled().await;
    if watched {
        wait_for_recovery(host).await;
    }
    let failed_on = fail_on::first_match(&host.session.borrow(), host.clock.now(), &arguments.fail_on);
    if let Some(line) = &failed_on {
        host.log(Level::Error, line.clone()).await;
    }
    exit_code(&running.end().await, failed_on.is_some())
}

/// Waits until the final check of the recovery is done. A signal ends the wait.
async fn wait_for_recovery(host: &SessionHost) {
    let Ok((_handlers, mut signals)) = Signals::endings() else { return };
    let mut session = host.session.clone();
    let settled =
        |session: &Session| session.safety.as_ref().is_none_or(|safety| safety.final_check.is_some());
    tokio::select! {
        _ = session.wait_for(settled) => {}
        _ = signals.recv() => {}
    }
}

fn exit_code(report: &SessionReport, failed_on: bool) -> u8 {
    let crashed = report.ending.is_some_and(|ending| ending.crashed);
    match report.succeeded() {
        _ if report.bugs => BUG,
        _ if failed_on && !crashed => fail_on::CODE,
        true => 0,
        false => 1,
    }
}
