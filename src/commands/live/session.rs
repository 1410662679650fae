//! From the command line to the screen and back to the shell.

use super::{
    BUG, INTERRUPTED, LAST_WORDS,
    arguments::Arguments,
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
    },
    engine::{RunningSession, SessionHost, SessionReport, Signals, orders},
    session::{
        Session,
        recording::{self, Header, Recorder, RecordingError, RecordingThread},
    },
    tui::{self, ControlMode, LiveView, Sequence, View, terminal},
};
use futures_util::future::BoxFuture;
use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// How long a session may take to open before its screen shows that it does.
const AT_ONCE: Duration = Duration::from_millis(10);

/// What a session has besides its arguments.
#[derive(Default)]
pub(crate) struct SessionOptions {
    /// An earlier session, to compare with at the end.
    pub earlier: Option<Session>,
    /// Speaks to the audience while it goes on.
    pub guide: Option<Guide>,
    /// What it is a part of.
    pub course: Option<Sequence>,
    /// Whether it begins in the presenter's view, as the session before it ended.
    pub presenter: bool,
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
    /// Whether the presenter's view was on.
    pub presenter: bool,
}

impl SessionOutcome {
    /// None: it was refused.
    pub(super) fn refused(code: ExitCode) -> Self {
        Self { code, session: None, early: true, again: false, presenter: false }
    }

    /// None: another command line is needed.
    fn misused(why: impl Display) -> Self {
        Self::refused(errors::print(&Refusal::usage(why).into()))
    }
}

/// Makes the task that speaks to the audience.
pub(crate) type Guide = Box<dyn FnOnce(&SessionHost) -> BoxFuture<'static, ()> + Send>;

/// Prepares, shows, ends.
pub(super) async fn run(
    global: &GlobalArgs,
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
        match run_before(path) {
            Ok(before) => options.earlier = Some(options.earlier.unwrap_or(before)),
            Err(error) => return SessionOutcome::misused(error),
        }
    }
    let host = Arc::new(SessionHost::start(recorder, None));
    let outcome = session(global, arguments, &host, UiOptions { preferences, look }, options).await;
    let outcome = outcome.map_err(|refusal| errors::print(&refusal.into()));
    // An opening that could not be interrupted holds it still: then there was no session.
    let ended = match Arc::into_inner(host) {
        Some(host) => host.end(Some(LAST_WORDS)).await.0,
        None => None,
    };
    match (outcome, ended) {
        (Err(code), _) => SessionOutcome::refused(code),
        (Ok(outcome), Some(session)) => SessionOutcome { session: Some(session), ..outcome },
        (Ok(_), None) => SessionOutcome::refused(ExitCode::from(BUG)),
    }
}

/// The session of a recording. One without a fire cannot be lined up with anything.
fn run_before(path: &Path) -> Result<Session, String> {
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
    let begin = |path: &PathBuf| Recorder::create(path, &Header::new(&text()))?.spawn_thread();
    arguments.looks.record.as_ref().map(begin).transpose()
}

