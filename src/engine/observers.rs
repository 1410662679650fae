//! The observers of a session: pods from the beginning, users and the breaker when the operator asks for them.

use super::bus::BusHandle;
use crate::{
    cluster::{Connection, Forwards, reach_named},
    experiment::{Secrets, substitute},
    observe::{
        absence::AbsenceDetector,
        breaker::{self, BreakerSettings, DiscoveryTargets, NamedSource, SeriesRule, ServiceName},
        endpoint::{self, EndpointSettings},
        kubelets, logs,
        pods::{self, InPlay, Interest},
        pulse, workload_recovery,
    },
    runner::{Redactor, RunRequest},
    session::{
        EventKind, Session,
        event::{Level, PlanChange, PodKey, Source, SourceState},
        stream::Emitter,
    },
};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Capacity of the channel of log requests.
const ASKED: usize = 16;

/// The observers of a session.
pub(super) struct Observers {
    emitter: Emitter,
    bus: BusHandle,
    endpoints: Vec<EndpointSettings>,
    /// Detects when this program itself did not run.
    pub presence: AbsenceDetector,
    stop: CancellationToken,
    /// Sends the pods whose log is requested, once a cluster is watched.
    logs: Option<mpsc::Sender<PodKey>>,
    /// Cancelled to stop probing users' endpoints; a new token each time probing starts.
    asking: Option<CancellationToken>,
    tasks: JoinSet<()>,
    /// What the operator asks for in the cluster.
    interest: watch::Sender<Interest>,
    sources: Sources,
    /// The cluster that is watched, if one is.
    cluster: Option<Connection>,
    /// The port-forwards to Services.
    forwards: Forwards,
}

/// What is read besides the answers to user requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Whether no user requests are sent.
    pub passive: bool,
    /// Sources named in the settings or the experiment.
    pub named: Vec<NamedSource>,
    pub rules: Vec<SeriesRule>,
}

