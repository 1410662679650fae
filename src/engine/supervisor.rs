//! Leads a session while it goes on: the runner plays, observers watch, orders are carried to whom they concern, and what has to
//! follow the end of the run does.

use super::{
    bus::BusHandle,
    console::TARGET,
    guards,
    notifications::Notifications,
    observers::{Observers, words_of},
    recovery, session_cluster,
    settings::SessionMode,
    unconfirmed,
    undo::Restoration,
};
use crate::{
    provider::Providers,
    runner::{HypothesisRecheck, RunEnd, RunRequest, Signal, play},
    session::{
        Command, EventKind, Session,
        command::{StepCommand, WatchCommand},
        event::Level,
        journal,
        stream::Emitter,
    },
};
use pyvalue::Value;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Orders that may wait for the runner, which always hears them.
const ORDERS: usize = 64;

/// Everything behind the screen, or behind the console.
pub(super) struct Supervisor {
    /// Takes what is told.
    pub emitter: Emitter,
    pub bus: BusHandle,
    pub session: watch::Receiver<Session>,
    pub journal_path: PathBuf,
    pub audience: SessionMode,
    /// Who watches, if anybody does.
    pub observers: Option<Observers>,
    /// Puts back what was fired away, where somebody may ask for it.
    pub undo: Option<Restoration>,
    /// What it takes to find the session's cluster, where it was not there at the beginning.
    pub late_cluster: Option<LateCluster>,
    /// Whom to tell how the run ended.
    pub notifications: Notifications,
    /// The first Python function that gave what JSON cannot hold, once there is one.
    pub unserialisable: Arc<OnceLock<String>>,
    /// Fires when the run has ended and its journal is written.
    pub done: CancellationToken,
    /// Fires when nobody follows any more.
    pub leave: CancellationToken,
}

/// Who looks for the session's cluster once something may have made it.
pub(super) struct LateCluster {
    pub request: RunRequest,
    /// They choose the cluster.
    pub providers: Arc<Providers>,
    /// Contexts that need no typed name besides those on this machine.
    pub allowed: Vec<String>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(crate) struct SessionReport {
    /// How the run ended; `None` when none was played or it did not come to its end.
    pub ending: Option<RunEnd>,
    pub looked: bool,
    /// Whether the journal could not be written.
    pub unwritten: Option<String>,
    /// Whether something of ours broke.
    pub bugs: bool,
    pub words: Vec<String>,
}

impl SessionReport {
    /// Whether the run ended as a crash of the reference does.
    fn crashed(&self) -> bool {
        self.ending.is_some_and(|ending| ending.crashed)
    }

    /// A report of what broke before anything could be reported.
    pub(crate) fn broken(words: String) -> Self {
        Self { bugs: true, words: vec![words], ..Self::default() }
    }

    /// Whether `chaos run` would exit with 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.unwritten.is_none() && (self.looked || self.ending.is_some_and(|ending| ending.succeeded()))
    }
}

