//! The log of a container: a bounded ring of lines that can be read and followed.

use crate::api::{LogLines, LogOptions};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use jiff::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// The maximum number of lines kept per run; the oldest are dropped.
const LINES: usize = 5000;
/// The maximum number of bytes kept per run.
const BYTES: usize = 1 << 20;
/// The maximum length of a line in bytes; longer lines are split.
pub(super) const LINE: usize = 16 << 10;

/// The log of one run of a container. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Log(Arc<SharedLog>);

#[derive(Debug)]
struct SharedLog {
    ring: Mutex<Ring>,
    /// Notified for every new line and when the run ends.
    moved: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// The number of the oldest kept line.
    first: u64,
    ended: bool,
}

#[derive(Debug, Clone)]
struct LogLine {
    at: Timestamp,
    text: Bytes,
}

impl Log {
    pub(super) fn new() -> Self {
        Self(Arc::new(SharedLog { ring: Mutex::default(), moved: watch::Sender::new(()) }))
    }

    /// Appends a line, which must not contain a line ending.
    pub(super) fn push(&self, text: &[u8]) {
        let mut ring = self.lock();
        ring.bytes += text.len();
        ring.lines.push_back(LogLine { at: Timestamp::now(), text: Bytes::copy_from_slice(text) });
        while ring.lines.len() > LINES || ring.bytes > BYTES {
            let Some(oldest) = ring.lines.pop_front() else { break };
            ring.bytes -= oldest.text.len();
            ring.first += 1;
        }
        drop(ring);
        self.0.moved.send_replace(());
    }

    /// Marks the log as complete.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.0.moved.send_replace(());
    }

    /// Returns the requested lines: existing ones and, if the log is followed, new ones.
    pub(super) fn read(&self, options: &LogOptions) -> LogLines {
        let ring = self.lock();
        let wanted = |line: &LogLine| options.since.is_none_or(|since| line.at >= since);
        let skipped = ring.lines.iter().take_while(|line| !wanted(line)).count();
        let behind = ring.lines.len() - skipped;
        let cut = options.tail.map_or(0, |tail| behind.saturating_sub(tail));
        let next = ring.first + u64::try_from(skipped + cut).unwrap_or(0);
        let reader = LogReader {
            next,
            follow: options.follow,
            timestamps: options.timestamps,
            moved: self.0.moved.subscribe(),
            log: self.clone(),
        };
        drop(ring);
        Box::pin(stream::unfold(reader, LogReader::line))
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cursor into a log.
struct LogReader {
    log: Log,
    next: u64,
    follow: bool,
    timestamps: bool,
    moved: watch::Receiver<()>,
}

impl LogReader {
    async fn line(mut self) -> Option<(Bytes, Self)> {
        loop {
            let (line, ended) = {
                let ring = self.log.lock();
                // A reader that is too slow continues with the oldest kept line.
                self.next = self.next.max(ring.first);
                let place = usize::try_from(self.next - ring.first).unwrap_or(usize::MAX);
                (ring.lines.get(place).cloned(), ring.ended)
            };
            if let Some(line) = line {
                self.next += 1;
                return Some((line.render(self.timestamps), self));
            }
            if ended || !self.follow || self.moved.changed().await.is_err() {
                return None;
            }
        }
    }
}

impl LogLine {
    fn render(&self, timestamps: bool) -> Bytes {
        let mut bytes = BytesMut::with_capacity(self.text.len() + 32);
        if timestamps {
            bytes.put_slice(format!("{:.9} ", self.at).as_bytes());
        }
        bytes.put_slice(&self.text);
        bytes.put_u8(b'\n');
        bytes.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    async fn text(lines: LogLines) -> String {
        let lines: Vec<Bytes> = lines.collect().await;
        String::from_utf8(lines.concat()).unwrap()
    }

    fn log(lines: &[&str]) -> Log {
        let log = Log::new();
        for line in lines {
            log.push(line.as_bytes());
        }
        log
    }

    #[tokio::test]
    async fn a_part_can_be_asked_for() {
        let log = log(&["a", "b", "c"]);
        for (options, expected) in [
            (LogOptions::default(), "a\nb\nc\n"),
            (LogOptions { tail: Some(2), ..LogOptions::default() }, "b\nc\n"),
            (LogOptions { tail: Some(0), ..LogOptions::default() }, ""),
            (LogOptions { since: Some(Timestamp::MAX), ..LogOptions::default() }, ""),
        ] {
            assert_eq!(text(log.read(&options)).await, expected, "{options:?}");
        }
        let stamped = text(log.read(&LogOptions { timestamps: true, ..LogOptions::default() })).await;
        let (stamp, word) = stamped.lines().next().unwrap().split_once(' ').unwrap();
        assert_eq!((stamp.len(), word), ("2026-11-23T05:00:00.123456789Z".len(), "a"), "{stamp}");
    }

    #[tokio::test]
    async fn following_ends_with_the_run() {
        let log = log(&["a"]);
        let mut lines = log.read(&LogOptions { follow: true, ..LogOptions::default() });
        assert_eq!(lines.next().await.unwrap(), "a\n");
        log.push(b"b");
        assert_eq!(lines.next().await.unwrap(), "b\n");
        let rest = tokio::spawn(text(lines));
        log.push(b"c");
        log.end();
        assert_eq!(rest.await.unwrap(), "c\n");
    }

    #[tokio::test]
    async fn the_oldest_lines_make_room_and_a_slow_reader_goes_on() {
        let log = log(&["first"]);
        let mut lines = log.read(&LogOptions::default());
        for number in 0..LINES {
            log.push(number.to_string().as_bytes());
        }
        assert_eq!(lines.next().await.unwrap(), "0\n", "`first` has gone");
        let long = vec![b'x'; BYTES / 2];
        (0..3).for_each(|_| log.push(&long));
        assert_eq!(log.lock().lines.len(), 2);
    }
}
