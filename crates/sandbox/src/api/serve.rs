//! The listener: TLS on loopback, HTTP/1.1, an end in good order.

use super::{Api, Machine, guard::AccessGuard, handler, kubeconfig, tls};
use crate::store::Store;
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

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long open answers may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where and under what name the API is served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// The name of the kubeconfig's context, cluster and user.
    pub context: String,
    /// The namespace of the kubeconfig's context.
    pub namespace: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            context: "chaos-tui-sandbox".into(),
            namespace: "default".into(),
        }
    }
}

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error(transparent)]
    Certificate(#[from] tls::CertificateError),
}

/// An API that is being served. Dropping it leaves it running until the runtime ends: call [`Serving::stop`].
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// A kubeconfig for it. It holds the token: write it with mode 0600.
    pub kubeconfig: String,
    stop: CancellationToken,
    accepting: JoinHandle<()>,
    connections: TaskTracker,
}

/// Serves the API of `store` on loopback, behind TLS and a random token. Call it when the cluster's first objects
/// are there: clients do not like a server that is still starting.
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
    let kubeconfig =
        kubeconfig::text(&settings.context, &settings.namespace, address, &identity.certificate, &token);
    let stop = CancellationToken::new();
    let api = Api {
        store,
        machine,
        guard: AccessGuard::new(address, token),
        stop: stop.clone(),
        evictions: Mutex::new(()),
    };
    let router = Router::new().fallback(handler::handle).with_state(Arc::new(api));
    let connections = TaskTracker::new();
    let accepting =
        tokio::spawn(accept(listener, identity.acceptor, router, stop.clone(), connections.clone()));
    Ok(Serving { address, kubeconfig, stop, accepting, connections })
}

impl Serving {
    /// Ends watches and logs, lets other answers finish for a moment, and closes the listener.
    pub async fn stop(self) {
        self.stop.cancel();
        // The task only waits for connections; it ends with the token and cannot fail.
        let _ = self.accepting.await;
        self.connections.close();
        let _ = timeout(FAREWELL, self.connections.wait()).await;
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
            // The handshake happens in the connection's own task, or one slow client would keep out the others.
            Ok((stream, _)) => {
                connections.spawn(attend(stream, acceptor.clone(), router.clone(), stop.clone()));
            }
            // Out of file descriptors, most likely: give the others time to close some.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves one connection to its end. What goes wrong on it is the client's affair.
async fn attend(stream: TcpStream, acceptor: TlsAcceptor, router: Router, stop: CancellationToken) {
    // Watch events are small and must not wait for more.
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
    // Clients that hang up in the middle of a watch are the rule.
    drop(ended);
}
