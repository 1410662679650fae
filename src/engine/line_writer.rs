//! Lines written by a task of their own: a console that takes no output blocks no other task.

use crate::printing::Printed;
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Capacity of the queue, in lines. Further lines are left out, and counted.
const WAITING: usize = 16_384;

/// Writes each line and its end at once: others write to the same place (Python's prints, child processes, a second run
/// with the same log file), and their output must not come in between.
pub(crate) struct LineWriter {
    queue: mpsc::Sender<Item>,
    writing: JoinHandle<()>,
    left_out: usize,
}

enum Item {
    Line(Printed),
    Flush(oneshot::Sender<()>),
}

impl LineWriter {
    /// Writes to `place`. Needs a runtime.
    pub(crate) fn start(place: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let (queue, items) = mpsc::channel(WAITING);
        Self { queue, writing: tokio::spawn(write(place, items)), left_out: 0 }
    }

    /// Writes to standard error. Needs a runtime.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub(crate) fn stderr() -> io::Result<Self> {
        Self::stream(io::stderr().as_fd())
    }

    /// Writes to standard output. Needs a runtime.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub(crate) fn stdout() -> io::Result<Self> {
        Self::stream(io::stdout().as_fd())
    }

    fn stream(stream: BorrowedFd<'_>) -> io::Result<Self> {
        // Not through `Stdout` or `Stderr`, because a blocked write would hold its lock.
        let file = std::fs::File::from(stream.try_clone_to_owned()?);
        Ok(Self::start(tokio::fs::File::from_std(file)))
    }

    /// Queues a line; never waits.
    pub(crate) fn line(&mut self, line: impl Into<Printed>) {
        let mut line = line.into();
        line.push("\n");
        self.queue(line);
    }

    /// Queues a text that ends its lines itself; never waits.
    pub(crate) fn text(&mut self, text: impl Into<Printed>) {
        self.queue(text.into());
    }

    /// Leaves a line out, and counts it.
    pub(crate) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    fn queue(&mut self, line: Printed) {
        if self.left_out > 0 {
            let notice = format!("... {} lines dropped here: the output was blocked\n", self.left_out);
            if let Ok(()) = self.queue.try_send(Item::Line(notice.into())) {
                self.left_out = 0;
            } else {
                self.left_out += 1;
                return;
            }
        }
        if self.queue.try_send(Item::Line(line)).is_err() {
            self.left_out += 1;
        }
    }

    /// Replies once everything so far is written, or at once if the queue is full.
    pub(crate) fn flush(&self, written: oneshot::Sender<()>) {
        // With a full queue, dropping the sender is the reply.
        let _ = self.queue.try_send(Item::Flush(written));
    }

    /// Waits until everything is written; for `patience` at most, if there is a limit.
    pub(crate) async fn finish(self, patience: Option<Duration>) {
        let Self { queue, writing, .. } = self;
        drop(queue);
        // The panic hook has already reported a panic of the task; late lines are not written.
        match patience {
            None => drop(writing.await),
            Some(patience) => drop(timeout(patience, writing).await),
        }
    }
}

async fn write(mut place: impl AsyncWrite + Unpin, mut items: mpsc::Receiver<Item>) {
    while let Some(item) = items.recv().await {
        match item {
            // A console that is gone, or a full disk, is no reason to stop halfway through an experiment.
            Item::Line(line) => drop(write_line(&mut place, line).await),
            // The receiver may be gone.
            Item::Flush(written) => drop(written.send(())),
        }
    }
}

async fn write_line(place: &mut (impl AsyncWrite + Unpin), line: Printed) -> io::Result<()> {
    place.write_all(line.as_str().as_bytes()).await?;
    place.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        pin::Pin,
        sync::{Arc, Mutex},
        task::{Context, Poll},
    };

    /// Records the content of each single write.
    #[derive(Clone, Default)]
    struct RecordedWrites(Arc<Mutex<Vec<String>>>);

    impl AsyncWrite for RecordedWrites {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.0.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn nobody_can_write_between_a_line_and_its_end() {
        let writes = RecordedWrites::default();
        let mut writer = LineWriter::start(writes.clone());
        writer.line("one");
        writer.finish(None).await;
        assert_eq!(*writes.0.lock().unwrap(), ["one\n"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_console_that_takes_nothing_holds_up_nobody_and_is_told_what_it_missed() {
        // Room for ten bytes; nothing is read yet.
        let (place, mut reader) = tokio::io::duplex(10);
        let mut writer = LineWriter::start(place);
        for _ in 0..WAITING + 100 {
            writer.line("a line of the run");
        }
        let (written, answer) = oneshot::channel();
        writer.flush(written);
        assert!(answer.await.is_err(), "there is no room for the question either");
        let reading = tokio::spawn(async move {
            let mut text = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut text).await.unwrap();
            text
        });
        while writer.queue.capacity() == 0 {
            tokio::task::yield_now().await;
        }
        while writer.left_out > 0 {
            writer.line("the last");
            tokio::task::yield_now().await;
        }
        writer.finish(None).await;
        let text = reading.await.unwrap();
        assert!(
            text.contains("lines dropped here: the output was blocked\nthe last\n"),
            "{}",
            &text[text.len() - 200..]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_a_slow_reader_unless_there_is_a_limit() {
        let (place, _reader) = tokio::io::duplex(1);
        let mut writer = LineWriter::start(place);
        writer.line("more than one byte");
        writer.finish(Some(Duration::from_secs(2))).await;
    }
}