impl Observers {
    /// Only the absence detector is running yet.
    pub(super) fn new(
        emitter: Emitter,
        bus: BusHandle,
        mut endpoints: Vec<EndpointSettings>,
        sources: Sources,
    ) -> Self {
        let stop = CancellationToken::new();
        let presence = AbsenceDetector::new(emitter.clock());
        for settings in &mut endpoints {
            settings.presence = presence.clone();
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(presence.clone().watch(emitter.clone(), stop.clone()));
        Self {
            emitter,
            bus,
            endpoints,
            presence,
            stop,
            logs: None,
            asking: None,
            tasks,
            interest: watch::Sender::default(),
            sources,
            cluster: None,
            forwards: Forwards::default(),
        }
    }

    /// The users' endpoints.
    pub(super) fn endpoints(&self) -> &[EndpointSettings] {
        &self.endpoints
    }

    /// The port-forwards, which end with the session.
    pub(super) fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// Looks for a way to the Services that are named as the users' endpoints.
    async fn reach_services(&mut self, connection: &Connection, in_play: &mut InPlay) {
        let others = in_play.namespaces().filter(|namespace| *namespace != connection.namespace());
        let namespaces: Vec<String> =
            std::iter::once(connection.namespace()).chain(others).map(str::to_owned).collect();
        for settings in &mut self.endpoints {
            let Some(service) = &settings.service else { continue };
            match reach_named(connection, service, &namespaces, &self.forwards).await {
                Ok(way) => {
                    in_play.add_service(&way.namespace, &way.name);
                    settings.go(way);
                }
                Err(error) => settings.unreached = Some(error.to_string()),
            }
        }
    }

    /// Watches the pods that the experiment names, and whether what a fault takes away comes back.
    pub(super) async fn watch_cluster(
        &mut self,
        connection: &Connection,
        request: &RunRequest,
        session: watch::Receiver<Session>,
    ) {
        self.cluster = Some(connection.clone());
        let mut in_play = InPlay::new(connection.namespace());
        let experiment = &request.experiment;
        let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
        for entry in probes.chain(experiment.method()).chain(experiment.rollbacks()) {
            let Ok(activity) = &entry.activity else { continue };
            let declared = activity.provider.raw.clone().into();
            let provider = substitute(&declared, &request.configuration, &Secrets::default());
            if let Some(provider) = provider.as_map() {
                in_play.add(activity, provider);
            }
        }
        self.reach_services(connection, &mut in_play).await;
        match pods::watch(
            connection,
            in_play,
            self.emitter.clone(),
            self.interest.subscribe(),
            self.stop.clone(),
        ) {
            Ok(watching) => {
                self.tasks.spawn(async move {
                    if let Err(failed) = watching.await
                        && failed.is_panic()
                    {
                        std::panic::resume_unwind(failed.into_panic());
                    }
                });
            }
            Err(error) => {
                let state = SourceState::Absent { reason: error.to_string() };
                self.emitter.emit(EventKind::SourceChanged { source: Source::Pods, state }).await;
            }
        }
        let (emitter, presence, stop) = (self.emitter.clone(), self.presence.clone(), self.stop.clone());
        self.tasks.spawn(pulse::watch(connection.clone(), emitter, presence, stop));
        let (emitter, presence, stop) = (self.emitter.clone(), self.presence.clone(), self.stop.clone());
        self.tasks.spawn(kubelets::watch(connection.clone(), emitter, presence, session, stop));
        let (ask, asked) = mpsc::channel(ASKED);
        self.logs = Some(ask);
        let redactor = Redactor::new(&request.secrets);
        let redact: logs::Redact = Arc::new(move |text| redactor.text(text));
        let (connection, tap) = (connection.clone(), self.bus.subscribe());
        self.tasks.spawn(logs::watch(
            connection,
            self.emitter.clone(),
            redact,
            asked,
            tap,
            self.stop.clone(),
        ));
        self.tasks.spawn(workload_recovery::watch(
            self.emitter.clone(),
            self.bus.subscribe(),
            self.stop.clone(),
        ));
    }

    /// Requests the log of a pod. If too many are requested at once, some are dropped and have to be requested again.
    pub(super) fn read_log(&self, pod: PodKey) {
        if let Some(logs) = &self.logs
            && let Err(refused) = logs.try_send(pod)
        {
            tracing::debug!("a log was not asked for: {refused}");
        }
    }

    /// Starts or stops probing users' endpoints and the breaker's sources.
    pub(super) async fn observe(&mut self, on: bool) {
        match (on, self.asking.take()) {
            (true, Some(asking)) => self.asking = Some(asking),
            (false, asking) => {
                asking.iter().for_each(CancellationToken::cancel);
                if self.sources.passive && asking.is_some() {
                    self.emitter.emit(EventKind::PassiveSet { on: false }).await;
                }
            }
            (true, None) if self.endpoints.is_empty() => {
                let message = "The experiment has no HTTP probe: name an endpoint with --watch URL to measure what users get.";
                let (level, target) = (Level::Warning, "users".to_owned());
                self.emitter.emit(EventKind::Logged { level, target, message: message.to_owned() }).await;
            }
            (true, None) => {
                let asking = self.stop.child_token();
                if self.sources.passive {
                    self.emitter.emit(EventKind::PassiveSet { on: true }).await;
                }
                for settings in self.endpoints.iter().filter(|_| !self.sources.passive) {
                    let watching = endpoint::watch(settings.clone(), self.emitter.clone(), asking.clone());
                    self.tasks.spawn(watching);
                }
                if let Some(first) = self.endpoints.first() {
                    let settings = self.breaker_of(first);
                    let tap = self.bus.subscribe();
                    self.tasks.spawn(breaker::watch(settings, self.emitter.clone(), tap, asking.clone()));
                }
                self.asking = Some(asking);
            }
        }
    }

    /// Returns the settings of the breaker behind a users' endpoint: sources are sought on its pods, or beside it.
    fn breaker_of(&self, endpoint: &EndpointSettings) -> BreakerSettings {
        let hunt = DiscoveryTargets {
            users: endpoint.url.clone(),
            service: service_of(endpoint),
            access: endpoint.access.clone(),
            cluster: self.cluster.clone(),
            named: self.sources.named.clone(),
            rules: self.sources.rules.clone(),
            rate: endpoint.rate,
        };
        let path = endpoint.url.parse::<reqwest::Url>().map(|url| url.path().to_owned());
        let mut settings = BreakerSettings::new(endpoint.id);
        settings.path = path.unwrap_or(settings.path);
        settings.presence = endpoint.presence.clone();
        BreakerSettings { discovery: Some(hunt), ..settings }
    }

    /// Probes another address from now on, if a fix says so.
    pub(super) async fn fix(&mut self, fix: &PlanChange) {
        let mut changed = false;
        for settings in &mut self.endpoints {
            if let Some(url) = fix.readdressed(&settings.url) {
                settings.way = self.forwards.at(&url);
                // The consumer is now known by another address: it and its pods come into play.
                self.interest.send_modify(|interest| {
                    interest.service =
                        settings.way.as_ref().map(|way| (way.namespace.clone(), way.name.clone()));
                    interest.users = Some(url.clone());
                });
                settings.url = url;
                changed = true;
            }
        }
        if changed && self.asking.is_some() {
            self.observe(false).await;
            self.observe(true).await;
        }
    }

    /// Searches for pods whose names contain `text`.
    pub(super) fn find(&self, text: String) {
        self.interest.send_modify(|interest| interest.sought = text);
    }

    /// From the first fire on no answer is learned as a real one. Read from the state, which misses no event.
    pub(super) fn stop_learning_at_fire(&mut self, mut session: watch::Receiver<Session>) {
        let faults: Vec<_> = self.endpoints.iter().map(|settings| settings.fault.clone()).collect();
        self.spawn(async move {
            // The wait also ends without a fire.
            let fired = session.wait_for(|session| session.t0().is_some()).await.is_ok();
            faults.iter().filter(|_| fired).for_each(CancellationToken::cancel);
        });
    }

    /// Learns no answer as a real one: a fault may be on.
    pub(super) fn stop_learning(&self) {
        self.endpoints.iter().for_each(|settings| settings.fault.cancel());
    }

    /// Learns what real answers are, from now until the first fire.
    pub(super) async fn learn_again(&mut self, session: watch::Receiver<Session>) {
        for settings in &mut self.endpoints {
            settings.fault = CancellationToken::new();
        }
        self.stop_learning_at_fire(session);
        if self.asking.is_some() {
            self.observe(false).await;
            self.observe(true).await;
        }
    }

    /// Runs a task with the observers that ends with them.
    pub(super) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Returns the panic message of the next observer that panicked; pends while all are well.
    pub(super) async fn broken(&mut self) -> String {
        loop {
            match self.tasks.join_next().await {
                Some(Err(failed)) if failed.is_panic() => return panic_message(failed.into_panic()),
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Stops all observers and waits for them.
    pub(super) async fn end(mut self) {
        self.stop.cancel();
        self.tasks.shutdown().await;
    }
}

/// The Service that users call, if it is known.
pub(super) fn service_of(endpoint: &EndpointSettings) -> Option<ServiceName> {
    let way = endpoint.way.as_ref()?;
    Some(ServiceName { namespace: way.namespace.clone(), name: way.name.clone() })
}

pub(super) fn panic_message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => {
            other.downcast::<&str>().map_or_else(|_| "no message".to_owned(), |text| (*text).to_owned())
        }
    }
}

/// Returns the panic message of a task, or why it ended otherwise.
pub(super) fn join_error_message(failed: tokio::task::JoinError) -> String {
    match failed.try_into_panic() {
        Ok(panic) => panic_message(panic),
        Err(other) => other.to_string(),
    }
}
