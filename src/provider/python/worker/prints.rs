//! The standard output and error of extensions. They never reach the terminal by themselves: what they print may hold
//! secrets and escape sequences.

use super::super::{Listener, PrintStream, PythonEvent};
use std::{
    io::{self, PipeReader, Read},
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};
use tokio::{
    net::unix::pipe,
    process::Child,
    sync::{mpsc, oneshot},
    time::timeout,
};

/// The maximum number of bytes of a line that are handed on together.
const LONGEST: usize = 64 << 10;
/// The maximum number of bytes that are read at once.
const CHUNK: usize = 16 << 10;
/// The maximum number of bytes of an answer's call that are waited for: another thread may print without end.
const TOGETHER: usize = 1 << 20;
/// How long an answer waits for what was printed before it, if the console takes no output.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pipes of one worker.
#[derive(Default)]
pub(super) struct Prints(Vec<mpsc::Sender<oneshot::Sender<()>>>);

impl Prints {
    /// Hands every line of the child's standard output and error to the listener.
    pub(super) fn forward(child: &mut Child, listener: &Listener) -> io::Result<Self> {
        let mut prints = Self::default();
        if let Some(stdout) = child.stdout.take() {
            prints.add(stdout.into_owned_fd()?, PrintStream::Stdout, listener)?;
        }
        if let Some(stderr) = child.stderr.take() {
            prints.add(stderr.into_owned_fd()?, PrintStream::Stderr, listener)?;
        }
        Ok(prints)
    }

    fn add(&mut self, pipe: OwnedFd, stream: PrintStream, listener: &Listener) -> io::Result<()> {
        // Both are the same pipe, which does not block.
        let pipe = pipe::Receiver::from_owned_fd(pipe)?;
        let direct = PipeReader::from(pipe.as_fd().try_clone_to_owned()?);
        let (ask, asked) = mpsc::channel(1);
        let lines = Lines { pipe, direct, pending: Vec::new(), stream, listener: listener.clone() };
        tokio::spawn(lines.read(asked));
        self.0.push(ask);
        Ok(())
    }

    /// Waits until everything printed so far was handed on: it precedes the answer that follows.
    pub(super) async fn drained(&self) {
        let all = async {
            for ask in &self.0 {
                let (reply, drained) = oneshot::channel();
                // An error means that the pipe has closed, and everything was handed on.
                if ask.send(reply).await.is_ok() {
                    let _ = drained.await;
                }
            }
        };
        let _ = timeout(PATIENCE, all).await;
    }
}

/// One pipe and the line that is not complete yet.
struct Lines {
    pipe: pipe::Receiver,
    /// Reads what is there, whether or not the runtime has noticed it yet.
    direct: PipeReader,
    pending: Vec<u8>,
    stream: PrintStream,
    listener: Listener,
}

impl Lines {
    async fn read(mut self, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
        let mut open = true;
        while open {
            tokio::select! {
                ready = self.pipe.readable() => {
                    let mut chunk = vec![0; CHUNK];
                    match ready.and_then(|()| self.pipe.try_read(&mut chunk)) {
                        Ok(length @ 1..) => self.take(chunk.get(..length).unwrap_or_default()).await,
                        // It was not ready after all.
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Ok(0) | Err(_) => open = false,
                    }
                }
                Some(reply) = asked.recv() => {
                    self.drain().await;
                    // The receiver has gone if it did not wait any longer.
                    let _ = reply.send(());
                }
            }
        }
        self.end_line().await;
    }

    /// Hands on everything that was printed so far.
    async fn drain(&mut self) {
        let mut total = 0;
        let mut chunk = vec![0; CHUNK];
        while total < TOGETHER
            && let Ok(length @ 1..) = self.direct.read(&mut chunk)
        {
            total += length;
            self.take(chunk.get(..length).unwrap_or_default()).await;
        }
        self.end_line().await;
    }

    async fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.pending.push(*byte);
            if *byte == b'\n' || self.pending.len() == LONGEST {
                self.hand_on().await;
            }
        }
    }

    /// Hands on a line without an end.
    async fn end_line(&mut self) {
        if !self.pending.is_empty() {
            self.hand_on().await;
        }
    }

    async fn hand_on(&mut self) {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        (self.listener)(PythonEvent::Printed { text, stream: self.stream }).await;
    }
}
