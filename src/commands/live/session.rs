//! Runs a live session: reads the settings, opens the session, shows the screen, prints the summary.

use super::{
    BUG, INTERRUPTED, OUTPUT_TIMEOUT,
    arguments::{Arguments, LookArgs},
    opening::{Opening, Plan},
    screen::{self, ScreenExit},
    summary,
};
use crate::{
    commands::{
        GlobalArgs,
        config::{self, Appearance, Preferences},
        errors,
        prepare::Refusal,
        recorded::RecordedSession,
        report::export_of_live,
    },
    engine::{RunningSession, SessionHost, SessionReport, Signals, orders},
    printing,
    session::{
        Session,
        recording::{Header, Recorder, RecordingError, RecordingThread},
    },
    tui::{self, ControlMode, LiveView, Sequence, View, terminal},
};
use futures_util::future::BoxFuture;
use std::{fmt::Display, io, path::PathBuf, pin::pin, process::ExitCode, sync::Arc, time::Duration};
use tokio::time::timeout;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// How long a session may take to open before the screen shows the preparation.
const SCREEN_DELAY: Duration = Duration::from_millis(10);

/// Options of a session besides its command-line arguments.
#[derive(Default)]
pub(crate) struct SessionOptions {
    /// An earlier session to compare with at the end.
    pub earlier: Option<Session>,
    /// Creates the task that emits captions during the session.
    pub guide: Option<Guide>,
    /// The sequence that the session belongs to.
    pub sequence: Option<Sequence>,
    /// Whether it starts in the presenter's view, as the previous session ended.
    pub presenter: bool,
}

/// How a session ended.
pub(crate) struct SessionOutcome {
    /// The exit code of the program.
    pub code: ExitCode,
    /// The final state of the session, if there was one.
    pub session: Option<Session>,
    /// Whether the operator or a signal ended it early, it was refused, or it hit a bug: no other session may follow.
    pub early: bool,
    /// Whether the operator asked for another run.
    pub again: bool,
    /// Whether the presenter's view was on at the end.
    pub presenter: bool,
}

impl SessionOutcome {
    /// The outcome of a session that was refused.
    pub(super) fn refused(code: ExitCode) -> Self {
        Self { code, session: None, early: true, again: false, presenter: false }
    }

    /// Prints a usage error and returns the outcome of a refused session.
    fn usage_error(why: impl Display) -> Self {
        Self::refused(errors::print(&Refusal::usage(why).into()))
    }
}

/// Creates the task that emits captions, as in the demo.
pub(crate) type Guide = Box<dyn FnOnce(&SessionHost) -> BoxFuture<'static, ()> + Send>;

/// Runs a session from its settings to its end.
pub(super) async fn run(
    global: &GlobalArgs,
    arguments: &Arguments,
    mut options: SessionOptions,
) -> SessionOutcome {
    printing::reserve_terminal();
    if let Err(refusal) = global.enter_folder() {
        return SessionOutcome::usage_error(refusal);
    }
    let arguments = &with_unused_recording(arguments);
    let (preferences, look) = match preferences(arguments) {
        Ok(found) => found,
        Err(message) => return SessionOutcome::usage_error(message),
    };
    install_log_subscriber(global);
    let recorder = match recorder(arguments) {
        Ok(recorder) => recorder,
        Err(error) => return SessionOutcome::usage_error(error),
    };
    if let Some(name) = &arguments.screen_args.ghost {
        match RecordedSession::ghost(name) {
            Ok(before) => options.earlier = Some(options.earlier.unwrap_or(before)),
            Err(refusal) => return SessionOutcome::refused(errors::print(&refusal.into())),
        }
    }
    let host = Arc::new(SessionHost::start(recorder, None));
    let outcome = session(global, arguments, &host, UiOptions { preferences, look }, options).await;
    let outcome = outcome.map_err(|refusal| errors::print(&refusal.into()));
    // A cancelled opening that could not be interrupted still holds the host; then there was no session.
    let ended = match Arc::into_inner(host) {
        Some(host) => host.end(Some(OUTPUT_TIMEOUT)).await.0,
        None => None,
    };
    match (outcome, ended) {
        (Err(code), _) => SessionOutcome::refused(code),
        (Ok(outcome), Some(session)) => SessionOutcome { session: Some(session), ..outcome },
        (Ok(_), None) => SessionOutcome::refused(ExitCode::from(BUG)),
    }
}

