//! One port of a Service: its listeners and its endpoints.

use super::{
    forward::forward,
    gate::Gate,
    listeners::Listeners,
    lock,
    propagation::{Delays, Propagation},
};
use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::Instant,
};

/// The maximum number of concurrent connections. At the limit new ones wait in the accept queue, as on a node whose
/// connection table is full.
const CONNECTIONS: usize = 4096;
/// The delay before listening or accepting again after an error (for example no free file descriptors).
const RETRY: Duration = Duration::from_millis(100);

/// The listeners of one Service port. Dropping it closes the listeners and all connections.
#[derive(Debug)]
pub(super) struct ServiceListener {
    wanted: watch::Sender<BTreeSet<SocketAddr>>,
    gates: Gates,
    task: JoinHandle<()>,
}

/// Shared with the task, so that dropping [`ServiceListener`] closes the listeners immediately: the next one may need
/// the same address.
type Gates = Arc<Mutex<Vec<Gate>>>;

impl ServiceListener {
    /// Binds the addresses; connections are refused until there are endpoints.
    ///
    /// # Errors
    /// Fails when an address does not belong to this machine or is in use.
    pub(super) fn open(
        addresses: &[SocketAddr],
        delays: Delays,
        lifelines: Arc<Listeners>,
    ) -> io::Result<Self> {
        let doors = addresses.iter().map(|address| Gate::shut(*address)).collect::<io::Result<Vec<_>>>()?;
        let (wanted, endpoints) = watch::channel(BTreeSet::new());
        let doors = Arc::new(Mutex::new(doors));
        let task = tokio::spawn(run(Arc::clone(&doors), endpoints, delays, lifelines));
        Ok(Self { wanted, gates: doors, task })
    }

    /// Sets the wanted endpoints; the network applies them after its delays.
    pub(super) fn set_endpoints(&self, endpoints: BTreeSet<SocketAddr>) {
        self.wanted.send_if_modified(|wanted| {
            let differs = *wanted != endpoints;
            *wanted = endpoints;
            differs
        });
    }
}

impl Drop for ServiceListener {
    fn drop(&mut self) {
        self.task.abort();
        lock(&self.gates).clear();
    }
}

