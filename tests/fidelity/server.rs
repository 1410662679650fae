//! A server on loopback whose answers are defined by the URL.
//!
//! - `/echo` and every unknown path: the request as JSON (verb, path, query, headers, body).
//! - `/answer?status=…&type=…&body=…&header=Name:value&pause=milliseconds`: this answer; without `type`, no
//!   `Content-Type`.
//! - `/file/…?type=…`: like `/answer`, for URLs that end in a file name.
//!   With `needs=…`, a request without that value as `Authorization` gets a 401.
//! - `/kv2/…` and `/kv1/…`: a secret in Vault's format, with the key `mine`.
//! - `/note?file=…`: like `/echo`, and appends the request to that file.
//! - `/to?status=302&url=…`: a redirect. `/drop`: closes the connection without an answer.

use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// The server; it ends with the test process.
pub(crate) struct Server {
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        Self { address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Answers the requests of one connection, one after the other.
fn serve(stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = Request::read(&mut reader) {
        if request.path == "/drop" {
            return;
        }
        let pause = request.parameter("pause").and_then(|text| text.parse().ok()).unwrap_or(0);
        // Delays the answer to test the client's timeout.
        thread::sleep(Duration::from_millis(pause));
        if stream.write_all(&request.answer()).is_err() {
            return;
        }
    }
}

struct Request {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let first = line(reader)?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (target.to_owned(), None),
        };
        let mut headers = Vec::new();
        loop {
            let header = line(reader)?;
            let Some((name, value)) = header.split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length =
            headers.iter().find(|(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { method, path, query, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn parameters(&self, name: &str) -> Vec<String> {
        let pairs =
            self.query.as_deref().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| String::from_utf8_lossy(&decoded(value)).into_owned())
            .collect()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// Returns the headers sorted, with lower-case names and the client's name replaced: none of these is significant.
    fn told_headers(&self) -> Vec<(String, String)> {
        let told = |(name, value): &(String, String)| {
            let clients = ["python-requests/", "chaos-tui/"];
            let named = clients.iter().any(|client| value.starts_with(client));
            (name.to_ascii_lowercase(), if named { "<client>".to_owned() } else { value.clone() })
        };
        let mut headers: Vec<_> = self.headers.iter().map(told).collect();
        headers.sort();
        headers
    }

    fn answer(&self) -> Vec<u8> {
        let mut headers = vec!["Server: fidelity".to_owned()];
        let mut status = "200".to_owned();
        let body = if self.path == "/to" {
            status = self.parameter("status").unwrap_or_else(|| "302".to_owned());
            headers.push(format!("Location: {}", self.parameter("url").unwrap_or_default()));
            Vec::new()
        } else if self.path.starts_with("/answer") || self.path.starts_with("/file/") {
            status = self.parameter("status").unwrap_or(status);
            headers.extend(self.parameter("type").map(|kind| format!("Content-Type: {kind}")));
            headers.extend(self.parameters("header"));
            let pairs = self.query.as_deref().unwrap_or_default().split('&');
            let body = pairs.filter_map(|pair| pair.strip_prefix("body=")).flat_map(decoded).collect();
            match self.parameter("needs") {
                Some(needed) if self.header("authorization") != needed => {
                    "401".clone_into(&mut status);
                    format!("{needed} is needed, not {}", self.header("authorization")).into_bytes()
                }
                _ => body,
            }
        } else if self.path.starts_with("/kv2/v1/secret/data/") {
            headers.push("Content-Type: application/json".to_owned());
            json!({"data": {"data": {"mine": 4711}, "metadata": {}}}).to_string().into_bytes()
        } else if self.path.starts_with("/kv1/v1/mnt/") {
            headers.push("Content-Type: application/json".to_owned());
            json!({"data": {"mine": 4711}}).to_string().into_bytes()
        } else {
            headers.push("Content-Type: application/json".to_owned());
            let asked = json!({
                "verb": self.method, "path": self.path, "query": self.query, "headers": self.told_headers(),
                "body": self.body,
            });
            let file = self.parameter("file").filter(|_| self.path == "/note");
            let file = file.map(|path| OpenOptions::new().append(true).create(true).open(path).unwrap());
            if let Some(mut file) = file {
                writeln!(file, "{asked}").unwrap();
            }
            asked.to_string().into_bytes()
        };
        let mut answer = format!("HTTP/1.1 {status} Told\r\n{}\r\n", headers.join("\r\n")).into_bytes();
        answer.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
        if self.method != "HEAD" {
            answer.extend(body);
        }
        answer
    }
}

/// Reads a line without its line end.
fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
    Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

/// Decodes percent encoding and `+`.
fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [a, b, after @ ..]) => {
                bytes.push(u8::from_str_radix(&String::from_utf8_lossy(&[*a, *b]), 16).unwrap_or(b'?'));
                rest = after;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    bytes
}
