//! Opens a session, with a screen or without one, and ends it.

use super::{
    bus::{BusHandle, EventBus},
    console::Console,
    dead_man::{self, DeadManSwitch},
    endpoints::endpoints,
    notifications::Notifications,
    observers::{Observers, Sources},
    preflight, session_cluster,
    session_record::{self, RecordGate, SessionRecord},
    settings::{PreparedRun, SessionMode, SessionSettings},
    steady_state_wait::SteadyStateWait,
    supervisor::{LateCluster, RecoverEarlier, SessionReport, Supervisor},
    target_cards,
    undo::{KitFiles, Restoration, UndoStore},
};
use crate::{
    cluster::Connection,
    observe::breaker::declared,
    printing::without_url_passwords,
    provider::Providers,
    runner::{RunRequest, Signal, plan},
    session::{
        Command, EventKind, Session,
        clock::Clock,
        event::{EarlierSession, Level, Timestamp},
        journal::{HostInfo, Journal},
        record::{OpenRecord, RecordHeader, SessionsFolder},
        recording::RecordingThread,
        stream::{self, Emitter},
    },
};
use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// Capacity of the session's command channel.
const ORDERS: usize = 64;

/// Creates the channel for the operator's commands. A session without an operator receives none.
pub(crate) fn orders() -> (mpsc::Sender<Command>, mpsc::Receiver<Command>) {
    mpsc::channel(ORDERS)
}

/// The event stream of a session, the bus that reads it, and the state that results.
pub(crate) struct SessionHost {
    /// Emits the session's events.
    pub emitter: Emitter,
    pub clock: Clock,
    pub session: watch::Receiver<Session>,
    /// Access to the event bus.
    pub bus: BusHandle,
    /// Cancelled when the run has ended and all its results are saved.
    pub done: CancellationToken,
    stop: CancellationToken,
    /// The session's record, once it has one.
    record: OnceLock<Arc<OpenRecord>>,
    reading: JoinHandle<Option<Console>>,
}

impl SessionHost {
    /// Starts to read a new event stream; records it and writes it to a console if these are given. Needs a runtime.
    pub(crate) fn start(recorder: Option<RecordingThread>, console: Option<Console>) -> Self {
        let clock = Clock::system();
        let (emitter, stream) = stream::stream(clock);
        if let Some(recorder) = &recorder {
            session_record::tell_when_stopped(recorder, &emitter);
        }
        let journal = Journal::new(HostInfo::current());
        let (reader, bus, session) = EventBus::new(stream, journal, recorder, console);
        let stop = CancellationToken::new();
        let reading = tokio::spawn(reader.run(stop.clone()));
        let (done, record) = (CancellationToken::new(), OnceLock::new());
        Self { emitter, clock, session, bus, done, stop, record, reading }
    }

    /// Emits a log line of the reference.
    pub(crate) async fn log(&self, level: Level, message: impl Into<String>) {
        let (target, message) = (super::console::TARGET.to_owned(), message.into());
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
    }

