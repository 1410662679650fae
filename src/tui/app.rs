//! The main loop: waits for a key, a signal, a session change or the deadline of a frame; updates the view; carries out
//! the effects; draws if something changed.
//!
//! The session is written by the task that reads the event stream and is only read here, so that a terminal that hangs
//! never blocks the recording, the journal or a rollback.

use super::{
    background::{ANSWER_WAIT, Background, ThemeByBackground},
    bell::Bell,
    export::{Export, Exporting},
    frame_pace::FramePace,
    keys::Keys,
    msg::{Effect, Msg},
    panes::{LogFeed, Scene},
    render::render,
    replay::Player,
    signals::Signals,
    terminal::Screen,
    text,
    theme::Theme,
    update::{follow, update},
    view::{ControlMode, QuitStage, View},
};
use crate::{
    insight,
    session::{
        Command, Session,
        clock::Clock,
        event::{Source, Timestamp},
    },
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The inputs of the live view: what it shows, and where it sends commands.
pub struct LiveView {
    pub session: watch::Receiver<Session>,
    /// Cancelled when the run has ended and all of its data is saved.
    pub done: CancellationToken,
    /// An earlier session to compare with.
    pub earlier: Option<Session>,
    /// The channel for the operator's commands.
    pub commands: mpsc::Sender<Command>,
    /// The session's clock.
    pub clock: Clock,
    /// The recording that is replayed, and that moves the session; its moment is the present then.
    pub replay: Option<Player>,
    /// Writes the reports of the session that is shown.
    pub export: Export,
    /// Colours and symbols.
    pub theme: Theme,
    /// The theme for each background, if the terminal is to be asked for its background.
    pub grounds: Option<ThemeByBackground>,
    pub view: View,
    /// Whether the log shows messages for developers.
    pub verbose: bool,
    /// Whether the terminal bell rings when a step waits for the operator and when the verdict changes.
    pub bell: bool,
    /// The signals that end, suspend or resume the session. Their handlers are installed before the view starts, so
    /// that no signal is lost in between.
    pub signals: Signals,
}

impl LiveView {
    /// The present: in a replay, the moment that is shown.
    fn now(&self) -> Timestamp {
        self.replay.as_ref().map_or_else(|| self.clock.now(), Player::moment)
    }

    /// Moves a replay that plays, and tells the view where it is.
    fn play_on(&mut self) {
        let Some(player) = &mut self.replay else { return };
        if let Err(error) = player.advance(Instant::now()) {
            self.view.hint = Some(error.to_string());
        }
        self.view.replay = Some(player.status());
        self.view.finished = self.session.borrow().finished();
    }
}

/// How the operator left the live view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// The session was finished.
    Finished,
    /// The session was finished, and the operator asked for another run.
    RunAgain,
    /// The operator quit a running session, which then ended in good order, or interrupted a finished one.
    Early,
    /// The operator quit a running session and did not wait for its rollbacks.
    Unfinished,
    /// There was no session yet, and the operator declined the offered sandbox.
    Declined,
}

/// Runs the live view until the operator leaves.
///
/// A terminal that is closed is no error: the session is asked to end. `show.view` stays as the operator left it.
pub async fn run(screen: &mut Screen, keys: Keys, show: &mut LiveView) -> Departure {
    let log = LogFeed::new(show.verbose);
    let hold = theme_for(screen, &mut show.theme, show.grounds);
    let mut app = App {
        show,
        pace: FramePace::default(),
        log,
        bell: Bell::default(),
        hold,
        exporting: Exporting::default(),
        terminal_gone: false,
        writer_alive: true,
    };
    let mut keys = Some(keys);
    loop {
        let due = app.due();
        let msg = tokio::select! {
            biased;
            msg = next_key(&mut keys) => msg,
            msg = app.show.signals.next() => msg,
            () = app.show.done.cancelled(), if !app.show.view.finished => Msg::Finished,
            said = app.exporting.ended() => Msg::Exported(said),
            // While a frame is pending, further session changes need no handling: keys and the deadline come first.
            changed = app.show.session.changed(), if app.receives_changes() => {
                app.writer_alive &= changed.is_ok();
                Msg::Changed
            },
            // A terminal that accepts no output delays only the next frame.
            () = async { until(due).await; screen.flushed().await } => {
                app.draw(screen);
                continue;
            }
        };
        if msg == Msg::Closed {
            keys = None;
        }
        if let Some(departure) = app.handle(screen, msg) {
            app.exporting.finish().await;
            return departure;
        }
    }
}

/// Sets the theme for the terminal's background if that is known, else asks the terminal. Returns until when the first
/// frame waits for the answer.
pub(super) fn theme_for(
    screen: &mut Screen,
    theme: &mut Theme,
    grounds: Option<ThemeByBackground>,
) -> Option<Instant> {
    let grounds = grounds?;
    if let Some(background) = Background::known() {
        *theme = grounds.on(background);
        return None;
    }
    // A terminal that is gone is detected at the first frame.
    screen.ask_background().unwrap_or(false).then(|| Instant::now() + ANSWER_WAIT)
}

