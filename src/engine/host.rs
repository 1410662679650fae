//! Opens a session, with a screen or without one, and ends it.

use super::{
    bus::{BusHandle, EventBus},
    console::Console,
    endpoints::endpoints,
    observers::{Observers, Sources},
    preflight, session_cluster,
    settings::{PreparedRun, SessionMode, SessionSettings},
    supervisor::{LateCluster, SessionReport, Supervisor},
    target_cards,
    undo::{Restoration, UndoStore},
};
use crate::{
    observe::breaker::declared,
    provider::Providers,
    runner::{RunRequest, Signal, plan},
    session::{
        Command, EventKind, Session,
        clock::Clock,
        event::{Level, Timestamp},
        journal::{HostInfo, Journal},
        recording::RecordingThread,
        stream::{self, Emitter},
    },
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// Orders that may wait for the session.
const ORDERS: usize = 64;

/// The operator's orders: who gives them, and who takes them. Nobody gives any to a session that nobody steers.
pub(crate) fn orders() -> (mpsc::Sender<Command>, mpsc::Receiver<Command>) {
    mpsc::channel(ORDERS)
}

/// The stream with its reader: what every part of a session tells, and what comes of it.
pub(crate) struct SessionHost {
    /// Takes what is told.
    pub emitter: Emitter,
    pub clock: Clock,
    pub session: watch::Receiver<Session>,
    /// Passes events on.
    pub bus: BusHandle,
    /// Fires when the run has ended and everything of it is saved.
    pub done: CancellationToken,
    stop: CancellationToken,
    reading: JoinHandle<Option<Console>>,
}

impl SessionHost {
    /// Begins to read a stream that nobody writes yet; records it and writes it to a console if somebody asks for that. Needs a
    /// runtime.
    pub(crate) fn start(recorder: Option<RecordingThread>, console: Option<Console>) -> Self {
        let clock = Clock::system();
        let (emitter, stream) = stream::stream(clock);
        let journal = Journal::new(HostInfo::this());
        let (reader, bus, session) = EventBus::new(stream, journal, recorder, console);
        let stop = CancellationToken::new();
        let reading = tokio::spawn(reader.run(stop.clone()));
        Self { emitter, clock, session, bus, done: CancellationToken::new(), stop, reading }
    }

    /// Tells a line of the reference's.
    pub(crate) async fn log(&self, level: Level, message: impl Into<String>) {
        let (target, message) = (super::console::TARGET.to_owned(), message.into());
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
    }

    /// Opens the session: connects, watches the cluster, looks up targets, as its audience needs it.
    pub(crate) async fn open(&self, settings: &SessionSettings, prepared: PreparedRun) -> PendingSession {
        let PreparedRun { request, providers, notifications, cluster, guards, unserialisable } = prepared;
        let mut supervisor = Supervisor {
            emitter: self.emitter.clone(),
            bus: self.bus.clone(),
            session: self.session.clone(),
            journal_path: settings.journal.clone(),
            audience: settings.audience,
            observers: None,
            undo: None,
            late_cluster: None,
            notifications,
            unserialisable,
            done: self.done.clone(),
            leave: CancellationToken::new(),
        };
        if settings.audience == SessionMode::Nobody {
            return PendingSession { supervisor, request, providers };
        }
        let operator = matches!(settings.audience, SessionMode::Operator { .. });
        if operator && session_cluster::touches_cluster(&request) {
            let (title, doing) = (String::new(), "looking for the cluster".to_owned());
            self.emitter.emit(EventKind::Preparing { title, doing }).await;
        }
        let connection = session_cluster::connection(&request, &providers).await;
        if operator {
            let context = connection.as_ref().map(|connection| connection.context().to_owned());
            let opened = EventKind::SessionOpened {
                source: settings.source.clone(),
                allowed: session_cluster::allowed(context.as_deref(), &settings.allowed_contexts),
                context,
                namespace: connection.as_ref().map_or("default", |it| it.namespace()).to_owned(),
            };
            self.emitter.emit(opened).await;
            self.emitter.emit(EventKind::BudgetSet { seconds: settings.budget }).await;
        }
        self.emitter.emit(EventKind::GuardsSet(guards)).await;
        let endpoints = endpoints(&request, &settings.watch, &providers.environment());
        let users = endpoints.first().map(|first| first.url.clone());
        let sources = match operator {
            true => self.breaker_sources(&request, settings).await,
            false => Sources::default(),
        };
        let named = sources.named.clone();
        let mut observers = Observers::new(self.emitter.clone(), self.bus.clone(), endpoints, sources);
        if !operator {
            if let Some(connection) = &connection {
                observers.watch_cluster(connection, &request).await;
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
            observers.watch_cluster(connection, &request).await;
        }
        let plan = plan(&request, &providers);
        let touches = connection.is_some() || session_cluster::touches_cluster(&request);
        let kit = touches.then(|| providers.clone());
        let kit =
            UndoStore::new(kit, self.emitter.clone(), self.session.clone(), settings.recording.as_deref());
        if touches && settings.audience == (SessionMode::Operator { read_only: false }) {
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
            users,
            named,
        };
        observers.spawn(preflight::run_preflight(look, self.emitter.clone()));
        // A cluster that a step makes or chooses is watched as soon as it is there.
        supervisor.late_cluster = (touches && connection.is_none()).then(|| LateCluster {
            request: request.clone(),
            providers: providers.clone(),
            allowed: settings.allowed_contexts.clone(),
        });
        supervisor.undo = Some(Restoration::new(kit, self.session.clone()));
        supervisor.observers = Some(observers);
        PendingSession { supervisor, request, providers }
    }

    /// Where the breaker's state is looked for besides the usual places: the settings' and the experiment's.
    async fn breaker_sources(&self, request: &RunRequest, settings: &SessionSettings) -> Sources {
        let (declared, rules, faults) = declared::in_extension(request.experiment.extension("chaos-tui"));
        for message in faults {
            let (level, target) = (Level::Warning, "breaker".to_owned());
            self.emitter.emit(EventKind::Logged { level, target, message }).await;
        }
        let watch = &settings.watch;
        let mut named = watch.breaker_sources.clone();
        named.extend(declared);
        // The experiment knows its services better than a file about all of them.
        let rules = rules.into_iter().chain(watch.breaker_series.clone()).collect();
        Sources { passive: watch.passive, named, rules }
    }

    /// Ends the stream; gives the session as it ended, and `None` where its reader broke. A console that is read slowly is waited
    /// for, for `patience` at most if there is a limit.
    pub(crate) async fn end(self, patience: Option<Duration>) -> (Option<Session>, Timestamp) {
        self.stop.cancel();
        // What a panic of it said, the hook has spoken.
        let ended = self.reading.await;
        let session = self.session.borrow().clone();
        let whole = ended.is_ok();
        if let Ok(Some(console)) = ended {
            console.finish(patience).await;
        }
        (whole.then_some(session), self.clock.now())
    }
}

/// A session that may begin.
pub(crate) struct PendingSession {
    supervisor: Supervisor,
    request: RunRequest,
    providers: Arc<Providers>,
}

impl PendingSession {
    /// Begins to ask as users do, before anything is played.
    pub(crate) async fn observe(&mut self) {
        if let Some(observers) = &mut self.supervisor.observers {
            observers.observe(true).await;
        }
    }

    /// Runs something beside the session, to be ended with it.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(observers) = &mut self.supervisor.observers {
            observers.spawn(task);
        }
    }

    /// Plays the experiment, as ordered by whoever steers it.
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

    /// Only shows what would be played.
    pub(crate) async fn look_only(self, orders: mpsc::Receiver<Command>) -> RunningSession {
        let Self { supervisor, request, providers } = self;
        supervisor.emitter.emit(EventKind::Planned(plan(&request, &providers))).await;
        RunningSession::of(supervisor, |supervisor| tokio::spawn(supervisor.look_only(orders)))
    }
}

/// A session that goes on.
pub(crate) struct RunningSession {
    /// Fires when the run has ended and its journal is written.
    pub done: CancellationToken,
    leave: CancellationToken,
    task: JoinHandle<SessionReport>,
}

impl RunningSession {
    fn of(supervisor: Supervisor, start: impl FnOnce(Supervisor) -> JoinHandle<SessionReport>) -> Self {
        let (done, leave) = (supervisor.done.clone(), supervisor.leave.clone());
        Self { done, leave, task: start(supervisor) }
    }

    /// Stops watching, and what still runs.
    pub(crate) async fn end(self) -> SessionReport {
        self.leave.cancel();
        self.task
            .await
            .unwrap_or_else(|failed: JoinError| SessionReport::broken(super::observers::words_of(failed)))
    }
}
