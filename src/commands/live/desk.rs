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
        recording::{self, Header, Recorder, RecordingError},
    },
    tui::{self, Departure, Show, Steering, Theme, View, terminal::Screen},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
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
}

/// Makes the task that speaks to the audience.
pub type Guide = Box<dyn FnOnce(&Assembly) -> BoxFuture<'static, ()> + Send>;

/// Prepares, shows, ends. Gives the session too, unless there was none.
pub async fn sit(global: &Global, arguments: &Arguments, setting: Setting) -> (ExitCode, Option<Session>) {
    if let Some(folder) = &global.change_dir
        && let Err(error) = std::env::set_current_dir(folder)
    {
        eprintln!("cannot change to {}: {error}", folder.display());
        return (ExitCode::from(2), None);
    }
    let (preferences, theme) = match preferences(arguments) {
        Ok(found) => found,
        Err(message) => {
            eprintln!("{message}");
            return (ExitCode::from(2), None);
        }
    };
    listen_to_libraries(global);
    let recorder = match recorder(arguments) {
        Ok(recorder) => recorder,
        Err(error) => {
            eprintln!("{error}");
            return (ExitCode::from(2), None);
        }
    };
    let mut setting = setting;
    if let Some(path) = &arguments.looks.ghost {
        match ghost(path) {
            Ok(ghost) => setting.earlier = Some(setting.earlier.unwrap_or(ghost)),
            Err(error) => {
                eprintln!("{error}");
                return (ExitCode::from(2), None);
            }
        }
    }
    let mut assembly = Assembly::new(recorder);
    let outcome = match prepared(global, arguments, &mut assembly).await {
        Ok((prepared, signals)) => {
            let taste = Taste { preferences, theme };
            Ok(session(global, arguments, &assembly, prepared, signals, taste, setting).await)
        }
        Err(Refusal { message, code, .. }) => {
            eprintln!("{message}");
            Err(ExitCode::from(code))
        }
    };
    match (outcome, assembly.end().await) {
        (Err(code), _) => (code, None),
        (Ok(code), (Some(session), _)) => (code, Some(session)),
        (Ok(_), (None, _)) => (ExitCode::from(BUG), None),
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

fn recorder(arguments: &Arguments) -> Result<Option<Recorder>, RecordingError> {
    // The fingerprint of a file at a URL is that of its name: it is not fetched twice.
    let text = || {
        crate::experiment::read_bounded(std::path::Path::new(&arguments.source))
            .unwrap_or_else(|_| arguments.source.clone().into_bytes())
    };
    let begin = |path: &PathBuf| Recorder::create(path, &Header::new(&text()));
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

/// What libraries trace goes to the log pane, never to the terminal.
fn listen_to_libraries(global: &Global) {
    let level = if global.verbose { "debug" } else { "info" };
    let filter = EnvFilter::try_new(format!("warn,chaos_tui={level}")).unwrap_or_default();
    tui::accept_everything();
    // It fails only where somebody listens already.
    let _ =
        tracing_subscriber::registry().with(filter).with(tui_logger::TuiTracingSubscriberLayer).try_init();
}

/// Prepares; where an experiment is about a cluster and there is none, offers the sandbox.
async fn prepared(
    global: &Global,
    arguments: &Arguments,
    assembly: &mut Assembly,
) -> Result<(Prepared, mpsc::Receiver<Signal>), Refusal> {
    let mut playing = arguments.playing.clone();
    loop {
        let (prepared, signals) = prepare_once(global, arguments, &playing, assembly).await?;
        let offered = playing.sandbox.is_none() && ready::lacks_cluster(&prepared).await;
        match offered.then(ready::offer_sandbox) {
            None | Some(ready::Offer::GoOn) => return Ok((prepared, signals)),
            Some(ready::Offer::Variant(variant)) => {
                playing.sandbox = Some(variant.to_owned());
                assembly.discard().await;
            }
            Some(ready::Offer::Leave) => {
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
) -> Result<(Prepared, mpsc::Receiver<Signal>), Refusal> {
    let refused = |error: std::io::Error| Refusal::invalid(error);
    let (signals, mut receiver) = Signals::interrupts().map_err(refused)?;
    if let Some(variant) = &playing.sandbox {
        eprintln!("starting the sandbox with the variant `{variant}` ...");
    }
    let preparing = assembly.prepare(global, arguments, playing, Pace::Step, signals.sender());
    // The screen hears signals itself: what arrives here later is Python's wish to end the run.
    tokio::select! {
        prepared = preparing => Ok((prepared?, receiver)),
        Some(_) = receiver.recv() => Err(Refusal::invalid("Aborted!")),
    }
}

/// The session itself: observers, runner, screen.
async fn session(
    global: &Global,
    arguments: &Arguments,
    assembly: &Assembly,
    prepared: Prepared,
    signals: mpsc::Receiver<Signal>,
    taste: Taste,
    setting: Setting,
) -> ExitCode {
    let Taste { preferences, theme } = taste;
    let mut staged = assembly.stage(arguments, &preferences, prepared).await;
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
        earlier: setting.earlier,
        commands: running.orders.clone(),
        clock: assembly.clock,
        theme,
        view: View { mouse: preferences.mouse, ..View::new(preferences.keys, steering) },
        verbose: global.verbose,
    };
    let departed = watch_it(arguments, preferences.mouse, show).await;
    if departed == Left::Broken && !running.done.is_cancelled() {
        end_without_screen(&running, assembly).await;
    }
    let report = running.end().await;
    summary::print(&assembly.shown.borrow(), &report, assembly.clock.now());
    code(departed, &report)
}

/// How the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Finished,
    Unfinished,
    /// By a panic of ours, or because the terminal could not be taken.
    Broken,
}

/// Shows the session until the operator leaves. The terminal is restored whatever happens.
async fn watch_it(arguments: &Arguments, mouse: bool, show: Show) -> Left {
    let mut screen = match Screen::enter(mouse) {
        Ok(screen) => screen,
        Err(error) => {
            eprintln!("the terminal cannot be used: {error}");
            return Left::Broken;
        }
    };
    let showing = async {
        if arguments.panic_for_test == Some(PanicIn::Screen) {
            tokio::select! {
                departed = tui::run(&mut screen, show) => departed,
                () = panic_for_test() => Ok(Departure::Finished),
            }
        } else {
            tui::run(&mut screen, show).await
        }
    };
    match AssertUnwindSafe(showing).catch_unwind().await {
        Ok(Ok(Departure::Finished)) => Left::Finished,
        Ok(Ok(Departure::Unfinished)) => Left::Unfinished,
        Ok(Err(error)) => {
            drop(screen);
            eprintln!("the screen cannot go on: {error}");
            Left::Broken
        }
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
    eprintln!("the screen is gone; the run turns to its end, rollbacks included ...");
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
                eprintln!("the rollbacks did not end within {} s: see the journal", FAREWELL.as_secs());
                return;
            }
            Ok(()) = shown.changed() => {
                said = summary::follow(&shown.borrow_and_update(), said);
            }
        }
    }
}

/// What the program exits with: a bug of ours is never a success.
fn code(left: Left, report: &Report) -> ExitCode {
    match (left, report) {
        (Left::Broken, _) | (_, Report { bugs: true, .. }) => ExitCode::from(BUG),
        (Left::Unfinished, _) => ExitCode::from(INTERRUPTED),
        (Left::Finished, report) if report.succeeded() => ExitCode::SUCCESS,
        (Left::Finished, _) => ExitCode::FAILURE,
    }
}