impl Supervisor {
    /// Plays the experiment, and goes on watching after its end until nobody follows any more.
    pub(super) async fn play(
        mut self,
        request: RunRequest,
        providers: Arc<Providers>,
        signals: mpsc::Receiver<Signal>,
        mut orders: mpsc::Receiver<Command>,
    ) -> SessionReport {
        // Also where this task breaks: whoever waits for the end is not left waiting.
        let _done = self.done.clone().drop_guard();
        let mut report = SessionReport::default();
        let (steps, stepped) = mpsc::channel(ORDERS);
        let mut run_events = self.bus.subscribe_to_run();
        self.watch_the_fault(&steps);
        let needs_json = request.options.compat.needs_json();
        let again = HypothesisRecheck::new(request.clone(), providers.clone());
        let mut running = tokio::spawn(play(request, providers, self.emitter.clone(), stepped, signals));
        loop {
            tokio::select! {
                biased;
                ended = &mut running, if !self.done.is_cancelled() => {
                    match ended {
                        Ok(ending) => report.ending = Some(ending),
                        Err(failed) => self.broke(&mut report, words_of(failed)).await,
                    }
                    // Once the journal is made, all that the run told is in the state.
                    self.bus.journal().await;
                    let recovers = self.recovers().await;
                    if let Some(undo) = &mut self.undo {
                        undo.run_ended().await;
                    }
                    self.write_journal(&mut report, needs_json).await;
                    self.done.cancel();
                    if recovers {
                        self.recover(&again);
                    }
                }
                Some(order) = orders.recv() => {
                    if let Command::Step(StepCommand::Fix(fix)) = &order {
                        again.take(fix.clone());
                    }
                    self.carry(order, Some(&steps)).await;
                }
                Some(event) = run_events.recv() => {
                    if matches!(event.what, EventKind::ActivityEnded { .. }) {
                        self.find_cluster().await;
                    }
                }
                said = broken(&mut self.observers) => self.broke(&mut report, said).await,
                () = self.leave.cancelled() => break,
            }
        }
        if let Some(undo) = &mut self.undo {
            undo.settle().await;
        }
        running.abort();
        self.end_observers().await;
        report
    }

    pub(super) async fn look_only(mut self, mut orders: mpsc::Receiver<Command>) -> SessionReport {
        let mut report = SessionReport { looked: true, ..SessionReport::default() };
        self.done.cancel();
        loop {
            tokio::select! {
                Some(order) = orders.recv() => self.carry(order, None).await,
                said = broken(&mut self.observers) => self.broke(&mut report, said).await,
                () = self.leave.cancelled() => break,
            }
        }
        self.end_observers().await;
        report
    }

    async fn end_observers(&mut self) {
        if let Some(observers) = self.observers.take() {
            observers.end().await;
        }
    }

    /// From the first fire on: answers teach nothing, failed fires are looked into, guards end the run.
    fn watch_the_fault(&mut self, runner: &mpsc::Sender<StepCommand>) {
        let Some(observers) = &mut self.observers else { return };
        let (session, emitter) = (self.session.clone(), self.emitter.clone());
        let presence = observers.presence.clone();
        observers.stop_learning_at_fire(session.clone());
        observers.spawn(unconfirmed::watch(session.clone(), emitter.clock(), emitter.clone()));
        observers.spawn(guards::watch(session, emitter.clock(), emitter, presence, runner.clone()));
    }

    /// Watches the session's cluster from here on, if it is there by now.
    async fn find_cluster(&mut self) {
        let (Some(late), Some(observers)) = (&self.late_cluster, &mut self.observers) else { return };
        let Some(connection) = session_cluster::connection(&late.request, &late.providers).await else {
            return;
        };
        let found = EventKind::ClusterFound {
            context: connection.context().to_owned(),
            namespace: connection.namespace().to_owned(),
            allowed: session_cluster::allowed(Some(connection.context()), &late.allowed),
        };
        self.emitter.emit(found).await;
        observers.watch_cluster(&connection, &late.request).await;
        self.late_cluster = None;
    }

    /// Whether it is watched how the system recovers from the run; tells that it begins.
    async fn recovers(&self) -> bool {
        match self.audience {
            SessionMode::Operator { .. } | SessionMode::Judges { recovery: true } => {
                recovery::begin(&self.session, &self.emitter).await
            }
            SessionMode::Judges { recovery: false } | SessionMode::Nobody => false,
        }
    }

    /// Watches until the system has recovered from the run; at a screen also what comes after the word that stands.
    fn recover(&mut self, again: &HypothesisRecheck) {
        let (session, emitter) = (self.session.clone(), self.emitter.clone());
        let (clock, lasting) = (emitter.clock(), matches!(self.audience, SessionMode::Operator { .. }));
        if let Some(observers) = &mut self.observers {
            observers.spawn(recovery::lead(again.clone(), session, clock, emitter, lasting));
        }
    }

