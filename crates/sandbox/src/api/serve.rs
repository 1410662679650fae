//! The HTTP server: TLS on loopback, HTTP/1.1, graceful shutdown.

use super::{Api, Machine, guard::AccessGuard, handler, kubeconfig, tls};
use crate::{authorization::Policy, store::Store};
use axum::Router;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The timeout of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The grace period for open connections when the server stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// The listen address of the API and the names in its kubeconfig.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The listen address; port 0 selects a free port.
    pub address: SocketAddr,
    /// The name of the context, cluster and user in the kubeconfig.
    pub context: String,
    /// The namespace of the context in the kubeconfig.
    pub namespace: String,
    /// The `ServiceAccounts`, each of which has a context of its own in the kubeconfig.
    pub policy: Policy,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            context: "chaos-tui-sandbox".into(),
            namespace: "default".into(),
            policy: Policy::default(),
        }
    }
}

/// An error that prevents the API from being served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Listening on the address failed.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// The certificate could not be created.
    #[error(transparent)]
    Certificate(#[from] tls::CertificateError),
}

/// A running API server. Dropping this value does not stop the server, which then runs until the runtime ends: call
/// [`Serving::stop`].
#[derive(Debug)]
pub struct Serving {
    /// The listen address.
    pub address: SocketAddr,
    /// A kubeconfig for the server. It contains the token: write it with mode 0600.
    pub kubeconfig: String,
    /// The contexts of the `ServiceAccounts` in the kubeconfig.
    pub account_contexts: Vec<String>,
    stop: CancellationToken,
    accepting: JoinHandle<()>,
    connections: TaskTracker,
}

/// Serves the API of `store` on loopback, with TLS and a random token. Call this function after the cluster's first
/// objects exist: clients expect an initialised cluster.
pub async fn serve(
    store: Store,
    machine: Arc<dyn Machine>,
    settings: Settings,
) -> Result<Serving, ServeError> {
    let identity = tls::identity()?;
    let failed = |source| ServeError::Listen { address: settings.address, source };
    let listener = TcpListener::bind(settings.address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let kubeconfig = kubeconfig::text(&settings, address, &identity.certificate, &token);
    let account_contexts = settings.policy.accounts().iter().map(|it| settings.context_of(it)).collect();
    let stop = CancellationToken::new();
    let api = Api {
        store,
        machine,
        guard: AccessGuard::new(address, token),
        policy: settings.policy,
        stop: stop.clone(),
        evictions: Mutex::new(()),
    };
    let router = Router::new().fallback(handler::handle).with_state(Arc::new(api));
    let connections = TaskTracker::new();
    let accepting =
        tokio::spawn(accept(listener, identity.acceptor, router, stop.clone(), connections.clone()));
    Ok(Serving { address, kubeconfig, account_contexts, stop, accepting, connections })
}

impl Serving {
    /// Ends watches and followed logs, waits a short time for other responses to finish, and closes the listener.
    pub async fn stop(self) {
        self.stop.cancel();
        // The task only accepts connections; it ends when the token is cancelled and cannot fail.
        let _ = self.accepting.await;
        self.connections.close();
        let _ = timeout(SHUTDOWN_GRACE, self.connections.wait()).await;
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    stop: CancellationToken,
    connections: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // The handshake runs in the connection's own task, or one slow client would block the others.
            Ok((stream, _)) => {
                connections.spawn(attend(stream, acceptor.clone(), router.clone(), stop.clone()));
            }
            // Most likely there are no free file descriptors: wait for other connections to close.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves one connection until it ends. Connection errors are ignored.
async fn attend(stream: TcpStream, acceptor: TlsAcceptor, router: Router, stop: CancellationToken) {
    // Watch events are small and must not be delayed by Nagle's algorithm.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    let service = TowerToHyperService::new(router);
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // Clients commonly disconnect in the middle of a watch.
    drop(ended);
}
