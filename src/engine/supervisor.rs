//! Supervises a running session: starts the runner and the observers, forwards commands to the parts that handle them,
//! and does the work that follows the end of the run.

use super::{
    bus::BusHandle,
    console::TARGET,
    dead_man::DeadManSwitch,
    guards,
    notifications::Notifications,
    observers::{Observers, join_error_message},
    operator_lease::{Holder, OperatorLease, sessions_here},
    session_cluster,
    settings::SessionMode,
    steady_state_recheck, unconfirmed,
    undo::Restoration,
};
use crate::{
    cluster::Connection,
    insight::{self, LeftOn},
    provider::Providers,
    runner::{HypothesisRecheck, RunEnd, RunRequest, Signal, run_experiment},
    session::{
        Command, EventKind, Session,
        command::{StepCommand, WatchCommand},
        event::Level,
        journal,
        record::{Operator, SessionsFolder},
        state::StepState,
        stream::Emitter,
    },
};
use futures_util::future::BoxFuture;
use pyvalue::Value;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Capacity of the command channel to the runner, which receives at all times.
const ORDERS: usize = 64;

/// All parts of a session except the screen or console.
pub(super) struct Supervisor {
    /// Emits the session's events.
    pub emitter: Emitter,
    pub bus: BusHandle,
    pub session: watch::Receiver<Session>,
    pub journal_path: PathBuf,
    pub mode: SessionMode,
    /// The observers, if anything is watched.
    pub observers: Option<Observers>,
    /// Puts back what was fired away, in sessions whose operator may ask for it.
    pub undo: Option<Restoration>,
    /// Undoes what earlier sessions left on, and emits what is left then.
    pub earlier: Option<RecoverEarlier>,
    /// The task that does so.
    pub recovering: Option<JoinHandle<()>>,
    /// Whether no answer is learned as a real one until that is done.
    pub paused_learning: bool,
    /// The folder of all records, and the name of this session there; `None` without a record.
    pub record: Option<(SessionsFolder, String)>,
    /// Tells other operators of this session, once it has fired.
    pub operators: Option<OperatorLease>,
    /// Has the fault undone if this program does not.
    pub dead_man: Option<DeadManSwitch>,
    /// What is needed to find the session's cluster, if it did not exist at the beginning.
    pub late_cluster: Option<LateCluster>,
    /// The channels that are notified how the run ended.
    pub notifications: Notifications,
    /// The first Python function that returned what JSON cannot hold, if any.
    pub unserialisable: Arc<OnceLock<String>>,
    /// Cancelled when the run has ended and its journal is written.
    pub done: CancellationToken,
    /// Cancelled when nobody follows the session any more.
    pub leave: CancellationToken,
}

/// Undoes what earlier sessions left on, and emits what happens and what is left then.
pub(crate) type RecoverEarlier = Box<dyn Fn(Emitter) -> BoxFuture<'static, ()> + Send + Sync>;

/// What is needed to find the session's cluster after an activity that may have created it.
pub(super) struct LateCluster {
    pub request: RunRequest,
    /// The providers, which choose the cluster.
    pub providers: Arc<Providers>,
    /// Contexts in which a fire needs no typed name, besides those on this machine.
    pub allowed: Vec<String>,
}

/// The result of a session.
#[derive(Debug, Default)]
pub(crate) struct SessionReport {
    /// How the run ended; `None` when none was started or it did not reach its end.
    pub ending: Option<RunEnd>,
    pub looked: bool,
    /// Why the journal could not be written, if so.
    pub unwritten: Option<String>,
    /// Whether a part of this program panicked.
    pub bugs: bool,
    pub words: Vec<String>,
}

impl SessionReport {
    /// Whether the run ended as the reference would crash.
    fn crashed(&self) -> bool {
        self.ending.is_some_and(|ending| ending.crashed)
    }

    /// Creates the report of a session that panicked before it could report.
    pub(crate) fn broken(words: String) -> Self {
        Self { bugs: true, words: vec![words], ..Self::default() }
    }

