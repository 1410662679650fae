//! Finds the breaker sources of a service: on the pods behind the Service that users call, each queried on its own; if
//! pods cannot be queried, beside the users' URL; and those that the operator names.

use super::{
    consumer::{self, Consumer, KnownPods, PODS, Replica, ServiceName},
    server::Server,
    sources::{
        page_poller::{PageKind, ReaderOutput},
        page_route::PageRoute,
        prometheus::Rule,
        usual_pages::{self, NamedSource},
    },
};
use crate::{
    cluster::{Connection, Forward, ForwardTarget, Obstacle},
    provider::http::Access,
    session::event::{EventKind, Level, Source, SourceState},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// The interval between two lookups of the consumer's pods, and the timeout of a lookup.
const LOOK: Duration = Duration::from_secs(3);

/// Where to search for sources.
#[derive(Clone)]
pub struct DiscoveryTargets {
    pub users: String,
    /// The Service that they call, if it is known.
    pub service: Option<ServiceName>,
    /// Headers, credentials and trust for the server that users call, or the reason why they are unavailable.
    pub access: Result<Access, String>,
    /// The session's cluster, whose pods are queried one by one.
    pub cluster: Option<Connection>,
    /// Sources that the operator named.
    pub named: Vec<NamedSource>,
    /// The operator's rules for series.
    pub rules: Vec<Rule>,
    /// The users' requests per second.
    pub rate: f64,
}

impl fmt::Debug for DiscoveryTargets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = self.cluster.as_ref().map(Connection::context);
        f.debug_struct("Hunt").field("users", &self.users).field("cluster", &cluster).finish_non_exhaustive()
    }
}

/// The pods known from the session's stream, shared with the discovery.
pub(super) type SharedKnownPods = Arc<Mutex<KnownPods>>;

/// Searches for sources and reads those found, until `stop` is cancelled.
pub(super) async fn run(
    hunt: DiscoveryTargets,
    period: Duration,
    out: ReaderOutput,
    seen: SharedKnownPods,
    stop: CancellationToken,
) {
    let mut discovery = Discovery {
        targets: hunt,
        period,
        out,
        tasks: JoinSet::new(),
        pods: BTreeMap::new(),
        users_url_reader: None,
        logged: BTreeSet::new(),
    };
    discovery.named_urls(&stop).await;
    let mut consumer: Option<Consumer> = None;
    let mut reads_pods = discovery.targets.cluster.is_some();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = looks.tick() => {
                if !reads_pods {
                    discovery.read_users_url(&stop);
                    continue;
                }
                let now = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let looked = timeout(LOOK, discovery.look(&mut consumer, &now));
                let Some(looked) = stop.run_until_cancelled(looked).await else { return };
                let replicas = match looked {
                    Ok(Ok(replicas)) => replicas,
                    Ok(Err(why)) => {
                        discovery.emit(Level::Warning, format!("the consumer's pods cannot be looked up: {why}")).await;
                        None
                    }
                    Err(_) => None,
                };
                match replicas {
                    Some(replicas) => discovery.follow(replicas, &stop).await,
                    None if discovery.pods.is_empty() => discovery.read_users_url(&stop),
                    // The API server is busy: keep reading the pods known so far.
                    None => {}
                }
            }
            Some(ended) = discovery.tasks.join_next() => {
                if let Ok(Some(denied)) = ended
                    && reads_pods
                {
                    reads_pods = false;
                    discovery.pods.values().for_each(|(_, token)| token.cancel());
                    discovery.pods.clear();
                    discovery.users_url_reader = None;
                    discovery.emit(Level::Warning, format!(
                        "pods cannot be read one by one: {denied}. Grant `get` on pods/proxy (`chaos-tui rbac` prints a Role)"
                    )).await;
                    discovery.read_users_url(&stop);
                }
            }
        }
    }
}

struct Discovery {
    targets: DiscoveryTargets,
    period: Duration,
    out: ReaderOutput,
    /// Each task returns the refusal of the API server, if it met one.
    tasks: JoinSet<Option<String>>,
    /// The pods that are read, by namespace and name.
    pods: BTreeMap<(String, String), ((String, i32), CancellationToken)>,
    /// Stops the reading of pages beside the users' URL.
    users_url_reader: Option<CancellationToken>,
    /// The messages already logged.
    logged: BTreeSet<String>,
}

