//! What a session is put together from, on a screen or without one.

use super::{
    Arguments,
    endpoints::endpoints,
    kit::Kit,
    observers::{Observers, Sources},
    preflight,
    pump::{PumpHandle, pump},
    ready,
    stage::{Late, Report, Stage},
    target,
    undoing::Undoing,
};
use crate::{
    commands::{
        Global, Playing,
        config::{self, Preferences},
        prepare::{Company, Helpers, Prepared, Refusal, prepare},
    },
    provider::{Providers, python::Prints},
    runner::{Pace, Request, Signal, plan},
    session::{
        Command, Session, What,
        clock::Clock,
        event::{Level, Timestamp},
        journal::{Journal, Machine},
        recording::RecordingThread,
        stream::{self, Emitter},
    },
};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// Orders that may wait for the session.
const ORDERS: usize = 64;

/// The stream with its reader, and whatever has to be ended with the session.
pub struct Assembly {
    /// Takes what is told.
    pub emitter: Emitter,
    /// Stamps it.
    pub clock: Clock,
    /// The session as it becomes.
    pub shown: watch::Receiver<Session>,
    /// Passes events on.
    pub handle: PumpHandle,
    helpers: Helpers,
    stop: CancellationToken,
    pumping: JoinHandle<()>,
}

impl Assembly {
    /// Begins to read a stream that nobody writes yet, and to record it if somebody asks for that.
    pub fn new(recorder: Option<RecordingThread>) -> Self {
        let clock = Clock::system();
        let (emitter, stream) = stream::stream(clock);
        let (pump, handle, shown) = pump(stream, Journal::new(Machine::this()), recorder);
        let stop = CancellationToken::new();
        let pumping = tokio::spawn(pump.run(stop.clone()));
        Self { emitter, clock, shown, handle, helpers: Helpers::default(), stop, pumping }
    }

    /// Loads, validates and resolves; starts the sandbox if one is asked for.
    pub async fn prepare(
        &mut self,
        global: &Global,
        arguments: &Arguments,
        playing: &Playing,
        pace: Pace,
        signals: mpsc::Sender<Signal>,
    ) -> Result<Prepared, Refusal> {
        let company =
            Company { emitter: &self.emitter, signals, prints: Prints::Heard, pace, notifies: false };
        prepare(&arguments.source, playing, global.settings.as_ref(), company, &mut self.helpers).await
    }

    /// Takes down what was started for a preparation that is not played.
    pub async fn discard(&mut self) {
        std::mem::take(&mut self.helpers).end().await;
    }

    /// Opens the session: connects, watches the cluster, looks up targets.
    pub async fn stage(
        &self,
        arguments: &Arguments,
        preferences: &Preferences,
        prepared: Prepared,
    ) -> Staged {
        let Prepared { request, providers, cluster, guards, .. } = prepared;
        let connection = ready::connection(&request, &providers).await;
        let context = connection.as_ref().map(|connection| connection.context().to_owned());
        let opened = What::SessionOpened {
            source: arguments.source.clone(),
            allowed: ready::allowed(context.as_deref(), &preferences.allow_contexts),
            context,
            namespace: connection.as_ref().map_or("default", |it| it.namespace()).to_owned(),
        };
        self.emitter.emit(opened).await;
        self.emitter.emit(What::BudgetSet { seconds: preferences.budget }).await;
        self.emitter.emit(What::GuardsSet(guards)).await;
        let endpoints = endpoints(&request, preferences, &providers.environment());
        let users = endpoints.first().map(|first| first.url.clone());
        let sources = self.breaker_sources(&request, preferences).await;
        let named = sources.named.clone();
        let mut observers =
            Observers::new(self.emitter.clone(), self.handle.taps.clone(), endpoints, sources);
        let tap = self.handle.taps.open();
        let places = target::Places {
            providers: providers.clone(),
            allowed: preferences.allow_contexts.clone(),
            session: self.shown.clone(),
        };
        observers.spawn(target::cards(request.clone(), places, self.emitter.clone(), tap));
        if let Some(connection) = &connection {
            observers.watch_cluster(connection, &request).await;
        }
        let plan = plan(&request, &providers);
        let touches = connection.is_some() || ready::touches_cluster(&request);
        let kit = touches.then(|| providers.clone());
        let record = arguments.looks.record.as_deref();
        let kit = Kit::new(kit, self.emitter.clone(), self.shown.clone(), record);
        if touches && !arguments.watching.read_only {
            let destructive = plan.steps.iter().filter(|step| step.destructive).map(|step| step.at).collect();
            let tap = self.handle.taps.open();
            observers.spawn(kit.clone().follow(request.clone(), destructive, tap));
        }
        let look = preflight::Look {
            request: request.clone(),
            plan,
            providers: providers.clone(),
            settings: cluster,
            connection: connection.clone(),
            users,
            named,
        };
        observers.spawn(preflight::look(look, self.emitter.clone()));
        // A cluster that a step makes or chooses is watched as soon as it is there.
        let late = (touches && connection.is_none()).then(|| Late {
            request: request.clone(),
            providers: providers.clone(),
            allowed: preferences.allow_contexts.clone(),
        });
        let stage = Stage {
            emitter: self.emitter.clone(),
            handle: self.handle.clone(),
            shown: self.shown.clone(),
            journal_path: arguments.playing.journal_path.clone(),
            observers,
            undo: Undoing::new(kit, self.shown.clone()),
            late,
            done: CancellationToken::new(),
            leave: CancellationToken::new(),
        };
        Staged { stage, request, providers }
    }

