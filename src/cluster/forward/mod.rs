//! A port-forward of our own: a local address whose connections lead to ready pods of a Service through the API server.
//!
//! Each connection goes to the next ready pod, as a Service balances connections. When a pod goes, its connections break
//! and the next ones go to another pod. What fails on the way, rather than at the pod, is recorded, so that the service is
//! neither blamed nor excused for it.

mod pods;
mod record;
#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;

use super::{Connection, Error, answer_text};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::Portforwarder};
use pods::{PodPort, serving, stays};
pub use record::Obstacle;
use record::Record;
use std::{
    collections::BTreeSet,
    fmt,
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, copy, split},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The timeout for opening a stream to a pod, and for any other request.
const DIAL: Duration = Duration::from_secs(5);
/// How long the list of ready pods is used for further connections.
const FRESH: Duration = Duration::from_millis(500);
/// The interval between two checks whether the API server answers.
const PULSE: Duration = Duration::from_millis(500);
/// The maximum number of pods that are tried for one connection.
const TRIES: usize = 3;
/// The maximum number of open connections, each of which is one to the API server.
const CONNECTIONS: usize = 256;
/// The time within which a stream's end tells whether its WebSocket broke.
const ENDING: Duration = Duration::from_millis(20);

/// Where a port-forward leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardTarget {
    Service {
        namespace: String,
        service: String,
        /// The name of the Service's port; empty if it has none.
        port_name: String,
    },
    Pod {
        namespace: String,
        pod: String,
        /// A port on which any process of the pod listens, be it on loopback only.
        port: u16,
    },
}

impl ForwardTarget {
    fn namespace(&self) -> &str {
        match self {
            Self::Service { namespace, .. } | Self::Pod { namespace, .. } => namespace,
        }
    }
}

/// `service/my-consumer-service`, `pod/my-app-5wz5k`.
impl fmt::Display for ForwardTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { service, .. } => write!(f, "service/{service}"),
            Self::Pod { pod, .. } => write!(f, "pod/{pod}"),
        }
    }
}

/// A port-forward. It ends when its last clone is dropped.
#[derive(Clone)]
pub struct Forward {
    inner: Arc<Inner>,
    address: SocketAddr,
    _stop: Arc<DropGuard>,
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forward({} to {})", self.address, self.inner.target)
    }
}