impl Discovery {
    async fn emit(&mut self, level: Level, message: String) {
        if self.logged.len() < 32 && self.logged.insert(message.clone()) {
            self.out.emitter.emit(EventKind::Logged { level, target: "breaker".to_owned(), message }).await;
        }
    }

    /// Reads the sources that are named by a whole URL.
    async fn named_urls(&mut self, stop: &CancellationToken) {
        let named = self.targets.named.clone();
        for (number, shown) in named.iter().enumerate() {
            let NamedSource::Url(url) = shown else { continue };
            match self.direct_server(url) {
                Ok((reach, path)) => {
                    let kind = usual_pages::kind(None, &path).unwrap_or(PageKind::Any);
                    let group = (kind, vec![path]);
                    let server = self.server(reach, None, String::new(), true, stop.clone());
                    let mark = NamedSource::mark(&named, number);
                    self.tasks.spawn(Server { mark, ..server }.read_group(group, None));
                }
                Err(why) => {
                    self.emit(Level::Warning, format!("the breaker source {shown} is not read: {why}")).await;
                }
            }
        }
    }

    /// The route to a URL. The experiment's headers and credentials are sent only to the users' own server.
    fn direct_server(&self, url: &str) -> Result<(PageRoute, String), String> {
        let origin = |url: &str| reqwest::Url::parse(url).ok().map(|url| url.origin());
        if origin(url) == origin(&self.targets.users) {
            PageRoute::direct(url, self.targets.access.as_ref().map_err(Clone::clone)?)
        } else {
            PageRoute::direct(url, &Access::default())
        }
    }

    fn server(
        &self,
        reach: PageRoute,
        pod: Option<String>,
        before: String,
        named: bool,
        stop: CancellationToken,
    ) -> Server {
        Server {
            route: reach,
            pod,
            before,
            named,
            mark: String::new(),
            at_users_url: false,
            period: self.period,
            rules: self.targets.rules.clone(),
            out: self.out.clone(),
            direct: Arc::default(),
            stop,
        }
    }

    /// Reads the pages beside the users' URL, and the named paths.
    fn read_users_url(&mut self, stop: &CancellationToken) {
        if self.users_url_reader.is_some() {
            return;
        }
        let token = stop.child_token();
        self.users_url_reader = Some(token.clone());
        let Ok((reach, _)) = self.direct_server(&self.targets.users) else { return };
        for (number, named) in self.targets.named.iter().enumerate() {
            let NamedSource::Path(path) = named else { continue };
            let kind = usual_pages::kind(None, path).unwrap_or(PageKind::Any);
            let server = self.server(reach.clone(), None, String::new(), true, token.clone());
            let mark = NamedSource::mark(&self.targets.named, number);
            self.tasks.spawn(Server { mark, ..server }.read_group((kind, vec![path.clone()]), None));
        }
        let server = self.server(reach, None, String::new(), false, token);
        self.tasks.spawn(Server { at_users_url: true, ..server }.read_groups(usual_pages::groups(0, None)));
    }

    /// The consumer's pods; `None` if the consumer is unknown or none of its pods has a port that is read.
    async fn look(
        &self,
        consumer: &mut Option<Consumer>,
        seen: &KnownPods,
    ) -> Result<Option<(Vec<Replica>, usize)>, String> {
        let Some(connection) = &self.targets.cluster else { return Ok(None) };
        if consumer.is_none() {
            *consumer = consumer::find(connection, &self.targets.users, self.targets.service.as_ref(), seen)
                .await
                .map_err(|error| error.to_string())?;
        }
        let Some(found) = consumer else { return Ok(None) };
        let found = consumer::replicas(connection, found, seen).await.map_err(|error| error.to_string())?;
        let named = self.targets.named.iter().any(|named| matches!(named, NamedSource::Port(..)));
        let some = |replica: &Replica| named || !replica.ports.is_empty() || replica.admin.is_some();
        let some = found.0.iter().any(some);
        Ok(some.then_some(found))
    }