    /// Where the breaker's state is looked for besides the usual places: the command line's, the experiment's and the
    /// config file's.
    async fn breaker_sources(&self, request: &Request, preferences: &Preferences) -> Sources {
        let (declared, rules, faults) = config::breaker::declared(request.experiment.extension("chaos-tui"));
        for message in faults {
            let (level, target) = (Level::Warning, "breaker".to_owned());
            self.emitter.emit(What::Logged { level, target, message }).await;
        }
        let mut named = preferences.breaker_sources.clone();
        named.extend(declared);
        // The experiment knows its services better than a file about all of them.
        let rules = rules.into_iter().chain(preferences.breaker_series.clone()).collect();
        Sources { passive: preferences.passive, named, rules }
    }

    /// Ends everything that is left; gives the session as it ended, and `None` where its writer broke.
    pub async fn end(self) -> (Option<Session>, Timestamp) {
        self.helpers.end().await;
        self.stop.cancel();
        // What a panic of it said, the hook has spoken.
        let ended = self.pumping.await;
        let session = self.shown.borrow().clone();
        (ended.ok().map(|()| session), self.clock.now())
    }
}

/// A session that may begin.
pub struct Staged {
    stage: Stage,
    request: Request,
    providers: Arc<Providers>,
}

impl Staged {
    /// Begins to ask as users do, before anything is played.
    pub async fn observe(&mut self) {
        self.stage.observers.observe(true).await;
    }

    /// Runs something with the observers.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.stage.observers.spawn(task);
    }

    /// Plays the experiment.
    pub fn play(self, signals: mpsc::Receiver<Signal>) -> Running {
        let Self { stage, request, providers } = self;
        Running::of(stage, |stage, ordered| tokio::spawn(stage.play(request, providers, signals, ordered)))
    }

    /// Only shows what would be played.
    pub async fn look_only(self) -> Running {
        let Self { stage, request, providers } = self;
        stage.emitter.emit(What::Planned(plan(&request, &providers))).await;
        Running::of(stage, |stage, ordered| tokio::spawn(stage.look_only(ordered)))
    }
}

/// A session that goes on.
pub struct Running {
    /// Takes the operator's orders.
    pub orders: mpsc::Sender<Command>,
    /// Fires when the run has ended and its journal is written.
    pub done: CancellationToken,
    leave: CancellationToken,
    task: JoinHandle<Report>,
}

impl Running {
    fn of(stage: Stage, start: impl FnOnce(Stage, mpsc::Receiver<Command>) -> JoinHandle<Report>) -> Self {
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (done, leave) = (stage.done.clone(), stage.leave.clone());
        Self { orders, done, leave, task: start(stage, ordered) }
    }

    /// Stops watching, and what still runs.
    pub async fn end(self) -> Report {
        self.leave.cancel();
        self.task.await.unwrap_or_else(|failed: JoinError| Report::broken(super::observers::words_of(failed)))
    }
}
