//! Writes terminal output on a dedicated thread, so that a terminal that accepts no output blocks neither the handling
//! of keys and signals nor the rollbacks that they start.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// A buffered writer: a flush sends the buffered bytes to the writer thread. Clones write to the same terminal, each
/// with its own buffer.
pub(super) struct Output {
    bytes: Vec<u8>,
    chunks: mpsc::Sender<Vec<u8>>,
    progress: Arc<WriteProgress>,
}

/// The state that the writer thread shares with every [`Output`].
#[derive(Default)]
struct WriteProgress {
    /// The number of chunks that are sent but not written yet.
    pending: Mutex<usize>,
    written: Condvar,
    idle: Notify,
    failed: AtomicBool,
}

impl WriteProgress {
    fn pending(&self) -> MutexGuard<'_, usize> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Output {
    /// Starts the writer thread for `terminal`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start(mut terminal: impl Write + Send + 'static) -> io::Result<Self> {
        let (chunks, waiting) = mpsc::channel::<Vec<u8>>();
        let progress = Arc::<WriteProgress>::default();
        let done = progress.clone();
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            for chunk in waiting {
                if terminal.write_all(&chunk).and_then(|()| terminal.flush()).is_err() {
                    done.failed.store(true, Ordering::SeqCst);
                }
                let mut pending = done.pending();
                *pending -= 1;
                if *pending == 0 {
                    done.written.notify_all();
                    done.idle.notify_waiters();
                }
            }
        })?;
        Ok(Self { bytes: Vec::new(), chunks, progress })
    }

    /// Resolves once the terminal has accepted all chunks. Drawing earlier would only lengthen the queue.
    pub(super) async fn flushed(&self) {
        loop {
            let idle = self.progress.idle.notified();
            tokio::pin!(idle);
            // Registered before `pending` is checked, so that a notification in between is not missed.
            idle.as_mut().enable();
            if *self.progress.pending() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Blocks for at most `patience` until the terminal has accepted all chunks. Returns `false` on a timeout or after
    /// a write error.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut pending = self.progress.pending();
        while *pending > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            (pending, _) =
                self.progress.written.wait_timeout(pending, left).unwrap_or_else(PoisonError::into_inner);
        }
        !self.progress.failed.load(Ordering::SeqCst)
    }
}

impl Clone for Output {
    fn clone(&self) -> Self {
        Self { bytes: Vec::new(), chunks: self.chunks.clone(), progress: self.progress.clone() }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Sends the buffered bytes to the writer thread and never blocks. Fails after a write error.
    fn flush(&mut self) -> io::Result<()> {
        if self.progress.failed.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.bytes.is_empty() {
            return Ok(());
        }
        *self.progress.pending() += 1;
        self.chunks.send(std::mem::take(&mut self.bytes)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// A writer that accepts one chunk per message on its channel.
    struct HangingWriter(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Write for HangingWriter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            self.1.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_terminal_that_hangs_holds_up_nobody_and_gets_everything_in_order_later() {
        let ((go, permits), (seen, shown)) = (mpsc::channel(), mpsc::channel());
        let mut output = Output::start(HangingWriter(permits, seen)).unwrap();
        let mut other = output.clone();
        output.write_all(b"fra").unwrap();
        output.write_all(b"me").unwrap();
        output.flush().unwrap();
        assert_eq!(output.flushed().now_or_never(), None, "the next frame waits");
        other.write_all(b"restored").unwrap();
        other.flush().unwrap();
        assert!(!other.wait(Duration::ZERO));
        go.send(()).unwrap();
        go.send(()).unwrap();
        output.flushed().await;
        assert!(other.wait(Duration::ZERO));
        assert_eq!(shown.try_iter().collect::<Vec<_>>(), [b"frame".to_vec(), b"restored".to_vec()]);
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_told_with_the_next_frame() {
        let ((go, permits), (seen, _shown)) = (mpsc::channel(), mpsc::channel());
        drop(go);
        let mut output = Output::start(HangingWriter(permits, seen)).unwrap();
        output.write_all(b"frame").unwrap();
        output.flush().unwrap();
        output.flushed().await;
        assert!(output.flush().is_err());
        assert!(!output.wait(Duration::ZERO));
    }
}