/// The state of the main loop.
struct App<'a> {
    show: &'a mut LiveView,
    pace: FramePace,
    log: LogFeed,
    bell: Bell,
    /// Until when the first frame waits for the terminal to report its background.
    hold: Option<Instant>,
    exporting: Exporting,
    /// Whether the terminal is gone. The session still ends in good order.
    terminal_gone: bool,
    /// Whether the task that writes the session still runs.
    writer_alive: bool,
}

impl App<'_> {
    /// Returns when to draw next; `None` if no frame is due.
    fn due(&self) -> Option<Instant> {
        if self.show.replay.as_ref().is_some_and(Player::is_playing) && !self.terminal_gone {
            return Some(self.pace.due_in_replay(Instant::now()));
        }
        let moving = time_shows(&self.show.session.borrow(), &self.show.view);
        let due = self.pace.due(Instant::now(), moving).filter(|_| !self.terminal_gone)?;
        Some(self.hold.map_or(due, |hold| due.max(hold)))
    }

    fn receives_changes(&self) -> bool {
        self.writer_alive && (self.terminal_gone || !self.pace.is_dirty())
    }

    fn draw(&mut self, screen: &mut Screen) {
        let (show, log, bell) = (&mut *self.show, &mut self.log, &mut self.bell);
        show.play_on();
        let (now, mut rings) = (Instant::now(), false);
        let drawn = screen.draw(|frame| {
            let (area, present) = (frame.area(), show.now());
            show.view.area = area;
            // The session's lock is held while cells are filled, not while they are written to the terminal.
            let session = show.session.borrow_and_update();
            follow(&mut show.view, &session);
            log.follow(&session);
            let scene = Scene::new(&session, &show.view, present, show.earlier.as_ref());
            render(frame.buffer_mut(), area, &scene, &show.theme, log);
            rings = bell.should_ring(&scene, now) && show.bell;
            let targets = scene.targets.take();
            show.view.targets = targets;
        });
        self.hold = None;
        self.pace.record_frame(Instant::now());
        self.terminal_gone |= drawn.is_err() || rings && screen.ring().is_err();
    }

    /// Processes a message and carries out its effects. Returns `Some` when the loop ends.
    fn handle(&mut self, screen: &mut Screen, msg: Msg) -> Option<Departure> {
        let now = self.show.now();
        let changed = msg == Msg::Changed;
        match &msg {
            Msg::Key(_) => self.bell.record_key(Instant::now()),
            Msg::Background(background) => {
                self.hold = None;
                self.show.theme =
                    self.show.grounds.map_or(self.show.theme, |grounds| grounds.on(*background));
            }
            _ => {}
        }
        let outcome = update(&mut self.show.view, &self.show.session.borrow(), now, msg);
        match outcome.redraw {
            true if changed => self.pace.record_change(Instant::now()),
            true => self.pace.record_input(Instant::now()),
            false => {}
        }
        for effect in outcome.effects {
            match effect {
                Effect::Send(command) => self.send(command),
                Effect::Suspend => {
                    let notice = insight::suspension_notice(&self.show.session.borrow(), "fg");
                    let notice = notice.map(|notice| format!("chaos-tui: {}", text::clean(&notice)));
                    self.terminal_gone |= screen.suspend(notice.as_deref()).is_err();
                }
                Effect::Repaint => self.terminal_gone |= screen.invalidate().is_err(),
                Effect::ScrollLog(by) => self.log.scroll(by),
                Effect::Mouse(on) => self.terminal_gone |= screen.capture_mouse(on).is_err(),
                Effect::Copy(text) => self.terminal_gone |= screen.copy(&text).is_err(),
                Effect::Replay(asked) => {
                    if let Some(player) = &mut self.show.replay {
                        self.show.view.hint = player.make(&asked, Instant::now());
                    }
                }
                Effect::Export => self.exporting.start(&self.show.export),
                Effect::RunAgain => return Some(Departure::RunAgain),
                Effect::Leave => {
                    return Some(departure(&self.show.view));
                }
            }
        }
        None
    }

    fn send(&mut self, command: Command) {
        match self.show.commands.try_send(command) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.show.view.hint = Some("the session is still processing your last keys".to_owned());
            }
            // The receiver is gone: the session is ending, and `Finished` follows.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }
}

/// Returns how the operator leaves at this point.
fn departure(view: &View) -> Departure {
    if view.sandbox_declined {
        return Departure::Declined;
    }
    match view.finished || view.control == ControlMode::Replay {
        true if view.quit_stage == QuitStage::No => Departure::Finished,
        true => Departure::Early,
        false => Departure::Unfinished,
    }
}

/// Returns whether something on the screen changes with time alone: an age, a countdown, a chart.
fn time_shows(session: &Session, view: &View) -> bool {
    if view.control == ControlMode::Replay {
        return false;
    }
    session.users.endpoints.iter().any(|endpoint| endpoint.watched)
        || session.steps.rows.iter().any(|row| row.state.is_active())
        || session.fault.as_ref().is_some_and(|fault| fault.is_on())
        || session.recovering()
        // The pods pane shows the age of the last watch event.
        || session.cluster.source(Source::Pods).is_some()
        || view.quit_stage > QuitStage::No
        || view.starting
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn next_key(keys: &mut Option<Keys>) -> Msg {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}
