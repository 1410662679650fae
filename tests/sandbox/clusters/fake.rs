//! A fake cluster that knows only how many pods it has.

use serde_json::json;
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

/// Answers requests until the test ends.
pub(super) struct Cluster(SocketAddr);

impl Cluster {
    /// Starts a cluster with this many pods.
    pub(super) fn start(pods: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || answer(stream, pods));
            }
        });
        Self(address)
    }

    /// Returns the server URL for a kubeconfig.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

fn answer(stream: TcpStream, pods: usize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut stream = stream;
    while let Some(Ok(request)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let items: Vec<_> =
            (0..pods).map(|number| json!({"metadata": {"name": format!("app-{number}")}})).collect();
        let (status, body) = if request.contains("/pods") {
            ("200 OK", json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}))
        } else {
            ("404 Not Found", json!({"kind": "Status", "apiVersion": "v1", "code": 404}))
        };
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}
