//! A container as others see it: its logs, and a way to kill it.

use super::logs::Log;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Shared between a container's task and those who ask about it.
#[derive(Debug)]
pub(super) struct ContainerHandle {
    logs: Mutex<Logs>,
    running: AtomicBool,
    /// What the present run was told; the one before has no claim on it.
    environment: Mutex<Vec<(String, String)>>,
    /// Signals for the process, from outsiders.
    signals: mpsc::Sender<i32>,
}

#[derive(Debug, Default)]
struct Logs {
    current: Option<Log>,
    previous: Option<Log>,
}

/// Marks a container as running for as long as it is held.
pub(super) struct Running(Arc<ContainerHandle>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}

impl ContainerHandle {
    /// A handle, and the end at which the container's task hears of signals.
    pub(super) fn new() -> (Self, mpsc::Receiver<i32>) {
        let (signals, heard) = mpsc::channel(4);
        let (logs, environment) = Default::default();
        (Self { logs, running: AtomicBool::new(false), environment, signals }, heard)
    }

    /// Opens the log of a new run; that of the run before is kept, older ones are not.
    pub(super) fn begin(&self, environment: &[(String, String)]) -> Log {
        *self.environment.lock().unwrap_or_else(PoisonError::into_inner) = environment.to_vec();
        let log = Log::new();
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.previous = logs.current.replace(log.clone());
        log
    }

    /// Notes that a process runs, until the note is dropped.
    pub(super) fn runs(self: &Arc<Self>) -> Running {
        self.running.store(true, Ordering::Release);
        Running(Arc::clone(self))
    }

    /// Whether a process runs.
    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// The log of this run, or of the one before.
    pub(super) fn log(&self, previous: bool) -> Option<Log> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if previous { logs.previous.clone() } else { logs.current.clone() }
    }

    /// The environment of the present run.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signals the process as an outsider would. False when none runs.
    pub(super) fn signal(&self, signal: i32) -> bool {
        self.is_running()
            && !matches!(self.signals.try_send(signal), Err(mpsc::error::TrySendError::Closed(_)))
    }
}
