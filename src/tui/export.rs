//! Reports that a key writes. The screen starts the writing and shows what came of it; it never waits for a disk.

use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};

/// How long an operator who leaves waits for a report that is being written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes the reports of the session. The sentence says where they are, or why there are none.
pub type Export = Box<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>;

/// The reports that are being written, if any.
#[derive(Default)]
pub(super) struct Exporting(Option<JoinHandle<String>>);

impl Exporting {
    /// Starts the writing, unless it is under way.
    pub(super) fn start(&mut self, export: &Export) {
        if self.0.is_none() {
            self.0 = Some(tokio::spawn(export()));
        }
    }

    /// Waits for the end of the writing; for ever if there is none. Cancel-safe.
    pub(super) async fn ended(&mut self) -> String {
        let Some(task) = &mut self.0 else { return std::future::pending().await };
        let said = task.await;
        self.0 = None;
        // The panic hook has reported a panic.
        said.unwrap_or_else(|_| "no report was written: this is a bug in chaos-tui".to_owned())
    }

    /// Gives a report that is being written some time to get whole.
    pub(super) async fn finish(&mut self) {
        if self.0.is_some() {
            // After that the operator leaves all the same: the file is written whole or not at all.
            let _ = timeout(PATIENCE, self.ended()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio::sync::Notify;

    #[tokio::test(start_paused = true)]
    async fn reports_are_written_once_at_a_time_and_hold_up_nobody_for_long() {
        let (begun, written) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, until) = (begun.clone(), written.clone());
        let export: Export = Box::new(move || {
            let until = until.clone();
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move {
                until.notified().await;
                format!("wrote number {number}")
            })
        });
        let mut exporting = Exporting::default();
        exporting.start(&export);
        exporting.start(&export);
        assert!(timeout(Duration::from_secs(60), exporting.ended()).await.is_err(), "the disk hangs");
        written.notify_one();
        assert_eq!(exporting.ended().await, "wrote number 1");
        assert_eq!(begun.load(Ordering::Relaxed), 1);
        exporting.start(&export);
        timeout(PATIENCE * 2, exporting.finish()).await.unwrap();
    }
}