/// Gives the session a recording of its own; says so where that is not the file that was asked for.
fn with_unused_recording(arguments: &Arguments) -> Arguments {
    let mut own = arguments.clone();
    if let Some(asked) = &arguments.screen_args.record {
        let unused = super::unused(asked);
        if unused != *asked {
            let (own, other) = (unused.display(), asked.display());
            printing::err(format!("recording in {own}: {other} is an earlier session's"));
        }
        own.screen_args.record = Some(unused);
    }
    own
}

fn recorder(arguments: &Arguments) -> Result<Option<RecordingThread>, RecordingError> {
    // For a URL the fingerprint is that of the URL, so that the file is not fetched twice.
    let text = || {
        crate::experiment::read_bounded(std::path::Path::new(&arguments.source))
            .unwrap_or_else(|_| arguments.source.clone().into_bytes())
    };
    let begin = |path: &PathBuf| Recorder::create(path, &Header::new(&text()))?.spawn_thread();
    arguments.screen_args.record.as_ref().map(begin).transpose()
}

/// Reads the config file and applies the command line. Returns the preferences and the appearance on this terminal.
fn preferences(arguments: &Arguments) -> Result<(Preferences, Appearance), String> {
    let (preferences, look) = appearance(&arguments.screen_args.look)?;
    Ok((arguments.watch_args.over(preferences), look))
}

