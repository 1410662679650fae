//! From the command line to the screen and back to the shell.

use super::{
    Arguments, BUG, INTERRUPTED, PanicIn,
    endpoints::endpoints,
    observers::{Observers, words},
    pump::{PumpHandle, pump},
    ready, stage,
    stage::{Report, Stage},
    summary, target,
};
use crate::{
    commands::{
        Global, Playing,
        prepare::{Company, Helpers, Prepared, Refusal, prepare},
        signals::Signals,
    },
    provider::python::Prints,
    runner::{Pace, Signal, plan},
    session::{
        Command, Session, What,
        clock::Clock,
        journal::{Journal, Machine},
        stream::{self, Emitter},
    },
    tui::{self, Departure, Show, Steering, Theme, View, keymap::Keymap, terminal::Screen},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, process::ExitCode, time::Duration};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Keys that may wait for the session.
const ORDERS: usize = 64;
/// How long rollbacks may take once the screen is gone, before the process ends all the same.
const FAREWELL: Duration = Duration::from_secs(300);

/// Everything that is alive while the session is.
struct Room {
    emitter: Emitter,
    clock: Clock,
    handle: PumpHandle,
    shown: watch::Receiver<Session>,
}

/// Prepares, shows, ends.
pub async fn sit(global: &Global, arguments: &Arguments) -> ExitCode {
    let theme = match theme(arguments) {
        Ok(theme) => theme,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    if let Some(folder) = &global.change_dir
        && let Err(error) = std::env::set_current_dir(folder)
    {
        eprintln!("cannot change to {}: {error}", folder.display());
        return ExitCode::from(2);
    }
    listen_to_libraries(global);
    let clock = Clock::system();
    let (emitter, stream) = stream::stream(clock);
    let (pump, handle, shown) = pump(stream, Journal::new(Machine::this()));
    let stop = CancellationToken::new();
    let pumping = tokio::spawn(pump.run(stop.clone()));
    let room = Room { emitter, clock, handle, shown };
    let mut helpers = Helpers::default();
    let code = match prepared(global, arguments, &room, &mut helpers).await {
        Ok((prepared, signals)) => session(arguments, &room, prepared, signals, theme).await,
        Err(Refusal { message, code }) => {
            eprintln!("{message}");
            ExitCode::from(code)
        }
    };
    helpers.end().await;
    stop.cancel();
    // Its end is the end of everything told; a panic of it was spoken by the hook.
    match pumping.await {
        Ok(()) => code,
        Err(_) => ExitCode::from(BUG),
    }
}

fn theme(arguments: &Arguments) -> Result<Theme, tui::UnknownTheme> {
    let looks = &arguments.looks;
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colourless = looks.color == "never" || (looks.color == "auto" && no_color);
    let theme = Theme::named(if colourless { "mono" } else { &looks.theme })?;
    Ok(if looks.ascii { theme.ascii() } else { theme })
}

/// What libraries trace goes to the log pane, never to the terminal.
fn listen_to_libraries(global: &Global) {
    let level = if global.verbose { "debug" } else { "info" };
    let filter = EnvFilter::try_new(format!("warn,chaos_tui={level}")).unwrap_or_default();
    tui::accept_everything();
    // It fails only where somebody listens already.
    let _ = tracing_subscriber::registry().with(filter).with(tui_logger::TuiTracingSubscriberLayer).try_init();
}

/// Prepares; where an experiment is about a cluster and there is none, offers the sandbox.
async fn prepared(
    global: &Global,
    arguments: &Arguments,
    room: &Room,
    helpers: &mut Helpers,
) -> Result<(Prepared, mpsc::Receiver<Signal>), Refusal> {
    let mut playing = arguments.playing.clone();
    loop {
        let (prepared, signals) = prepare_once(global, arguments, &playing, room, helpers).await?;
        let offered = playing.sandbox.is_none() && ready::lacks_cluster(&prepared).await;
        match offered.then(ready::offer_sandbox) {
            None => return Ok((prepared, signals)),
            Some(ready::Offer::Variant(variant)) => {
                playing.sandbox = Some(variant.to_owned());
                std::mem::take(helpers).end().await;
            }
            Some(ready::Offer::GoOn) => return Ok((prepared, signals)),
            Some(ready::Offer::Leave) => {
                let message = "nothing was done; `--sandbox` starts the embedded cluster".to_owned();
                return Err(Refusal { message, code: 2 });
            }
        }
    }
}

async fn prepare_once(
    global: &Global,
    arguments: &Arguments,
    playing: &Playing,
    room: &Room,
    helpers: &mut Helpers,
) -> Result<(Prepared, mpsc::Receiver<Signal>), Refusal> {
    let refused = |error: std::io::Error| Refusal { message: error.to_string(), code: 1 };
    let (signals, mut receiver) = Signals::interrupts().map_err(refused)?;
    if let Some(variant) = &playing.sandbox {
        eprintln!("starting the sandbox with the variant `{variant}` ...");
    }
    let company = Company {
        emitter: &room.emitter,
        signals: signals.sender(),
        prints: Prints::Heard,
        pace: Pace::Step,
    };
    let preparing = prepare(&arguments.source, playing, global.settings.as_ref(), company, helpers);
    // The screen hears signals itself: what arrives here later is Python's wish to end the run.
    tokio::select! {
        prepared = preparing => Ok((prepared?, receiver)),
        Some(_) = receiver.recv() => Err(Refusal { message: "Aborted!".to_owned(), code: 1 }),
    }
}

/// The session itself: observers, runner, screen.
async fn session(
    arguments: &Arguments,
    room: &Room,
    prepared: Prepared,
    signals: mpsc::Receiver<Signal>,
    theme: Theme,
) -> ExitCode {
    let Prepared { request, providers, cluster } = prepared;
    let connection = ready::connection(&request, &cluster).await;
    let context = connection.as_ref().map(|connection| connection.context().to_owned());
    let opened = What::SessionOpened {
        source: arguments.source.clone(),
        allowed: ready::allowed(context.as_deref(), &arguments.watching),
        context,
        namespace: connection.as_ref().map_or("default", |it| it.namespace()).to_owned(),
    };
    room.emitter.emit(opened).await;
    let endpoints = endpoints(&request, &arguments.watching);
    let mut observers = Observers::new(room.emitter.clone(), room.handle.taps.clone(), endpoints);
    let tap = room.handle.taps.open();
    observers.spawn(target::cards(request.clone(), connection.clone(), room.emitter.clone(), tap));
    if let Some(connection) = &connection {
        observers.watch_cluster(connection, &request).await;
    }
    if arguments.panic_for_test == Some(PanicIn::Task) {
        observers.spawn(panic_for_test());
    }
    let (orders, ordered) = mpsc::channel(ORDERS);
    let leave = CancellationToken::new();
    let done = CancellationToken::new();
    let stage = Stage {
        emitter: room.emitter.clone(),
        handle: room.handle.clone(),
        journal_path: arguments.playing.journal_path.clone(),
        observers,
        done: done.clone(),
        leave: leave.clone(),
    };
    let staged = if arguments.watching.read_only {
        room.emitter.emit(What::Planned(plan(&request, &providers))).await;
        tokio::spawn(stage.look_only(ordered))
    } else {
        tokio::spawn(stage.play(request, providers, signals, ordered))
    };
    let steering = if arguments.watching.read_only { Steering::ReadOnly } else { Steering::Live };
    let show = Show {
        session: room.shown.clone(),
        done: done.clone(),
        earlier: None,
        commands: orders.clone(),
        clock: room.clock,
        theme,
        view: View::new(Keymap::default(), steering),
    };
    let departed = watch_it(arguments, show).await;
    if departed == Left::Broken && !done.is_cancelled() {
        end_without_screen(&orders, &done, room).await;
    }
    leave.cancel();
    let report = staged.await.unwrap_or_else(|failed| Report::broken(words_of(failed)));
    summary::print(&room.shown.borrow(), &report, room.clock.now());
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
async fn watch_it(arguments: &Arguments, show: Show) -> Left {
    let mut screen = match Screen::enter(arguments.looks.mouse) {
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
async fn end_without_screen(orders: &mpsc::Sender<Command>, done: &CancellationToken, room: &Room) {
    eprintln!("the screen is gone; the run turns to its end, rollbacks included ...");
    for command in [Command::Quit, Command::Pause(false), Command::Auto(true)] {
        // Nobody hears it only when the run has ended by itself.
        let _ = orders.send(command).await;
    }
    let mut shown = room.shown.clone();
    let mut said = shown.borrow().log.forgotten + shown.borrow().log.lines.len() as u64;
    let deadline = tokio::time::sleep(FAREWELL);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = done.cancelled() => return,
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

fn words_of(failed: tokio::task::JoinError) -> String {
    match failed.try_into_panic() {
        Ok(panic) => words(panic),
        Err(other) => other.to_string(),
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
