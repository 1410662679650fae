//! A minimal HTTP server and client for a consumer on loopback: one request per connection.

use std::{future::Future, io, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The maximum size of a request head in bytes.
const HEAD: usize = 64 * 1024;

/// An HTTP answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The content type.
    pub kind: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Creates a JSON answer.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self { status, kind: "application/json", body: body.into() }
    }
}

/// Serves GET requests until the process ends.
pub async fn serve<S, F, R>(listener: TcpListener, state: Arc<S>, answer: F) -> io::Result<()>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, String) -> R + Clone + Send + 'static,
    R: Future<Output = Answer> + Send,
{
    loop {
        let (mut stream, _) = listener.accept().await?;
        let (state, answer) = (Arc::clone(&state), answer.clone());
        tokio::spawn(async move {
            let Ok(Some(path)) = asked(&mut stream).await else { return };
            let Answer { status, kind, body } = answer(state, path).await;
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            // The client may have closed the connection; then the answer is not needed.
            let _ = stream.write_all((head + &body).as_bytes()).await;
            let _ = stream.shutdown().await;
        });
    }
}

/// Reads a request and returns its path without the query.
async fn asked(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split_whitespace().nth(1).unwrap_or("/");
    Ok(Some(target.split('?').next().unwrap_or("/").to_owned()))
}

/// Fetches a page; any answer other than a complete 200 is an error.
pub async fn get(address: &str, path: &str) -> Result<String, ()> {
    let answered = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = answered.await.map_err(|_| ())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(())?;
    if head.split_whitespace().nth(1) == Some("200") { Ok(body.to_owned()) } else { Err(()) }
}