async fn run(
    doors: Gates,
    mut wanted: watch::Receiver<BTreeSet<SocketAddr>>,
    delays: Delays,
    lifelines: Arc<Listeners>,
) {
    let mut propagation = Propagation::new(delays);
    let mut connections = JoinSet::new();
    let mut turn = 0_usize;
    loop {
        propagation.apply_due(Instant::now());
        let open = !propagation.routed().is_empty();
        let mut lost = false;
        for door in lock(&doors).iter_mut() {
            if let Err(error) = door.set_open(open) {
                tracing::warn!("a Service's port cannot be opened: {error}");
                lost = true;
            }
        }
        let retry = lost.then(|| Instant::now() + RETRY);
        let wake = propagation.next().into_iter().chain(retry).min();
        tokio::select! {
            changed = wanted.changed() => match changed {
                Ok(()) => propagation.set_wanted(Instant::now(), &wanted.borrow_and_update()),
                Err(_) => return,
            },
            () = until(wake) => {}
            accepted = accept(&doors), if connections.len() < CONNECTIONS => match accepted {
                Ok(client) => {
                    let routed = propagation.routed();
                    turn = turn.wrapping_add(1);
                    let Some(target) = routed.iter().nth(turn % routed.len().max(1)).copied() else { continue };
                    let lifelines = Arc::clone(&lifelines);
                    connections.spawn(async move { forward(client, target, &lifelines).await });
                }
                Err(error) => {
                    tracing::warn!("a Service cannot accept connections: {error}");
                    tokio::time::sleep(RETRY).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

async fn accept(doors: &Gates) -> io::Result<TcpStream> {
    std::future::poll_fn(|context| {
        lock(doors)
            .iter()
            .map(|door| door.poll_accept(context))
            .find(std::task::Poll::is_ready)
            .unwrap_or(std::task::Poll::Pending)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{super::Permits, *};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use tokio_util::sync::CancellationToken;

    /// A Service with one pod that echoes each byte.
    struct TestService {
        service: SocketAddr,
        pod: SocketAddr,
        front: ServiceListener,
        lifelines: Arc<Listeners>,
        life: CancellationToken,
        process: JoinHandle<()>,
    }

    impl TestService {
        async fn set(delays: Delays) -> Self {
            let service = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let lifelines = Arc::new(Listeners::default());
            let front = ServiceListener::open(&[service], delays, Arc::clone(&lifelines)).unwrap();
            let (pod, process) = echo("127.0.0.1:0").await;
            let life = lifelines.begin(&[pod]);
            front.set_endpoints(BTreeSet::from([pod]));
            Self { service, pod, front, lifelines, life, process }
        }

        async fn connect(&self) -> TcpStream {
            loop {
                match TcpStream::connect(self.service).await {
                    Ok(client) => return client,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        }

        /// Ends the pod's process: its sockets close, and shortly after that its death is registered.
        async fn kill(&mut self) {
            self.process.abort();
            let _ = (&mut self.process).await;
            self.lifelines.end(&[self.pod], &self.life);
        }
    }

    async fn echo(address: &str) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let process = tokio::spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                clients.spawn(async move {
                    let (mut reader, mut writer) = client.split();
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
        (address, process)
    }

    async fn echoed(client: &mut TcpStream) -> u8 {
        client.write_all(b"x").await.unwrap();
        client.read_u8().await.unwrap()
    }

    /// Returns whether the client receives no data, no end of stream and no reset.
    async fn is_silent(client: &mut TcpStream) -> bool {
        let _ = client.write_all(b"x").await;
        tokio::time::timeout(Duration::from_millis(150), client.read_u8()).await.is_err()
    }

    #[tokio::test]
    async fn a_connection_reaches_the_pod_and_its_end_is_passed_on() {
        let stage = TestService::set(Delays::NONE).await;
        let mut client = stage.connect().await;
        assert_eq!(echoed(&mut client).await, b'x');
        client.shutdown().await.unwrap();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "the pod's end of stream arrives");
    }

    #[tokio::test]
    async fn traffic_to_a_dead_pod_is_swallowed_until_the_network_notices_and_refused_after_that() {
        let delays = Delays { removal: Duration::from_millis(400), addition: Duration::ZERO };
        let mut stage = TestService::set(delays).await;
        let mut established = stage.connect().await;
        echoed(&mut established).await;
        stage.kill().await;
        stage.front.set_endpoints(BTreeSet::new());

        let mut fresh = stage.connect().await;
        assert!(is_silent(&mut fresh).await, "a new connection is accepted and never answered");
        assert!(is_silent(&mut established).await, "an established connection goes silent, it is not reset");

        let refused = tokio::time::timeout(Duration::from_secs(10), async {
            while TcpStream::connect(stage.service).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        refused.await.expect("once noticed, connections are refused");
        assert!(is_silent(&mut fresh).await, "and what was swallowed before stays swallowed");
    }

    #[tokio::test]
    async fn a_swallowed_connection_stays_silent_after_the_pod_is_back() {
        let mut stage =
            TestService::set(Delays { removal: Duration::from_secs(60), addition: Duration::ZERO }).await;
        let mut established = stage.connect().await;
        echoed(&mut established).await;
        stage.kill().await;
        let mut fresh = stage.connect().await;
        assert!(is_silent(&mut fresh).await);

        let (_, process) = echo(&stage.pod.to_string()).await;
        stage.life = stage.lifelines.begin(&[stage.pod]);
        assert_eq!(echoed(&mut stage.connect().await).await, b'x', "the next connection is served");
        assert!(is_silent(&mut fresh).await);
        assert!(is_silent(&mut established).await);
        process.abort();
    }

    #[tokio::test]
    async fn connections_take_turns_and_one_of_two_hangs_when_one_of_two_is_dead() {
        let stage = TestService::set(Delays::NONE).await;
        let gone: SocketAddr = "127.0.0.1:1".parse().unwrap();
        stage.front.set_endpoints(BTreeSet::from([stage.pod, gone]));
        let mut silent = 0;
        let mut clients = Vec::new();
        for _ in 0..6 {
            let mut client = stage.connect().await;
            silent += usize::from(is_silent(&mut client).await);
            clients.push(client);
        }
        assert_eq!(silent, 3);
    }

    #[tokio::test]
    async fn what_the_rules_forbid_hangs_until_they_permit_it() {
        let stage = TestService::set(Delays::NONE).await;
        let mut established = stage.connect().await;
        echoed(&mut established).await;
        let source = established.local_addr().unwrap().ip();
        let pod = stage.pod;
        let rules: Permits = Arc::new(move |from, to| (from, to) != (source, pod));
        stage.lifelines.filter.set(Some(rules));
        assert!(is_silent(&mut established).await, "an established connection goes silent");
        assert!(is_silent(&mut stage.connect().await).await, "a new one is accepted and never answered");
        stage.lifelines.filter.set(None);
        assert_eq!(echoed(&mut stage.connect().await).await, b'x');
    }

    #[tokio::test]
    async fn closing_the_front_lets_go_of_everything() {
        let stage = TestService::set(Delays::NONE).await;
        let mut client = stage.connect().await;
        echoed(&mut client).await;
        drop(stage.front);
        assert!(matches!(client.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        assert!(TcpStream::connect(stage.service).await.is_err());
    }
}