    /// Hands an order to whom it concerns, and tells of it.
    async fn carry(&mut self, order: Command, runner: Option<&mpsc::Sender<StepCommand>>) {
        match &order {
            Command::Step(step) => return self.step(step.clone(), runner).await,
            // The session is open: nothing is to be decided any more.
            Command::Open(_) => return,
            // Only a way to look at what is there anyway: nothing that happened.
            Command::Watch(WatchCommand::Find(text)) => {
                return self.observers.iter().for_each(|observers| observers.find(text.clone()));
            }
            Command::Watch(WatchCommand::ReadLog(pod)) => {
                self.observers.iter().for_each(|observers| observers.read_log(pod.clone()));
            }
            Command::Undo => {
                let over = runner.is_none() || self.done.is_cancelled();
                self.undo.iter_mut().for_each(|undo| undo.asked(over));
            }
            Command::Watch(WatchCommand::Observe(_)) | Command::Annotate(_) => {}
        }
        self.emitter.emit(EventKind::Commanded(order.clone())).await;
        if let (Command::Watch(WatchCommand::Observe(on)), Some(observers)) = (order, &mut self.observers) {
            observers.observe(on).await;
        }
    }

    /// An order about steps is the runner's, which tells of it.
    async fn step(&mut self, step: StepCommand, runner: Option<&mpsc::Sender<StepCommand>>) {
        self.undo.iter_mut().for_each(|undo| undo.stepped(&step));
        if let Some(observers) = &mut self.observers {
            match &step {
                StepCommand::Fix(fix) => observers.fix(fix).await,
                // Whoever fires wants to know what users get.
                StepCommand::Fire(_) if runner.is_some() => observers.observe(true).await,
                _ => {}
            }
        }
        let untold = match runner {
            Some(runner) => runner.send(step).await.err().map(|refused| refused.0),
            None => Some(step),
        };
        if let Some(step) = untold {
            self.emitter.emit(EventKind::Commanded(step.into())).await;
        }
    }

    /// Writes the journal and tells whoever waits for it. An operator who played nothing gets none; a run that nobody follows ends
    /// as the reference's does.
    async fn write_journal(&self, report: &mut SessionReport, needs_json: bool) {
        let Some(journal) = self.bus.journal().await.map(Arc::new) else { return };
        let operator = matches!(self.audience, SessionMode::Operator { .. });
        let unplayed = || self.session.borrow().steps.rows.iter().all(|row| row.calls == 0);
        let none = if operator { unplayed() } else { report.crashed() };
        if none {
            return;
        }
        let written = match self.unserialisable.get().filter(|_| needs_json && !operator) {
            Some(function) => {
                Err(format!("no journal: {function} gave what JSON cannot hold, and --strict-compat is set"))
            }
            None => self.save(journal.clone()).await,
        };
        match written {
            Ok(()) => {
                let path = self.journal_path.display().to_string();
                self.emitter.emit(EventKind::JournalWritten { path }).await;
                if !operator {
                    self.notifications.ended(&journal).await;
                }
            }
            Err(error) => {
                self.emit(Level::Error, error.clone()).await;
                report.unwritten = Some(error);
            }
        }
    }

    /// Writes the journal where no task waits: a disk may hang.
    async fn save(&self, journal: Arc<Value>) -> Result<(), String> {
        let path = self.journal_path.clone();
        let written = tokio::task::spawn_blocking(move || journal::write(&journal, &path)).await;
        written.map_err(words_of)?.map_err(|error| error.to_string())
    }

    async fn broke(&self, report: &mut SessionReport, said: String) {
        report.bugs = true;
        let message = format!("a part of chaos-tui broke, what it watched is not known any more: {said}");
        report.words.push(said);
        self.emit(Level::Critical, message).await;
    }

    async fn emit(&self, level: Level, message: String) {
        let operator = matches!(self.audience, SessionMode::Operator { .. });
        let target = if operator { "chaos-tui" } else { TARGET }.to_owned();
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
    }
}

/// The next observer that broke, in its own words; pends while all are well.
async fn broken(observers: &mut Option<Observers>) -> String {
    match observers {
        Some(observers) => observers.broken().await,
        None => std::future::pending().await,
    }
}