    /// Opens the session: connects, watches the cluster and looks up targets, as its mode requires.
    pub(crate) async fn open(&self, settings: &SessionSettings, prepared: PreparedRun) -> PendingSession {
        let PreparedRun { mut request, providers, notifications, cluster, guards, unserialisable } = prepared;
        let record =
            SessionRecord::begin(&settings.record, settings.mode, (&request, &providers), &self.emitter)
                .await;
        let mut supervisor = self.supervisor(settings, notifications, unserialisable);
        let operator = matches!(settings.mode, SessionMode::Operator { .. });
        if settings.mode == SessionMode::Nobody {
            supervisor.dead_man =
                self.put_on_record(record, settings, (&mut request, &providers), None).await.1;
            return PendingSession { supervisor, request, providers };
        }
        if operator && session_cluster::touches_cluster(&request) {
            let (title, doing) = (String::new(), "looking for the cluster".to_owned());
            self.emitter.emit(EventKind::Preparing { title, doing }).await;
        }
        let connection = match session_cluster::connection(&request, &providers).await {
            None if settings.watch.names_service() => providers.default_cluster().await,
            connection => connection,
        };
        if operator {
            let context = connection.as_ref().map(|connection| connection.context().to_owned());
            let opened = EventKind::SessionOpened {
                source: without_url_passwords(&settings.source).into_owned(),
                allowed: session_cluster::allowed(context.as_deref(), &settings.allowed_contexts),
                context,
                namespace: connection.as_ref().map_or("default", |it| it.namespace()).to_owned(),
            };
            self.emitter.emit(opened).await;
            self.emitter.emit(EventKind::BudgetSet { seconds: settings.budget }).await;
        }
        let (kit_files, dead_man) =
            self.put_on_record(record, settings, (&mut request, &providers), connection.as_ref()).await;
        supervisor.dead_man = dead_man;
        supervisor.record = self.recorded_as(settings);
        self.emitter.emit(EventKind::GuardsSet(guards)).await;
        let endpoints = endpoints(&request, &settings.watch, &providers.environment());
        let sources =
            if operator { self.breaker_sources(&request, settings).await } else { Sources::default() };
        let named = sources.named.clone();
        let mut observers = Observers::new(self.emitter.clone(), self.bus.clone(), endpoints, sources);
        if !operator {
            if let Some(connection) = &connection {
                observers.watch_cluster(connection, &request, self.session.clone()).await;
            }
            observers.observe(true).await;
            supervisor.observers = Some(observers);
            return PendingSession { supervisor, request, providers };
        }
        let places = target_cards::StepClusters {
            providers: providers.clone(),
            allowed: settings.allowed_contexts.clone(),
            session: self.session.clone(),
        };
        let cards = target_cards::follow(request.clone(), places, self.emitter.clone(), &self.bus);
        observers.spawn(cards);
        if let Some(connection) = &connection {
            observers.watch_cluster(connection, &request, self.session.clone()).await;
        }
        if let Some(connection) = &connection {
            supervisor.tell_operators(connection);
        }
        let plan = plan(&request, &providers);
        let touches = connection.is_some() || session_cluster::touches_cluster(&request);
        let kit = touches.then(|| providers.clone());
        let kit = UndoStore::new(kit, self.emitter.clone(), self.session.clone(), kit_files);
        if touches && settings.mode == (SessionMode::Operator { read_only: false }) {
            let destructive = plan.steps.iter().filter(|step| step.destructive).map(|step| step.at).collect();
            let events = self.bus.subscribe_to_run();
            observers.spawn(kit.clone().follow(request.clone(), destructive, events));
        }
        let look = preflight::PreflightInput {
            request: request.clone(),
            plan,
            providers: providers.clone(),
            settings: cluster,
            connection: connection.clone(),
            watched: observers.endpoints().to_vec(),
            forwards: observers.forwards().clone(),
            named,
            thorough: false,
        };
        observers.spawn(preflight::run_preflight(look, self.emitter.clone()));
        // A cluster that a step creates or chooses is watched as soon as it exists.
        supervisor.late_cluster = (touches && connection.is_none()).then(|| LateCluster {
            request: request.clone(),
            providers: providers.clone(),
            allowed: settings.allowed_contexts.clone(),
        });
        supervisor.undo = Some(Restoration::new(kit, self.session.clone()));
        supervisor.observers = Some(observers);
        PendingSession { supervisor, request, providers }
    }

    /// The supervisor of a session in which nothing is watched yet.
    fn supervisor(
        &self,
        settings: &SessionSettings,
        notifications: Notifications,
        unserialisable: Arc<OnceLock<String>>,
    ) -> Supervisor {
        Supervisor {
            emitter: self.emitter.clone(),
            bus: self.bus.clone(),
            session: self.session.clone(),
            journal_path: settings.journal.clone(),
            mode: settings.mode,
            observers: None,
            undo: None,
            earlier: None,
            recovering: None,
            paused_learning: false,
            record: None,
            operators: None,
            dead_man: None,
            late_cluster: None,
            notifications,
            unserialisable,
            done: self.done.clone(),
            leave: CancellationToken::new(),
        }
    }

