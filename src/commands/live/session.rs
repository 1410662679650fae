//! From the command line to the screen and back to the shell.

use super::{
    BUG, INTERRUPTED,
    arguments::{Arguments, PanicIn},
    sandbox_offer::{self, Offer},
    summary,
};
use crate::{
    commands::{
        Global, Playing,
        config::{self, Look, Preferences},
        prepare::{Company, Helpers, Refusal, prepare},
    },
    engine::{
        LineWriter, OpenSession, Prepared, Report, RunningSession, SessionHost, Signals, session_cluster,
    },
    provider::python::Prints,
    runner::{Pace, Signal},
    session::{
        Session,
        command::StepCommand,
        recording::{self, Header, Recorder, RecordingError, RecordingThread},
    },
    tui::{self, Course, Departure, Keys, Show, Steering, View, terminal, terminal::Screen},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    fmt::Display,
    io::{self, Write},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use tokio::sync::mpsc;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// How long rollbacks may take once the screen is gone, before the process ends all the same.
const FAREWELL: Duration = Duration::from_secs(300);

/// How long a terminal that takes no output is waited for with what was to be said last.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a session has besides its arguments.
#[derive(Default)]
pub(crate) struct SessionOptions {
    /// An earlier session, to compare with at the end.
    pub earlier: Option<Session>,
    /// Speaks to the audience while it goes on.
    pub guide: Option<Guide>,
    /// What it is a part of.
    pub course: Option<Course>,
}

/// How a session ended for whoever held it.
pub(crate) struct SessionOutcome {
    /// What the program would exit with.
    pub code: ExitCode,
    /// The session, unless there was none.
    pub session: Option<Session>,
    /// Whether it was left before its end, or by a signal: nothing is to follow it.
    pub early: bool,
    /// Whether the same is to be played once more.
    pub again: bool,
}

impl SessionOutcome {
    /// None: it was refused.
    pub(super) fn refused(code: ExitCode) -> Self {
        Self { code, session: None, early: true, again: false }
    }

    /// None: another command line is needed.
    fn misused(why: impl Display) -> Self {
        eprintln!("{why}");
        Self::refused(ExitCode::from(2))
    }
}

/// Makes the task that speaks to the audience.
pub(crate) type Guide = Box<dyn FnOnce(&SessionHost) -> BoxFuture<'static, ()> + Send>;

/// Prepares, shows, ends.
pub(super) async fn run(
    global: &Global,
    arguments: &Arguments,
    mut options: SessionOptions,
) -> SessionOutcome {
    if let Some(folder) = &global.change_dir
        && let Err(error) = std::env::set_current_dir(folder)
    {
        return SessionOutcome::misused(format!("cannot change to {}: {error}", folder.display()));
    }
    let (preferences, look) = match preferences(arguments) {
        Ok(found) => found,
        Err(message) => return SessionOutcome::misused(message),
    };
    listen_to_libraries(global);
    let recorder = match recorder(arguments) {
        Ok(recorder) => recorder,
        Err(error) => return SessionOutcome::misused(error),
    };
    if let Some(path) = &arguments.looks.ghost {
        match ghost(path) {
            Ok(ghost) => options.earlier = Some(options.earlier.unwrap_or(ghost)),
            Err(error) => return SessionOutcome::misused(error),
        }
    }
    let host = SessionHost::start(recorder, None);
    let mut helpers = Helpers::default();
    let outcome = match prepared(global, arguments, &host, &mut helpers).await {
        Ok(ready) => session(global, arguments, &host, ready, UiOptions { preferences, look }, options).await,
        Err(refusal) => Err(refusal),
    };
    let outcome = outcome.map_err(|Refusal { message, code, .. }| {
        // The terminal may be gone.
        let _ = writeln!(io::stderr(), "{message}");
        ExitCode::from(code)
    });
    helpers.end().await;
    match (outcome, host.end(Some(LAST_WORDS)).await) {
        (Err(code), _) => SessionOutcome::refused(code),
        (Ok(outcome), (Some(session), _)) => SessionOutcome { session: Some(session), ..outcome },
        (Ok(_), (None, _)) => SessionOutcome::refused(ExitCode::from(BUG)),
    }
}

/// The session of a recording. One without a fire cannot be lined up with anything.
fn ghost(path: &Path) -> Result<Session, String> {
    let (_, events) = recording::open(path).map_err(|error| error.to_string())?;
    let mut session = Session::new();
    for event in events {
        session.apply(&event.map_err(|error| error.to_string())?);
    }
    match session.t0() {
        Some(_) => Ok(session),
        None => {
            Err(format!("nothing was fired in {}: it cannot be lined up with this session", path.display()))
        }
    }
}

fn recorder(arguments: &Arguments) -> Result<Option<RecordingThread>, RecordingError> {
    // The fingerprint of a file at a URL is that of its name: it is not fetched twice.
    let text = || {
        crate::experiment::read_bounded(std::path::Path::new(&arguments.source))
            .unwrap_or_else(|_| arguments.source.clone().into_bytes())
    };
    let begin = |path: &PathBuf| Recorder::create(path, &Header::new(&text()))?.on_a_thread();
    arguments.looks.record.as_ref().map(begin).transpose()
}

/// The config file, and the command line over it.
fn preferences(arguments: &Arguments) -> Result<(Preferences, Look), String> {
    let read = config::preferences(arguments.looks.config.clone())?;
    let preferences = arguments.watching.over(arguments.looks.over(read));
    let look = preferences.look(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    Ok((preferences, look))
}

/// What the operator likes, and what comes of it on this terminal.
struct UiOptions {
    preferences: Preferences,
    look: Look,
}

/// Which lines of libraries are worth showing. That the API server passed on a 5xx is told by whoever asked: a page of the
/// breaker's that answers 503 while it is open is no error.
fn worth_showing(verbose: bool) -> EnvFilter {
    let level = if verbose { "debug" } else { "info" };
    let wanted = format!("warn,kube_client::client::builder=off,chaos_tui={level}");
    EnvFilter::try_new(wanted).unwrap_or_default()
}

/// What libraries trace goes to the log pane, never to the terminal.
fn listen_to_libraries(global: &Global) {
    let filter = worth_showing(global.verbose);
    tui::accept_everything();
    // It fails only where somebody listens already.
    let _ =
        tracing_subscriber::registry().with(filter).with(tui_logger::TuiTracingSubscriberLayer).try_init();
}

/// What may begin, and who hears what ends it until there is a screen.
struct Ready {
    prepared: Prepared,
    hearing: Signals,
    signals: mpsc::Receiver<Signal>,
}

/// Prepares; where an experiment is about a cluster and there is none, offers the sandbox.
async fn prepared(
    global: &Global,
    arguments: &Arguments,
    host: &SessionHost,
    helpers: &mut Helpers,
) -> Result<Ready, Refusal> {
    let mut playing = arguments.playing.clone();
    loop {
        let mut ready = prepare_once(global, arguments, &playing, host, helpers).await?;
        let Prepared { request, providers, .. } = &ready.prepared;
        if playing.sandbox.is_some() || !session_cluster::is_missing(request, providers).await {
            return Ok(ready);
        }
        let offer = tokio::select! {
            offer = sandbox_offer::ask() => offer,
            Some(_) = ready.signals.recv() => return Err(ended_before()),
        };
        match offer {
            Offer::GoOn => return Ok(ready),
            Offer::Variant(variant) => {
                playing.sandbox = Some(variant.to_owned());
                std::mem::take(helpers).end().await;
            }
            Offer::Leave => {
                let message = "nothing was done; `--sandbox` starts the embedded cluster".to_owned();
                return Err(Refusal::usage(message));
            }
        }
    }
}

async fn prepare_once(
    global: &Global,
    arguments: &Arguments,
    playing: &Playing,
    host: &SessionHost,
    helpers: &mut Helpers,
) -> Result<Ready, Refusal> {
    let (hearing, mut signals) = Signals::endings().map_err(deaf)?;
    if let Some(variant) = &playing.sandbox {
        eprintln!("starting the sandbox with the variant `{variant}` ...");
    }
    let company = Company {
        emitter: &host.emitter,
        signals: hearing.sender(),
        prints: Prints::Heard,
        pace: Pace::Step,
        notifies: false,
    };
    let preparing = prepare(&arguments.source, playing, global.settings.as_ref(), company, helpers);
    tokio::select! {
        prepared = preparing => Ok(Ready { prepared: prepared?, hearing, signals }),
        Some(_) = signals.recv() => Err(ended_before()),
    }
}

/// Somebody ended the session before there was one to see.
fn ended_before() -> Refusal {
    Refusal::invalid("Aborted!")
}

fn deaf(error: io::Error) -> Refusal {
    Refusal::invalid(format!("signals cannot be heard: {error}"))
}

/// The session itself: observers, runner, screen. What became of it is known once its stream has ended.
async fn session(
    global: &Global,
    arguments: &Arguments,
    host: &SessionHost,
    ready: Ready,
    ui: UiOptions,
    options: SessionOptions,
) -> Result<SessionOutcome, Refusal> {
    let UiOptions { preferences, look } = ui;
    let Ready { prepared, hearing, mut signals } = ready;
    let settings = arguments.settings(&preferences);
    let mut open: OpenSession = tokio::select! {
        open = host.open(&settings, prepared) => open,
        Some(_) = signals.recv() => return Err(ended_before()),
    };
    if let Some(note) = &look.note {
        tracing::info!("{note}");
    }
    if let Some(guide) = options.guide {
        open.spawn(guide(host));
    }
    if arguments.panic_for_test == Some(PanicIn::Task) {
        open.spawn(panic_for_test());
    }
    let (running, steering) = if arguments.watching.read_only {
        (open.look_only().await, Steering::ReadOnly)
    } else {
        (open.play(signals), Steering::Live)
    };
    let show = Show {
        session: host.session.clone(),
        done: running.done.clone(),
        view: View {
            mouse: preferences.mouse,
            compares: options.earlier.is_some(),
            course: options.course,
            hint: look.note,
            ..View::new(preferences.keys, steering)
        },
        earlier: options.earlier,
        commands: running.orders.clone(),
        clock: host.clock,
        theme: look.theme,
        grounds: look.grounds,
        verbose: global.verbose,
        bell: preferences.bell,
        signals: tui::Signals::listen().map_err(deaf)?,
    };
    // From here on the screen hears signals: what else reaches the run is Python's wish to end it.
    drop(hearing);
    let departed = watch_it(arguments, preferences.mouse, show).await;
    if departed == Left::Broken && !running.done.is_cancelled() {
        end_without_screen(&running, host).await;
    }
    let report = running.end().await;
    if terminal::takes_output() {
        summary::print(&host.session.borrow(), &report, host.clock.now());
    }
    let seen = matches!(departed, Left::Finished | Left::Again) && !report.bugs;
    // In a live session a rollback has failed also where only its exit code says so.
    let forgives = arguments.playing.compat().forgives_rollbacks();
    let unrolled = !forgives && host.session.borrow().steps.failed_rollbacks().next().is_some();
    let (code, again) = (code(departed, &report, unrolled), seen && departed == Left::Again);
    Ok(SessionOutcome { code, session: None, early: !seen, again })
}

/// How the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Finished,
    /// To be played once more.
    Again,
    /// While it went on, or by a signal; through its end all the same.
    Early,
    Unfinished,
    /// By a panic of ours, or because the terminal could not be taken.
    Broken,
}

/// Shows the session until the operator leaves. The terminal is restored whatever happens.
async fn watch_it(arguments: &Arguments, mouse: bool, show: Show) -> Left {
    let (mut screen, keys) = match Screen::enter(mouse).and_then(|screen| Ok((screen, Keys::listen()?))) {
        Ok(taken) => taken,
        Err(error) => {
            let _ = writeln!(io::stderr(), "the terminal cannot be used: {error}");
            return Left::Broken;
        }
    };
    let showing = async {
        if arguments.panic_for_test == Some(PanicIn::Screen) {
            tokio::select! {
                departed = tui::run(&mut screen, keys, show) => departed,
                () = panic_for_test() => Departure::Finished,
            }
        } else {
            tui::run(&mut screen, keys, show).await
        }
    };
    match AssertUnwindSafe(showing).catch_unwind().await {
        Ok(Departure::Finished) => Left::Finished,
        Ok(Departure::Again) => Left::Again,
        Ok(Departure::Early) => Left::Early,
        Ok(Departure::Unfinished) => Left::Unfinished,
        // The hook restored the terminal and spoke.
        Err(_) => Left::Broken,
    }
}

#[expect(clippy::panic, reason = "asked for, to test that the terminal is restored and rollbacks run")]
async fn panic_for_test() {
    tokio::time::sleep(Duration::from_millis(300)).await;
    panic!("asked for by --panic-for-test");
}

/// Without a screen the run still goes through its rollbacks, and says what it does.
async fn end_without_screen(running: &RunningSession, host: &SessionHost) {
    // Nobody hears it only when the run has ended by itself.
    let _ = running.orders.send(StepCommand::Quit.into()).await;
    let Ok(mut lines) = LineWriter::stderr() else {
        // Only what would be said is lost.
        return running.done.cancelled().await;
    };
    lines.line("the screen is gone; the run turns to its end, rollbacks included ...".to_owned());
    let mut session = host.session.clone();
    let mut said = session.borrow().log.forgotten + session.borrow().log.lines.len() as u64;
    let deadline = tokio::time::sleep(FAREWELL);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = running.done.cancelled() => break,
            () = &mut deadline => {
                let late = FAREWELL.as_secs();
                lines.line(format!("the rollbacks did not end within {late} s: see the journal"));
                break;
            }
            Ok(()) = session.changed() => {
                said = summary::follow(&session.borrow_and_update(), said, &mut lines);
            }
        }
    }
    lines.finish(Some(LAST_WORDS)).await;
}

/// What the program exits with: a bug of ours is never a success.
fn code(left: Left, report: &Report, unrolled: bool) -> ExitCode {
    match (left, report) {
        (Left::Broken, _) | (_, Report { bugs: true, .. }) => ExitCode::from(BUG),
        (Left::Unfinished, _) => ExitCode::from(INTERRUPTED),
        (Left::Finished | Left::Again | Left::Early, report) if report.succeeded() && !unrolled => {
            ExitCode::SUCCESS
        }
        (Left::Finished | Left::Again | Left::Early, _) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_status_that_the_api_server_passes_on_is_no_line_of_the_log() {
        let heard = Heard::default();
        let writer = heard.clone();
        let filter = super::worth_showing(false);
        let listener =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(listener, || {
            tracing::error!(target: "kube_client::client::builder", "failed with status 503");
            tracing::warn!(target: "kube_client::client::auth", "token expired");
        });
        let text = String::from_utf8(heard.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("token expired") && !text.contains("503"), "{text}");
    }
}