    /// Whether `chaos run` would exit with 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.unwritten.is_none() && (self.looked || self.ending.is_some_and(|ending| ending.succeeded()))
    }
}

impl Supervisor {
    /// Runs the experiment, and keeps watching after its end until nobody follows the session any more.
    pub(super) async fn play(
        mut self,
        request: RunRequest,
        providers: Arc<Providers>,
        signals: mpsc::Receiver<Signal>,
        mut orders: mpsc::Receiver<Command>,
    ) -> SessionReport {
        // Cancelled also if this task panics, so that code that waits for the end does not hang.
        let _done = self.done.clone().drop_guard();
        let mut report = SessionReport::default();
        let (steps, stepped) = mpsc::channel(ORDERS);
        let mut run_events = self.bus.subscribe_to_run();
        self.watch_the_fault(&steps);
        let needs_json = request.options.compat.needs_json();
        let again = HypothesisRecheck::new(request.clone(), providers.clone());
        let emitter = self.emitter.clone();
        let before_end = self.recovery_check();
        let mut running =
            tokio::spawn(run_experiment(request, providers, emitter, stepped, signals, before_end));
        let mut yielded = false;
        loop {
            tokio::select! {
                biased;
                ended = &mut running, if !self.done.is_cancelled() => {
                    match ended {
                        Ok(ending) => report.ending = Some(ending),
                        Err(failed) => self.broke(&mut report, join_error_message(failed)).await,
                    }
                    // Once the journal is returned, the state holds all events of the run.
                    self.bus.journal().await;
                    let recovers = self.session.borrow().recovering();
                    if let Some(undo) = &mut self.undo {
                        undo.run_ended().await;
                    }
                    self.write_journal(&mut report, needs_json).await;
                    self.tell_what_is_left_on().await;
                    self.done.cancel();
                    if recovers {
                        self.recover(&again);
                    }
                }
                Some(order) = orders.recv() => {
                    if let Command::Step(StepCommand::Fix(fix)) = &order {
                        again.take(fix.clone());
                    }
                    self.forward(order, Some(&steps)).await;
                }
                true = learns_again(&self.session), if self.paused_learning => {
                    self.paused_learning = false;
                    if let Some(observers) = &mut self.observers {
                        observers.learn_again(self.session.clone()).await;
                    }
                }
                Some(event) = run_events.recv() => {
                    if matches!(event.what, EventKind::ActivityEnded { .. }) {
                        self.find_cluster().await;
                    }
                }
                () = taken(self.dead_man.as_ref()), if !yielded => {
                    yielded = true;
                    self.give_way(&steps).await;
                }
                message = broken(&mut self.observers) => self.broke(&mut report, message).await,
                () = self.leave.cancelled() => break,
            }
        }
        if let Some(undo) = &mut self.undo {
            undo.settle().await;
        }
        if let Some(recovering) = self.recovering.take() {
            // A recovery that has begun comes to its end. The panic hook has already reported a panic of it.
            let _ = recovering.await;
        }
        running.abort();
        if let Some(dead_man) = &self.dead_man {
            dead_man.end(report.ending.is_some() || self.session.borrow().fault.is_none());
        }
        if let Some(operators) = self.operators.take() {
            operators.end().await;
        }
        self.end_observers().await;
        report
    }