    /// The folder of all records, and the name of this session there.
    fn recorded_as(&self, settings: &SessionSettings) -> Option<(SessionsFolder, String)> {
        let folder = settings.record.folder.as_ref()?.as_ref().ok()?;
        Some((folder.clone(), self.record.get()?.kept().id()))
    }

    /// Starts the record, and sets the gate that no destructive activity passes without it. Returns where the undo kit
    /// is written, and what has the fault undone if this program does not.
    async fn put_on_record(
        &self,
        record: SessionRecord,
        settings: &SessionSettings,
        (request, providers): (&mut RunRequest, &Arc<Providers>),
        connection: Option<&Connection>,
    ) -> (KitFiles, Option<DeadManSwitch>) {
        let found = match connection {
            Some(connection) => Some(connection.clone()),
            None if matches!(record, SessionRecord::Off) => None,
            // Programs that steps run use the current cluster, which may be another one when it is recovered.
            None => match session_cluster::connection(request, providers).await {
                None => providers.default_cluster().await,
                connection => connection,
            },
        };
        let programs = match &record {
            SessionRecord::Kept(_) => providers.cluster_of_programs().await,
            SessionRecord::Off | SessionRecord::Failed(_) => None,
        };
        let header = RecordHeader {
            cluster: found.as_ref().map(Connection::reference),
            current_cluster: programs.as_ref().map(Connection::reference),
            ..settings.record.header.clone()
        };
        let record = record.write(header, request, &self.bus, &self.emitter).await;
        let operator = matches!(settings.mode, SessionMode::Operator { .. });
        let files = record.kit_files(&settings.record, settings.recording.as_deref());
        let off_record = matches!(record, SessionRecord::Off);
        if operator {
            self.emitter.emit(EventKind::RecordSet(record.state(settings.record.kit_file))).await;
        } else if off_record {
            return (files, None);
        }
        let mut folder = None;
        if let SessionRecord::Kept(open) = &record {
            folder = Some(open.kept().path().to_owned());
            // A host opens one session only.
            let _ = self.record.set(open.clone());
        }
        let dead_man = DeadManSwitch::new(
            // With the process, its sandbox goes, and what was fired there.
            settings.dead_man.where_possible(settings.record.header.sandbox, off_record),
            folder,
            dead_man::hand_over(request),
            self.bus.clone(),
            self.emitter.clone(),
            self.session.clone(),
        );
        let kit = (!operator && session_cluster::touches_cluster(request)).then(|| {
            let providers = Some(providers.clone());
            let kit = UndoStore::new(providers, self.emitter.clone(), self.session.clone(), files.clone());
            (kit.quiet(), request.secrets.clone())
        });
        request.gate = Some(Arc::new(RecordGate {
            record,
            dead_man: dead_man.clone(),
            bus: self.bus.clone(),
            emitter: self.emitter.clone(),
            kit,
            steady: (settings.mode == SessionMode::Unattended { recovery: true })
                .then(|| SteadyStateWait { session: self.session.clone(), emitter: self.emitter.clone() }),
            strict: operator,
            warned: AtomicBool::new(false),
        }));
        (files, Some(dead_man))
    }

    /// Returns the sources of the breaker's state named in the settings and the experiment, besides the usual places.
    async fn breaker_sources(&self, request: &RunRequest, settings: &SessionSettings) -> Sources {
        let (declared, rules, faults) = declared::in_extension(request.experiment.extension("chaos-tui"));
        for message in faults {
            let (level, target) = (Level::Warning, "breaker".to_owned());
            self.emitter.emit(EventKind::Logged { level, target, message }).await;
        }
        let watch = &settings.watch;
        let mut named = watch.breaker_sources.clone();
        named.extend(declared);
        // The experiment's rules are more specific than a config file for all experiments.
        let rules = rules.into_iter().chain(watch.breaker_series.clone()).collect();
        Sources { passive: watch.passive, named, rules }
    }

