//! Captures the output of extensions if it must not reach the terminal.

use super::super::{Listener, PythonEvent};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::Child,
};

/// The maximum number of bytes of a line; a longer line is split.
const LONGEST: u64 = 64 << 10;

/// Sends every line of the child's standard output and error to the listener, if they are piped.
pub(super) fn handle(child: &mut Child, listener: &Listener) {
    if let Some(stdout) = child.stdout.take() {
        tokio::spawn(emit_lines(stdout, listener.clone()));
    }
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(emit_lines(stderr, listener.clone()));
    }
}

async fn emit_lines(stream: impl AsyncRead + Unpin, listener: Listener) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        match (&mut stream).take(LONGEST).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
        listener(PythonEvent::Printed { line }).await;
    }
}