/// Reads the config file and applies the options of the screen. Returns the preferences and the appearance on this terminal.
///
/// # Errors
/// If the config file cannot be read, or there is no such theme.
pub(in crate::commands) fn appearance(look: &LookArgs) -> Result<(Preferences, Appearance), String> {
    let preferences = look.applied_to(config::preferences(look.config.clone())?);
    let look = preferences.appearance(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    Ok((preferences, look))
}

/// The preferences and the appearance that results from them on this terminal.
struct UiOptions {
    preferences: Preferences,
    look: Appearance,
}

/// Returns the filter for log records of libraries. It drops kube's records about a 5xx passed on by the API server:
/// the caller reports such errors, and a breaker page that answers 503 while the breaker is open is not an error.
fn library_log_filter(verbose: bool) -> EnvFilter {
    let level = if verbose { "debug" } else { "info" };
    let wanted = format!("warn,kube_client::client::builder=off,chaos_tui={level}");
    EnvFilter::try_new(wanted).unwrap_or_default()
}

/// Sends the log records of libraries to the log pane instead of the terminal.
fn install_log_subscriber(global: &GlobalArgs) {
    let filter = library_log_filter(global.verbose);
    tui::accept_everything();
    // Fails only if a subscriber is already installed.
    let _ =
        tracing_subscriber::registry().with(filter).with(tui_logger::TuiTracingSubscriberLayer).try_init();
}

/// Opens the session while its screen is shown, and ends it. The outcome has no session: the caller adds it after the
/// end of the stream.
async fn session(
    global: &GlobalArgs,
    arguments: &Arguments,
    host: &Arc<SessionHost>,
    ui: UiOptions,
    options: SessionOptions,
) -> Result<SessionOutcome, Refusal> {
    let UiOptions { preferences, look } = ui;
    if let Some(note) = &look.note {
        tracing::info!("{note}");
    }
    let (handlers, signals) = Signals::endings().map_err(signals_unavailable)?;
    let (orders, ordered) = orders();
    let mut opening = Opening::begin(Plan {
        global: global.clone(),
        arguments: arguments.clone(),
        settings: arguments.settings(global, &preferences),
        host: host.clone(),
        guide: options.guide,
        signals: (handlers.sender(), signals),
        orders: ordered,
    });
    // A session that opens at once needs no screen of the preparation; one that is refused at once needs no screen at
    // all.
    let early = match timeout(SCREEN_DELAY, opening.opened()).await {
        Ok(Ok(running)) => Some(running),
        Ok(Err(refusal)) => {
            opening.end().await;
            return Err(refusal);
        }
        Err(_) => None,
    };
    let mut show = LiveView {
        session: host.session.clone(),
        done: host.done.clone(),
        view: View {
            mouse: preferences.mouse,
            compares: options.earlier.is_some(),
            sequence: options.sequence,
            presenter: options.presenter,
            hint: look.note,
            starting: true,
            ..View::new(preferences.keys, control_mode(arguments))
        },
        earlier: options.earlier,
        commands: orders.clone(),
        clock: host.clock,
        replay: None,
        export: export_of_live(host.session.clone(), host.bus.clone(), arguments.screen_args.record.clone()),
        theme: look.theme,
        grounds: look.theme_by_background,
        verbose: global.verbose,
        bell: preferences.bell,
        signals: tui::Signals::listen().map_err(signals_unavailable)?,
    };
    // From here on the screen handles signals; the channel to the run only carries Python's requests to end it.
    drop(handlers);
    let shown = open_behind_screen(
        &mut opening,
        early,
        screen::watch(arguments.panic_for_test, preferences.mouse, &mut show),
    )
    .await;
    let (running, departed) = match shown {
        Ok(shown) => shown,
        Err(refusal) => {
            opening.end().await;
            return Err(refusal);
        }
    };
    if departed == ScreenExit::Broken && !running.done.is_cancelled() {
        screen::end_without_screen(&running, host, &orders).await;
    }
    let report = running.end().await;
    if terminal::accepted_output() {
        summary::print(&host.session.borrow(), &report, host.clock.now());
    }
    opening.end().await;
    let seen = matches!(departed, ScreenExit::Finished | ScreenExit::Again) && !report.bugs;
    // In a live session a rollback also counts as failed if only its exit code says so.
    let forgives = arguments.run_args.compat().forgives_rollbacks();
    let unrolled = !forgives && host.session.borrow().steps.failed_rollbacks().next().is_some();
    let (code, again) = (code(departed, &report, unrolled), seen && departed == ScreenExit::Again);
    Ok(SessionOutcome { code, session: None, early: !seen, again, presenter: show.view.presenter })
}

fn control_mode(arguments: &Arguments) -> ControlMode {
    if arguments.watch_args.read_only { ControlMode::ReadOnly } else { ControlMode::Live }
}

/// Shows the screen while the session is opened and until the operator leaves.
///
/// # Errors
/// If the session does not open, or the operator leaves before it is open.
async fn open_behind_screen(
    opening: &mut Opening,
    early: Option<RunningSession>,
    screen: impl Future<Output = ScreenExit>,
) -> Result<(RunningSession, ScreenExit), Refusal> {
    // On every return the terminal is restored before anything is printed.
    let mut screen = pin!(screen);
    if let Some(running) = early {
        return Ok((running, screen.await));
    }
    let departed = tokio::select! {
        biased;
        // Polled first: if the operator has left, the session ends with the screen, which knows the reason.
        departed = &mut screen => departed,
        opened = opening.opened() => {
            let running = opened?;
            return Ok((running, screen.await));
        }
    };
    match opening.give_up().await {
        Ok(running) => Ok((running, departed)),
        Err(_) if departed == ScreenExit::Declined => Err(declined()),
        Err(_) if departed == ScreenExit::Broken => Err(Refusal {
            message: "the screen failed before the session was open".to_owned(),
            code: BUG,
            python_message: None,
        }),
        Err(refusal) => Err(refusal),
    }
}

/// The refusal if the operator declined the offered sandbox.
fn declined() -> Refusal {
    Refusal::usage("nothing was done; `--sandbox` starts the embedded cluster")
}

fn signals_unavailable(error: io::Error) -> Refusal {
    Refusal::invalid(format!("cannot install signal handlers: {error}"))
}

/// Returns the exit code. A bug in chaos-tui is never a success.
fn code(left: ScreenExit, report: &SessionReport, unrolled: bool) -> ExitCode {
    match (left, report) {
        (ScreenExit::Broken, _) | (_, SessionReport { bugs: true, .. }) => ExitCode::from(BUG),
        (ScreenExit::Unfinished | ScreenExit::Declined, _) => ExitCode::from(INTERRUPTED),
        (ScreenExit::Finished | ScreenExit::Again | ScreenExit::Early, report)
            if report.succeeded() && !unrolled =>
        {
            ExitCode::SUCCESS
        }
        (ScreenExit::Finished | ScreenExit::Again | ScreenExit::Early, _) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

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
        let filter = super::library_log_filter(false);
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
