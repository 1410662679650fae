//! Calls to the provider, each on a new connection: the Service then distributes calls over its pods, and a dead pod
//! fails one call instead of a pool of connections.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use std::{
    io,
    net::{IpAddr, SocketAddr},
};
use tokio::net::{TcpSocket, TcpStream, lookup_host};

/// The maximum size of a response body in bytes, more than any response of the provider needs.
const BODY_LIMIT: usize = 64 * 1024;

/// The reason why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("cannot connect to the provider: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the connection to the provider failed: {0}")]
    Http(#[from] hyper::Error),
    #[error("the provider's response body cannot be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("the provider answered {0}")]
    Status(hyper::StatusCode),
    #[error("the provider's URL is unusable: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("the provider did not answer within {0:?}")]
    TimedOut(std::time::Duration),
}

/// The provider, as a consumer reaches it.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    /// The base URL.
    pub url: Uri,
    /// The address to call from: the pod's own one, if it is known. In the sandbox all pods share one machine, and its
    /// network policies tell them apart by this address.
    pub source: Option<IpAddr>,
}

impl Upstream {
    async fn connect(&self) -> io::Result<TcpStream> {
        let host = self.url.host().unwrap_or("localhost").trim_matches(['[', ']']);
        let target = (host, self.url.port_u16().unwrap_or(80));
        let Some(source) = self.source else { return TcpStream::connect(target).await };
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "no address of the pod's family");
        for address in lookup_host(target).await?.filter(|address| address.is_ipv4() == source.is_ipv4()) {
            let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(SocketAddr::new(source, 0))?;
            match socket.connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

/// Calls the provider's `/invoke` and returns the body of a successful response. **There is no timeout**: callers add
/// their own.
pub(super) async fn invoke(upstream: &Upstream) -> Result<String, CallError> {
    let (stream, provider) = (upstream.connect().await?, &upstream.url);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/invoke")
        .header(header::HOST, provider.authority().map_or("provider", |authority| authority.as_str()))
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_LIMIT)
            .collect()
            .await
            .map_err(CallError::Body)?
            .to_bytes();
        if status.is_success() {
            Ok(String::from_utf8_lossy(&body).into_owned())
        } else {
            Err(CallError::Status(status))
        }
    };
    // The connection is polled together with the exchange, not spawned: dropping this future closes the socket.
    tokio::pin!(connection, exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(error.into()),
        },
    }
}