impl Forward {
    /// Listens on a free port of the loopback address. No request is sent before the first connection; then the API server
    /// is asked for its version until the end, to know when it holds up what users get.
    ///
    /// # Errors
    /// When no client can be created or no port is free.
    pub async fn start(connection: &Connection, target: ForwardTarget) -> Result<Self, Error> {
        let client = connection.client()?;
        let local = |source| Error::Forward { target: target.to_string(), source };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(local)?;
        let address = listener.local_addr().map_err(local)?;
        let inner = Inner {
            client,
            target,
            record: Record::default(),
            next: AtomicUsize::new(0),
            known: Mutex::default(),
        };
        let inner = Arc::new(inner);
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(inner.clone().listen(listener, stop.clone())));
        Ok(Self { inner, address, _stop: Arc::new(stop.drop_guard()) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn target(&self) -> &ForwardTarget {
        &self.inner.target
    }

    /// Opens one stream and closes it again, without sending anything.
    pub async fn check(&self) -> Result<(), Obstacle> {
        self.inner.open().await.map(drop)
    }

    /// Why the requests that are on their way now are held up by the API server, if they are.
    pub fn held_up(&self) -> Option<String> {
        self.inner.record.held_up()
    }

    /// Whether requests were held up by the API server at any time between two moments.
    pub fn was_held_up(&self, from: Instant, to: Instant) -> bool {
        self.inner.record.was_held_up(from, to)
    }

    /// What ended a request that was due at `from` and failed at `to`; `None` if it was the service itself.
    pub fn obstacle(&self, from: Instant, to: Instant, timed_out: bool) -> Option<Obstacle> {
        self.inner.record.obstacle(from, to, timed_out)
    }
}

struct Inner {
    client: Client,
    target: ForwardTarget,
    record: Record,
    /// Counts the connections, to take turns among the pods.
    next: AtomicUsize,
    /// The pods that were serving a moment ago.
    known: Mutex<Option<(Instant, Vec<PodPort>)>>,
}

/// A stream to a pod.
struct PodStream {
    pod: PodPort,
    forwarder: AbortedOnDrop,
    stream: DuplexStream,
}

/// Its WebSocket is closed when it is dropped, even if the API server does not answer.
struct AbortedOnDrop(Portforwarder);

impl Drop for AbortedOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Inner {
    async fn listen(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        // Of a pod's pages nobody asks what held them up.
        let mut unwatched = matches!(self.target, ForwardTarget::Service { .. });
        loop {
            match listener.accept().await {
                Ok((local, _)) => {
                    if std::mem::take(&mut unwatched) {
                        let watch = self.clone().watch_api_server();
                        tokio::spawn(stop.clone().run_until_cancelled_owned(watch));
                    }
                    let (inner, places, stop) = (self.clone(), places.clone(), stop.clone());
                    tokio::spawn(async move {
                        let Ok(_place) = places.try_acquire() else {
                            let reason = format!("more than {CONNECTIONS} connections are open");
                            return inner.record.note(Obstacle::Broken(reason));
                        };
                        stop.run_until_cancelled(inner.serve(local)).await;
                    });
                }
                // Too many open files, for example.
                Err(error) => {
                    self.record.note(Obstacle::Broken(error.to_string()));
                    sleep(PULSE).await;
                }
            }
        }
    }

    /// Asks for the version again and again. A refusal is an answer, too.
    async fn watch_api_server(self: Arc<Self>) {
        let mut ticks = interval(PULSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let begun = Instant::now();
            let reason = {
                let _timed = self.record.time();
                match timeout(DIAL, self.client.apiserver_version()).await {
                    Ok(Ok(_) | Err(kube::Error::Api(_))) => None,
                    Ok(Err(error)) => Some(answer_text(&error)),
                    Err(_) => Some(format!("the API server did not answer within {} s", DIAL.as_secs())),
                }
            };
            match reason {
                None => self.record.heard(),
                Some(reason) => self.record.unheard(begun, reason),
            }
        }
    }

    /// Serves one connection. An obstacle is recorded before the connection is closed, which happens at the return.
    async fn serve(&self, mut local: TcpStream) {
        // Small writes are requests and answers; they should not wait for more.
        let _ = local.set_nodelay(true);
        let ended = match self.open().await {
            Ok(stream) => self.transfer(&mut local, stream).await,
            Err(obstacle) => Err(obstacle),
        };
        if let Err(obstacle) = ended {
            tracing::debug!("port-forward to {}: {obstacle:?}", self.target);
            self.record.note(obstacle);
        }
    }

    /// Opens a stream to the next pod. A pod that is gone meanwhile is passed over.
    async fn open(&self) -> Result<PodStream, Obstacle> {
        let mut gone = BTreeSet::new();
        while gone.len() < TRIES {
            let serving = self.serving(!gone.is_empty()).await?;
            let mut left = serving.into_iter().filter(|pod| !gone.contains(&pod.pod)).collect::<Vec<_>>();
            if left.is_empty() {
                break;
            }
            let pod = left.swap_remove(self.next.fetch_add(1, Ordering::Relaxed) % left.len());
            let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.target.namespace());
            let opened = self.asked(pods.portforward(&pod.pod, &[pod.port])).await?;
            match opened.map(|mut forwarder| (forwarder.take_stream(pod.port), AbortedOnDrop(forwarder))) {
                Ok((Some(stream), forwarder)) => return Ok(PodStream { pod, forwarder, stream }),
                Ok((None, _)) => break,
                Err(error) if self.is_about_pod(&error, &pod).await? => {
                    gone.insert(pod.pod);
                }
                Err(error) => return Err(Obstacle::Broken(refusal(&error))),
            }
        }
        Err(Obstacle::NoReadyPod)
    }

    /// Whether a stream was refused because the pod is gone or ends, rather than on the way to it. A kubelet answers alike
    /// for a pod that ends and, through the API server, when it is away itself.
    async fn is_about_pod(&self, error: &kube::Error, pod: &PodPort) -> Result<bool, Obstacle> {
        match error {
            kube::Error::Api(status) if !matches!(status.code, 401 | 403 | 429) => {
                self.stays(pod).await.map(|stays| !stays)
            }
            _ => Ok(false),
        }
    }

    async fn stays(&self, pod: &PodPort) -> Result<bool, Obstacle> {
        let stays = self.asked(stays(&self.client, self.target.namespace(), pod)).await?;
        stays.map_err(|error| Obstacle::Broken(answer_text(&error)))
    }

    /// The pods that get traffic, from the latest list unless it is old or known to be wrong.
    async fn serving(&self, anew: bool) -> Result<Vec<PodPort>, Obstacle> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh = |(at, pods): &(Instant, Vec<PodPort>)| at.elapsed() < FRESH && !pods.is_empty();
        if let Some((_, pods)) = known.filter(|known| !anew && fresh(known)) {
            return Ok(pods);
        }
        let pods = self.asked(serving(&self.client, &self.target)).await?;
        let pods = pods.map_err(|error| Obstacle::Broken(answer_text(&error)))?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), pods.clone()));
        Ok(pods)
    }

    /// Sends a request to the API server, with a deadline, and records how long it takes.
    async fn asked<T>(&self, request: impl Future<Output = T>) -> Result<T, Obstacle> {
        let _timed = self.record.time();
        timeout(DIAL, request).await.map_err(|_| {
            Obstacle::Broken(format!("the API server did not answer within {} s", DIAL.as_secs()))
        })
    }

    /// Transfers bytes until either side ends.
    async fn transfer(&self, local: &mut TcpStream, mut pod: PodStream) -> Result<(), Obstacle> {
        let error = pod.forwarder.0.take_error(pod.pod.port);
        let (mut from_client, mut to_client) = local.split();
        let (mut from_pod, mut to_pod) = split(pod.stream);
        tokio::select! {
            // The client has hung up.
            () = pump(&mut from_client, &mut to_pod) => return Ok(()),
            _ = copy(&mut from_pod, &mut to_client) => {}
        }
        let error = async { if let Some(error) = error { error.await } else { None } };
        match timeout(ENDING, error).await {
            // The pod has closed the connection.
            Err(_) => Ok(()),
            // The kubelet's report of what happened at the pod.
            Ok(Some(reason)) if reason.contains("connection refused") => Err(Obstacle::Refused),
            Ok(Some(reason)) => {
                tracing::debug!("port-forward to {}: {reason}", self.target);
                Ok(())
            }
            Ok(None) => {
                // The WebSocket broke: because of the pod, or on the way to one that is well.
                let broken = || Obstacle::Broken(format!("the stream to pod/{} broke", pod.pod.pod));
                if self.stays(&pod.pod).await? { Err(broken()) } else { Ok(()) }
            }
        }
    }
}

/// Copies until the client has hung up. If the pod's side ends first, waits for the other direction to tell why.
async fn pump(client: &mut (impl AsyncRead + Unpin), pod: &mut (impl AsyncWrite + Unpin)) {
    if copy(client, pod).await.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        std::future::pending::<()>().await;
    }
}

/// Why the API server opens no stream.
fn refusal(error: &kube::Error) -> String {
    let answer = answer_text(error);
    match error {
        kube::Error::Api(status) if status.code == 403 => {
            format!("{answer}. Grant `get` and `create` on pods/portforward (manifests/rbac.yml)")
        }
        _ => answer,
    }
}
