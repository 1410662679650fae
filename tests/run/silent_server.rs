//! A server that accepts requests and never answers, or never completes its answer.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

pub(crate) struct Silent {
    pub url: String,
    requests: Receiver<()>,
}

impl Silent {
    /// Starts a server that never answers.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// Starts a server that announces a body length and sends only the beginning of the body.
    pub(crate) fn dribbling() -> Self {
        Self::with(|stream| {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nbegun";
            let _ = stream.write_all(head.as_bytes());
        })
    }

    fn with(answer: impl Fn(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, requests) = channel();
        thread::spawn(move || {
            let mut open = Vec::new();
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                answer(&mut stream);
                open.push(stream);
                if asked.send(()).is_err() {
                    return;
                }
            }
        });
        Self { url, requests }
    }

    /// Waits for a request.
    pub(crate) fn asked(&self) {
        self.requests.recv_timeout(Duration::from_secs(60)).expect("a request");
    }
}