    /// Starts reading new and restarted pods, and stops reading those that are gone.
    async fn follow(&mut self, (replicas, all): (Vec<Replica>, usize), stop: &CancellationToken) {
        if let Some(beside) = &self.users_url_reader
            && !beside.is_cancelled()
        {
            beside.cancel();
            for source in [Source::Health, Source::Metrics] {
                let state = SourceState::Absent { reason: "pods are read one by one".to_owned() };
                self.out.emitter.emit(EventKind::SourceChanged { source, state }).await;
            }
        }
        if all > PODS {
            self.emit(
                Level::Info,
                format!("of the consumer's {all} pods the first {PODS} are read for its breaker"),
            )
            .await;
        }
        let is_known = |key: &(String, String), life: &(String, i32)| {
            replicas.iter().any(|one| one.namespace == key.0 && one.name == key.1 && one.incarnation == *life)
        };
        self.pods.retain(|key, (life, token)| {
            let stays = is_known(key, life);
            if !stays {
                token.cancel();
            }
            stays
        });
        for replica in replicas {
            let key = (replica.namespace.clone(), replica.name.clone());
            if self.pods.contains_key(&key) {
                continue;
            }
            let token = stop.child_token();
            self.pods.insert(key, (replica.incarnation.clone(), token.clone()));
            self.read(&replica, &token);
        }
    }

    /// Reads pages on ports that the pod does not declare, where its processes may listen on loopback only, through
    /// port-forwards to the pod.
    fn read_undeclared(&mut self, client: &kube::Client, replica: &Replica, token: &CancellationToken) {
        let mut pages = Vec::new();
        for (number, named) in self.targets.named.iter().enumerate() {
            if let NamedSource::Port(port, path) = named
                && !replica.ports.iter().any(|(declared, _)| declared == port)
            {
                let kind = usual_pages::kind(Some(*port), path).unwrap_or(PageKind::Any);
                pages.push((
                    *port,
                    (kind, vec![path.clone()]),
                    Some(NamedSource::mark(&self.targets.named, number)),
                ));
            }
        }
        if let Some(port) = replica.admin {
            pages.push((port, usual_pages::admin(), None));
        }
        let Some(connection) = &self.targets.cluster else { return };
        for (port, group, named) in pages {
            let target =
                ForwardTarget::Pod { namespace: replica.namespace.clone(), pod: replica.name.clone(), port };
            let (connection, out, pod) = (connection.clone(), self.out.clone(), replica.name.clone());
            let is_named = named.is_some();
            let server = self.server(
                replica.route(client, port),
                Some(pod.clone()),
                port.to_string(),
                is_named,
                token.clone(),
            );
            let server = Server { mark: named.unwrap_or_default(), ..server };
            self.tasks.spawn(async move {
                let why = match Forward::start(&connection, target).await {
                    Err(error) => error.to_string(),
                    Ok(forward) => match forward.check().await {
                        Err(Obstacle::Broken(reason)) => format!("port-forward broken: {reason}"),
                        Ok(()) | Err(Obstacle::NoReadyPod | Obstacle::Refused) => {
                            let url = format!("http://{}/", forward.address());
                            let (route, _) = PageRoute::direct(&url, &Access::default()).ok()?;
                            // The API server's refusal concerns this page only.
                            Server { route, ..server }.read_group(group, None).await;
                            return None;
                        }
                    },
                };
                if is_named {
                    let (level, target) = (Level::Warning, "breaker".to_owned());
                    let message = format!("port {port} of pod {pod} is not read: {why}");
                    out.emitter.emit(EventKind::Logged { level, target, message }).await;
                }
                None
            });
        }
    }

    fn read(&mut self, replica: &Replica, token: &CancellationToken) {
        let Some(Ok(client)) = self.targets.cluster.as_ref().map(Connection::client) else { return };
        let direct = Arc::<AtomicBool>::default();
        self.read_undeclared(&client, replica, token);
        for (port, name) in &replica.ports {
            let reach = replica.route(&client, *port);
            let server =
                self.server(reach, Some(replica.name.clone()), port.to_string(), false, token.clone());
            let server = Server { direct: direct.clone(), ..server };
            for (number, one) in self.targets.named.iter().enumerate() {
                // A path may be on any of the ports; a path named with its port is never given up.
                let (path, named) = match one {
                    NamedSource::Port(wanted, path) if wanted == port => (path.clone(), true),
                    NamedSource::Path(path) => (path.clone(), false),
                    _ => continue,
                };
                let kind = usual_pages::kind(Some(*port), &path).unwrap_or(PageKind::Any);
                let mark = NamedSource::mark(&self.targets.named, number);
                let server = Server { named, mark, ..server.clone() };
                self.tasks.spawn(server.read_group((kind, vec![path]), None));
            }
            self.tasks.spawn(server.read_groups(usual_pages::groups(*port, name.as_deref())));
        }
    }
}
