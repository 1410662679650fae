//! A minimal HTTP client that distinguishes refused, silent and answered requests.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer, with its status and body.
    Answered(u16, String),
    /// Connected, but no answer within the timeout.
    Silent,
    /// The connection failed.
    Refused,
    /// The connection ended without an answer.
    Broken,
}

/// Returns the socket address of a base URL.
pub(crate) fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap()
}

/// Sends one request and waits for its answer.
pub(crate) fn ask(address: SocketAddr, request: &str, body: &str, patience: Duration) -> Outcome {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, patience) else { return Outcome::Refused };
    stream.set_read_timeout(Some(patience)).unwrap();
    let length = body.len();
    let text = format!(
        "{request}\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    if stream.write_all(text.as_bytes()).is_err() {
        return Outcome::Broken;
    }
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
        {
            Outcome::Silent
        }
        Ok(1..) => {
            let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
            let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
            status.zip(body).map_or(Outcome::Broken, |(status, body)| Outcome::Answered(status, body))
        }
        _ => Outcome::Broken,
    }
}

/// Sends a `GET` request for a path.
pub(crate) fn get(url: &str, path: &str, patience: Duration) -> Outcome {
    ask(address(url), &format!("GET {path} HTTP/1.1"), "", patience)
}
