//! From the command line to the screen and back to the shell.

use super::{
    Arguments, BUG, INTERRUPTED, PanicIn,
    assembly::{Assembly, Running},
    ready,
    stage::Report,
    summary,
};
use crate::{
    commands::{
        Global, Playing,
        config::{self, Preferences},
        prepare::{Prepared, Refusal},
        signals::Signals,
    },
    runner::{Pace, Signal},
    session::{
        Command, Session,
        recording::{self, Header, Recorder, RecordingError, RecordingThread},
    },
    tui::{self, Course, Departure, Keys, Show, Steering, Theme, View, terminal::Screen},
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

/// What a session has besides its arguments.
#[derive(Default)]
pub struct Setting {
    /// An earlier session, to compare with at the end.
    pub earlier: Option<Session>,
    /// Speaks to the audience while it goes on.
    pub guide: Option<Guide>,
    /// What it is a part of.
    pub course: Option<Course>,
}

/// How a session ended for whoever sat at it.
pub struct Sitting {
    /// What the program would exit with.
    pub code: ExitCode,
    /// The session, unless there was none.
    pub session: Option<Session>,
    /// Whether it was left before its end, or by a signal: nothing is to follow it.
    pub early: bool,
    /// Whether the same is to be played once more.
    pub again: bool,
}

impl Sitting {
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
pub type Guide = Box<dyn FnOnce(&Assembly) -> BoxFuture<'static, ()> + Send>;

/// Prepares, shows, ends.
pub async fn sit(global: &Global, arguments: &Arguments, setting: Setting) -> Sitting {
    if let Some(folder) = &global.change_dir
        && let Err(error) = std::env::set_current_dir(folder)
    {
        return Sitting::misused(format!("cannot change to {}: {error}", folder.display()));
    }
    let (preferences, theme) = match preferences(arguments) {
        Ok(found) => found,
        Err(message) => return Sitting::misused(message),
    };
    listen_to_libraries(global);
    let recorder = match recorder(arguments) {
        Ok(recorder) => recorder,
        Err(error) => return Sitting::misused(error),
    };
    let mut setting = setting;
    if let Some(path) = &arguments.looks.ghost {
        match ghost(path) {
            Ok(ghost) => setting.earlier = Some(setting.earlier.unwrap_or(ghost)),
            Err(error) => return Sitting::misused(error),
        }
    }
    let mut assembly = Assembly::new(recorder);
    let outcome = match prepared(global, arguments, &mut assembly).await {
        Ok(ready) => {
            session(global, arguments, &assembly, ready, Taste { preferences, theme }, setting).await
        }
        Err(refusal) => Err(refusal),
    };
    let outcome = outcome.map_err(|Refusal { message, code, .. }| {
        // The terminal may be gone.
        let _ = writeln!(io::stderr(), "{message}");
        ExitCode::from(code)
    });
    match (outcome, assembly.end().await) {
        (Err(code), _) => Sitting::refused(code),
        (Ok(sitting), (Some(session), _)) => Sitting { session: Some(session), ..sitting },
        (Ok(_), (None, _)) => Sitting::refused(ExitCode::from(BUG)),
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
fn preferences(arguments: &Arguments) -> Result<(Preferences, Theme), String> {
    let read = config::preferences(arguments.looks.config.clone())?;
    let preferences = read.looking(&arguments.looks).watching(&arguments.watching);
    let theme = preferences.look(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    Ok((preferences, theme))
}

/// What the operator likes, and what comes of it on this terminal.
struct Taste {
    preferences: Preferences,
    theme: Theme,
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
async fn prepared(global: &Global, arguments: &Arguments, assembly: &mut Assembly) -> Result<Ready, Refusal> {
    let mut playing = arguments.playing.clone();
    loop {
        let mut ready = prepare_once(global, arguments, &playing, assembly).await?;
        if playing.sandbox.is_some() || !ready::lacks_cluster(&ready.prepared).await {
            return Ok(ready);
        }
        let offer = tokio::select! {
            offer = ready::offer_sandbox() => offer,
            Some(_) = ready.signals.recv() => return Err(ended_before()),
        };
        match offer {
            ready::Offer::GoOn => return Ok(ready),
            ready::Offer::Variant(variant) => {
                playing.sandbox = Some(variant.to_owned());
                assembly.discard().await;
            }
            ready::Offer::Leave => {
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
    assembly: &mut Assembly,
) -> Result<Ready, Refusal> {
    let (hearing, mut signals) = Signals::endings().map_err(deaf)?;
    if let Some(variant) = &playing.sandbox {
        eprintln!("starting the sandbox with the variant `{variant}` ...");
    }
    let preparing = assembly.prepare(global, arguments, playing, Pace::Step, hearing.sender());
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
    assembly: &Assembly,
    ready: Ready,
    taste: Taste,
    setting: Setting,
) -> Result<Sitting, Refusal> {
    let Taste { preferences, theme } = taste;
    let Ready { prepared, hearing, mut signals } = ready;
    let mut staged = tokio::select! {
        staged = assembly.stage(arguments, &preferences, prepared) => staged,
        Some(_) = signals.recv() => return Err(ended_before()),
    };
    if let Some(guide) = setting.guide {
        staged.spawn(guide(assembly));
    }
    if arguments.panic_for_test == Some(PanicIn::Task) {
        staged.spawn(panic_for_test());
    }
    let (running, steering) = if arguments.watching.read_only {
        (staged.look_only().await, Steering::ReadOnly)
    } else {
        (staged.play(signals), Steering::Live)
    };
    let show = Show {
        session: assembly.shown.clone(),
        done: running.done.clone(),
        view: View {
            mouse: preferences.mouse,
            compares: setting.earlier.is_some(),
            course: setting.course,
            ..View::new(preferences.keys, steering)
        },
        earlier: setting.earlier,
        commands: running.orders.clone(),
        clock: assembly.clock,
        theme,
        verbose: global.verbose,
        signals: tui::Signals::listen().map_err(deaf)?,
    };
    // From here on the screen hears signals: what else reaches the run is Python's wish to end it.
    drop(hearing);
    let departed = watch_it(arguments, preferences.mouse, show).await;
    if departed == Left::Broken && !running.done.is_cancelled() {
        end_without_screen(&running, assembly).await;
    }
    let report = running.end().await;
    summary::print(&assembly.shown.borrow(), &report, assembly.clock.now());
    let seen = matches!(departed, Left::Finished | Left::Again) && !report.bugs;
    // In a live session a rollback has failed also where only its exit code says so.
    let forgives = arguments.playing.compat().forgives_rollbacks();
    let unrolled = !forgives && assembly.shown.borrow().steps.failed_rollbacks().next().is_some();
    let (code, again) = (code(departed, &report, unrolled), seen && departed == Left::Again);
    Ok(Sitting { code, session: None, early: !seen, again })
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
async fn end_without_screen(running: &Running, assembly: &Assembly) {
    let say = |words: String| drop(writeln!(io::stderr(), "{words}"));
    say("the screen is gone; the run turns to its end, rollbacks included ...".to_owned());
    // Nobody hears it only when the run has ended by itself.
    let _ = running.orders.send(Command::Quit).await;
    let mut shown = assembly.shown.clone();
    let mut said = shown.borrow().log.forgotten + shown.borrow().log.lines.len() as u64;
    let deadline = tokio::time::sleep(FAREWELL);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = running.done.cancelled() => return,
            () = &mut deadline => {
                say(format!("the rollbacks did not end within {} s: see the journal", FAREWELL.as_secs()));
                return;
            }
            Ok(()) = shown.changed() => {
                said = summary::follow(&shown.borrow_and_update(), said);
            }
        }
    }
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
