//! A server that sends any configured answer, including invalid ones.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

pub(crate) struct Server {
    pub url: String,
}

impl Server {
    /// Always sends the same answer; `headers` ends with a line end.
    pub(crate) fn answering(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}\r\n").into_bytes();
        Self::bytes([head.as_slice(), body].concat())
    }

    /// Always sends these bytes.
    pub(crate) fn bytes(answer: Vec<u8>) -> Self {
        Self::with(move |stream| stream.write_all(&answer))
    }

    /// Sends a body of this length without holding it in memory.
    pub(crate) fn long(headers: &str, length: usize) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
        Self::with(move |stream| {
            stream.write_all(head.as_bytes())?;
            let part = vec![b'x'; 1 << 16];
            (0..length / part.len()).try_for_each(|_| stream.write_all(&part))
        })
    }

    /// Like [`Self::long`], with chunked transfer encoding.
    pub(crate) fn chunked(length: usize) -> Self {
        Self::with(move |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 1 << 16], b"\r\n"].concat();
            (0..length >> 16).try_for_each(|_| stream.write_all(&chunk))
        })
    }

    fn with(answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                // A client that has read enough closes the connection.
                let _ = answer(&mut stream);
            }
        });
        Self { url }
    }
}
