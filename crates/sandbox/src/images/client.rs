//! Calls to the provider, each on a new connection: the Service then distributes calls over its pods, and a dead pod
//! fails one call instead of a pool of connections.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

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

/// Calls the provider's `/invoke` and returns the body of a successful response. **There is no timeout**: callers add
/// their own.
pub(super) async fn invoke(provider: &Uri) -> Result<String, CallError> {
    let host = provider.host().unwrap_or("localhost").trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, provider.port_u16().unwrap_or(80))).await?;
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
