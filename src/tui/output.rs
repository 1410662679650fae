//! What is written to the terminal, on a thread of its own: a terminal that takes no output holds up neither keys and signals
//! nor the rollbacks they lead to.

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

/// Collects bytes; a flush hands them to the thread. Clones write to the same terminal, each with bytes of its own.
pub(super) struct Output {
    bytes: Vec<u8>,
    chunks: mpsc::Sender<Vec<u8>>,
    progress: Arc<WriteProgress>,
}

/// What the thread has done so far.
#[derive(Default)]
struct WriteProgress {
    /// Chunks that are not written yet.
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
    /// Writes to `terminal` from here on.
    ///
    /// # Errors
    /// When the system has no thread left.
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

    /// Resolves once the terminal has taken everything: more would only queue up behind it.
    pub(super) async fn taken(&self) {
        loop {
            let idle = self.progress.idle.notified();
            tokio::pin!(idle);
            // Registered before looking, so that the end of a write in between is not missed.
            idle.as_mut().enable();
            if *self.progress.pending() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Waits on this thread until the terminal has taken everything; whether it has within `patience`.
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

    /// Hands over what was written so far; never waits. Fails once the terminal is gone.
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

    /// A terminal that takes a chunk when it is told to.
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
        let ((go, told), (seen, shown)) = (mpsc::channel(), mpsc::channel());
        let mut output = Output::start(HangingWriter(told, seen)).unwrap();
        let mut other = output.clone();
        output.write_all(b"fra").unwrap();
        output.write_all(b"me").unwrap();
        output.flush().unwrap();
        assert_eq!(output.taken().now_or_never(), None, "the next frame waits");
        other.write_all(b"restored").unwrap();
        other.flush().unwrap();
        assert!(!other.wait(Duration::ZERO));
        go.send(()).unwrap();
        go.send(()).unwrap();
        output.taken().await;
        assert!(other.wait(Duration::ZERO));
        assert_eq!(shown.try_iter().collect::<Vec<_>>(), [b"frame".to_vec(), b"restored".to_vec()]);
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_told_with_the_next_frame() {
        let ((go, told), (seen, _shown)) = (mpsc::channel(), mpsc::channel());
        drop(go);
        let mut output = Output::start(HangingWriter(told, seen)).unwrap();
        output.write_all(b"frame").unwrap();
        output.flush().unwrap();
        output.taken().await;
        assert!(output.flush().is_err());
        assert!(!output.wait(Duration::ZERO));
    }
}