    /// Returns what the session's record holds besides the events: who began it, and in which cluster.
    pub(crate) fn record_header(&self) -> Option<RecordHeader> {
        self.record.get()?.kept().header().ok()
    }

    /// Ends the stream. Returns the final session, `None` if the bus panicked, and the time. Waits for a slow console,
    /// for `patience` at most if there is a limit.
    pub(crate) async fn end(self, patience: Option<Duration>) -> (Option<Session>, Timestamp) {
        self.stop.cancel();
        // The panic hook has already reported a panic of the bus.
        let ended = self.reading.await;
        let session = self.session.borrow().clone();
        let whole = ended.is_ok();
        if whole && let Some(record) = self.record.get() {
            session_record::settle(record.clone(), &session).await;
        }
        if let Ok(Some(console)) = ended {
            console.finish(patience).await;
        }
        (whole.then_some(session), self.clock.now())
    }
}

/// A session that is open and may be started.
pub(crate) struct PendingSession {
    supervisor: Supervisor,
    request: RunRequest,
    providers: Arc<Providers>,
}

impl PendingSession {
    /// Starts to probe the users' endpoints before any step is run.
    pub(crate) async fn observe(&mut self) {
        if let Some(observers) = &mut self.supervisor.observers {
            observers.observe(true).await;
        }
    }

    /// Tells the session that earlier ones left something on, and how to undo it. No answer is learned as a real one
    /// until it is undone: it may be a fallback.
    pub(crate) async fn found_earlier(&mut self, earlier: Vec<EarlierSession>, recover: RecoverEarlier) {
        self.supervisor.emitter.emit(EventKind::EarlierSessionsFound(earlier)).await;
        // The state must hold it before anybody waits for its end.
        self.supervisor.bus.flush().await;
        self.supervisor.earlier = Some(recover);
        self.supervisor.paused_learning = true;
        if let Some(observers) = &self.supervisor.observers {
            observers.stop_learning();
        }
    }

    /// Runs a task beside the session that ends with it.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(observers) = &mut self.supervisor.observers {
            observers.spawn(task);
        }
    }

    /// Runs the experiment as the given commands say.
    pub(crate) fn play(
        self,
        signals: mpsc::Receiver<Signal>,
        orders: mpsc::Receiver<Command>,
    ) -> RunningSession {
        let Self { supervisor, request, providers } = self;
        RunningSession::of(supervisor, |supervisor| {
            tokio::spawn(supervisor.play(request, providers, signals, orders))
        })
    }

    /// Only shows the plan.
    pub(crate) async fn look_only(self, orders: mpsc::Receiver<Command>) -> RunningSession {
        let Self { supervisor, request, providers } = self;
        supervisor.emitter.emit(EventKind::Planned(plan(&request, &providers))).await;
        RunningSession::of(supervisor, |supervisor| tokio::spawn(supervisor.look_only(orders)))
    }
}

/// A running session.
pub(crate) struct RunningSession {
    /// Cancelled when the run has ended and its journal is written.
    pub done: CancellationToken,
    leave: CancellationToken,
    task: JoinHandle<SessionReport>,
}

impl RunningSession {
    fn of(supervisor: Supervisor, start: impl FnOnce(Supervisor) -> JoinHandle<SessionReport>) -> Self {
        let (done, leave) = (supervisor.done.clone(), supervisor.leave.clone());
        Self { done, leave, task: start(supervisor) }
    }

    /// Stops the observers and everything that still runs.
    pub(crate) async fn end(self) -> SessionReport {
        self.leave.cancel();
        self.task.await.unwrap_or_else(|failed: JoinError| {
            SessionReport::broken(super::observers::join_error_message(failed))
        })
    }
}