/// The config file, and the command line over it.
fn preferences(arguments: &Arguments) -> Result<(Preferences, Appearance), String> {
    let read = config::preferences(arguments.looks.config.clone())?;
    let preferences = arguments.watching.over(arguments.looks.over(read));
    let look = preferences.look(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    Ok((preferences, look))
}

/// What the operator likes, and what comes of it on this terminal.
struct UiOptions {
    preferences: Preferences,
    look: Appearance,
}

/// Which lines of libraries are worth showing. That the API server passed on a 5xx is told by whoever asked: a page of the
/// breaker's that answers 503 while it is open is no error.
fn worth_showing(verbose: bool) -> EnvFilter {
    let level = if verbose { "debug" } else { "info" };
    let wanted = format!("warn,kube_client::client::builder=off,chaos_tui={level}");
    EnvFilter::try_new(wanted).unwrap_or_default()
}

/// What libraries trace goes to the log pane, never to the terminal.
fn listen_to_libraries(global: &GlobalArgs) {
    let filter = worth_showing(global.verbose);
    tui::accept_everything();
    // It fails only where somebody listens already.
    let _ =
        tracing_subscriber::registry().with(filter).with(tui_logger::TuiTracingSubscriberLayer).try_init();
}

/// The session itself, opened beside its screen. What became of it is known once its stream has ended.
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
    let (hearing, signals) = Signals::endings().map_err(signals_unavailable)?;
    let (orders, ordered) = orders();
    let mut opening = Opening::begin(Plan {
        global: global.clone(),
        arguments: arguments.clone(),
        settings: arguments.settings(&preferences),
        host: host.clone(),
        guide: options.guide,
        signals: (hearing.sender(), signals),
        orders: ordered,
    });
    // What opens at once needs no screen that says so, and what is refused at once none at all.
    let early = match timeout(AT_ONCE, opening.opened()).await {
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
            sequence: options.course,
            presenter: options.presenter,
            hint: look.note,
            starting: true,
            ..View::new(preferences.keys, steering(arguments))
        },
        earlier: options.earlier,
        commands: orders.clone(),
        clock: host.clock,
        theme: look.theme,
        grounds: look.grounds,
        verbose: global.verbose,
        bell: preferences.bell,
        signals: tui::Signals::listen().map_err(signals_unavailable)?,
    };
    // From here on the screen hears signals: what else reaches the run is Python's wish to end it.
    drop(hearing);
    let shown = watched(&mut opening, early, screen::watch(arguments, preferences.mouse, &mut show)).await;
    let (running, departed) = match shown {
        Ok(shown) => shown,
        Err(refusal) => {
            opening.end().await;
            return Err(refusal);
        }
    };
    if departed == ScreenExit::Broken && !running.done.is_cancelled() {
        screen::end_without(&running, host, &orders).await;
    }
    let report = running.end().await;
    if terminal::accepted_output() {
        summary::print(&host.session.borrow(), &report, host.clock.now());
    }
    opening.end().await;
    let seen = matches!(departed, ScreenExit::Finished | ScreenExit::Again) && !report.bugs;
    // In a live session a rollback has failed also where only its exit code says so.
    let forgives = arguments.playing.compat().forgives_rollbacks();
    let unrolled = !forgives && host.session.borrow().steps.failed_rollbacks().next().is_some();
    let (code, again) = (code(departed, &report, unrolled), seen && departed == ScreenExit::Again);
    Ok(SessionOutcome { code, session: None, early: !seen, again, presenter: show.view.presenter })
}

fn steering(arguments: &Arguments) -> ControlMode {
    if arguments.watching.read_only { ControlMode::ReadOnly } else { ControlMode::Live }
}

/// Shows the session while it is opened and until it is left.
///
/// # Errors
/// When it does not open, or is left before.
async fn watched(
    opening: &mut Opening,
    early: Option<RunningSession>,
    screen: impl Future<Output = ScreenExit>,
) -> Result<(RunningSession, ScreenExit), Refusal> {
    // Whatever leads out of here, the terminal is given back before anything is said.
    let mut screen = pin!(screen);
    if let Some(running) = early {
        return Ok((running, screen.await));
    }
    let departed = tokio::select! {
        biased;
        // First: what is opened ends with the screen, which knows why.
        departed = &mut screen => departed,
        opened = opening.opened() => {
            let running = opened?;
            return Ok((running, screen.await));
        }
    };
    match opening.give_up().await {
        Ok(running) => Ok((running, departed)),
        Err(_) if departed == ScreenExit::Declined => Err(declined()),
        Err(_) if departed == ScreenExit::Broken => {
            Err(Refusal { message: "there was no session yet".to_owned(), code: BUG, said: None })
        }
        Err(refusal) => Err(refusal),
    }
}

/// The operator left where the sandbox was offered.
fn declined() -> Refusal {
    Refusal::usage("nothing was done; `--sandbox` starts the embedded cluster")
}

fn signals_unavailable(error: io::Error) -> Refusal {
    Refusal::invalid(format!("signals cannot be heard: {error}"))
}

/// What the program exits with: a bug of ours is never a success.
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