    pub(super) async fn look_only(mut self, mut orders: mpsc::Receiver<Command>) -> SessionReport {
        let mut report = SessionReport { looked: true, ..SessionReport::default() };
        self.done.cancel();
        loop {
            tokio::select! {
                Some(order) = orders.recv() => self.forward(order, None).await,
                message = broken(&mut self.observers) => self.broke(&mut report, message).await,
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

    /// From the first fire on: no answers are learned as normal, failed fires are examined, guards may end the run.
    fn watch_the_fault(&mut self, runner: &mpsc::Sender<StepCommand>) {
        let Some(observers) = &mut self.observers else { return };
        let (session, emitter) = (self.session.clone(), self.emitter.clone());
        let presence = observers.presence.clone();
        observers.stop_learning_at_fire(session.clone());
        observers.spawn(unconfirmed::watch(session.clone(), emitter.clock(), emitter.clone()));
        observers.spawn(guards::watch(session, emitter.clock(), emitter, presence, runner.clone()));
    }

    /// Starts to watch the session's cluster, if it exists by now.
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
        observers.watch_cluster(&connection, &late.request, self.session.clone()).await;
        self.late_cluster = None;
        self.tell_operators(&connection);
    }

    /// The guardian has taken over: nothing more is fired or undone here. Only a step that is being fired at this moment is
    /// rolled back once more, because the guardian may have come before its effect.
    async fn give_way(&mut self, runner: &mpsc::Sender<StepCommand>) {
        let (why, fires) = {
            let session = self.session.borrow();
            let why = session.guardian.took.as_ref().map(|(_, why)| why.clone());
            let mut rows = session.steps.rows.iter();
            let fires =
                rows.any(|row| row.step.destructive && matches!(row.state, StepState::Running { .. }));
            (why.unwrap_or_else(|| "its lease was taken".to_owned()), fires)
        };
        if let Some(undo) = &mut self.undo {
            undo.forget();
        }
        let order = if fires { StepCommand::GuardAbort(why) } else { StepCommand::Yield(why) };
        // Sending fails only when the run has just ended by itself.
        let _ = runner.send(order).await;
    }

    /// From now on other operators at the target are told of this session, and it of them, if it may fire.
    pub(super) fn tell_operators(&mut self, connection: &Connection) {
        if self.mode != (SessionMode::Operator { read_only: false }) {
            return;
        }
        let (folder, id) = match self.record.clone() {
            Some((folder, id)) => (Some(folder), id),
            None => (None, std::process::id().to_string()),
        };
        let holder = Holder { who: Operator::current().name(), session: id.clone() };
        let target = connection.reference();
        let here =
            move || folder.as_ref().map_or_else(Vec::new, |folder| sessions_here(folder, &id, &target));
        let (emitter, session) = (self.emitter.clone(), self.session.clone());
        self.operators = OperatorLease::start(connection, holder, Arc::new(here), emitter, session);
    }

    /// Returns what emits that a recovery follows the run, if it left something to recover from; `None` if recoveries are
    /// not watched. It is done before the end of the run is emitted: no moment shows the session as finished in between.
    fn recovery_check(&self) -> Option<BoxFuture<'static, ()>> {
        match self.mode {
            SessionMode::Operator { .. } | SessionMode::Unattended { recovery: true } => {}
            SessionMode::Unattended { recovery: false } | SessionMode::Nobody => return None,
        }
        let (bus, session, emitter) = (self.bus.clone(), self.session.clone(), self.emitter.clone());
        Some(Box::pin(async move {
            bus.ping().await;
            steady_state_recheck::begin(&session, &emitter).await;
        }))
    }

    /// Watches until the system has recovered from the run; with an operator also after the final verdict.
    fn recover(&mut self, again: &HypothesisRecheck) {
        let (session, emitter) = (self.session.clone(), self.emitter.clone());
        let (clock, lasting) = (emitter.clock(), matches!(self.mode, SessionMode::Operator { .. }));
        if let Some(observers) = &mut self.observers {
            observers.spawn(steady_state_recheck::lead(again.clone(), session, clock, emitter, lasting));
        }
    }

    /// Forwards a command to the part that handles it, and emits it.
    async fn forward(&mut self, order: Command, runner: Option<&mpsc::Sender<StepCommand>>) {
        match &order {
            Command::Step(step) => return self.step(step.clone(), runner).await,
            // The session is open already: nothing is left to decide.
            Command::Open(_) => return,
            // Only changes what is displayed, so it is no event.
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
            Command::Recover => self.recover_earlier(),
            Command::Watch(WatchCommand::Observe(_)) | Command::Annotate(_) => {}
        }
        self.emitter.emit(EventKind::Commanded(order.clone())).await;
        if let (Command::Watch(WatchCommand::Observe(on)), Some(observers)) = (order, &mut self.observers) {
            observers.observe(on).await;
        }
    }

    /// Undoes what earlier sessions left on, unless that is going on already.
    fn recover_earlier(&mut self) {
        let idle = self.recovering.as_ref().is_none_or(JoinHandle::is_finished);
        if let Some(recover) = self.earlier.as_ref().filter(|_| idle) {
            self.recovering = Some(tokio::spawn(recover(self.emitter.clone())));
        }
    }

    /// Forwards a command about steps to the runner, which emits it; without a runner it is emitted here.
    async fn step(&mut self, step: StepCommand, runner: Option<&mpsc::Sender<StepCommand>>) {
        self.undo.iter_mut().for_each(|undo| undo.stepped(&step));
        if let Some(observers) = &mut self.observers {
            match &step {
                StepCommand::Fix(fix) => observers.fix(fix).await,
                // An operator who fires wants to see what users get.
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

    /// Writes the journal and notifies the channels. An operator session in which nothing ran gets no journal, nor does
    /// a crashed run without an operator, as in the reference.
    async fn write_journal(&self, report: &mut SessionReport, needs_json: bool) {
        let Some(journal) = self.bus.journal().await.map(Arc::new) else { return };
        let operator = matches!(self.mode, SessionMode::Operator { .. });
        let unplayed = || self.session.borrow().steps.rows.iter().all(|row| row.calls == 0);
        let none = if operator { unplayed() } else { report.crashed() };
        if none {
            return;
        }
        let written = match self.unserialisable.get().filter(|_| needs_json && !operator) {
            Some(function) => Err(format!(
                "no journal: {function} returned a value that JSON cannot represent, and --strict-compat is set"
            )),
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

    /// Writes the journal on a blocking thread, because a disk may hang.
    async fn save(&self, journal: Arc<Value>) -> Result<(), String> {
        let path = self.journal_path.clone();
        let written = tokio::task::spawn_blocking(move || journal::write(&journal, &path)).await;
        written.map_err(join_error_message)?.map_err(|error| error.to_string())
    }

    /// Logs what was fired and not rolled back, and how to undo it: after the lines that the reference prints.
    async fn tell_what_is_left_on(&self) {
        let left = insight::left_on(&self.session.borrow());
        let Some(left) = left else { return };
        for line in [left.text(), LeftOn::REMEDY.to_owned()] {
            self.emit(Level::Warning, format!("Left on: {line}")).await;
        }
    }

    async fn broke(&self, report: &mut SessionReport, said: String) {
        report.bugs = true;
        let message = format!("internal error in chaos-tui, some data is no longer updated: {said}");
        report.words.push(said);
        self.emit(Level::Critical, message).await;
    }

    async fn emit(&self, level: Level, message: String) {
        let operator = matches!(self.mode, SessionMode::Operator { .. });
        let target = if operator { "chaos-tui" } else { TARGET }.to_owned();
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
    }
}

/// Waits until nothing that an earlier session left on is on any more. Returns whether it was waited for.
async fn learns_again(session: &watch::Receiver<Session>) -> bool {
    session.clone().wait_for(|session| session.meta.earlier.is_empty()).await.is_ok()
}

/// Resolves once the guardian has taken over; pends without one.
async fn taken(dead_man: Option<&DeadManSwitch>) {
    match dead_man {
        Some(dead_man) => dead_man.taken().await,
        None => std::future::pending().await,
    }
}

/// Returns the panic message of the next observer that panicked; pends while all are well.
async fn broken(observers: &mut Option<Observers>) -> String {
    match observers {
        Some(observers) => observers.broken().await,
        None => std::future::pending().await,
    }
}
