//! The handle of a container for other tasks: its logs, its environment, and signals to its process.

use super::logs::Log;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::mpsc;

/// The state shared between a container's task and its users.
#[derive(Debug)]
pub(super) struct ContainerHandle {
    logs: Mutex<Logs>,
    running: AtomicBool,
    /// The environment of the current run.
    environment: Mutex<Vec<(String, String)>>,
    /// Signals to be sent to the process.
    signals: mpsc::Sender<i32>,
}

#[derive(Debug, Default)]
struct Logs {
    current: Option<Log>,
    previous: Option<Log>,
}

/// Marks a container as running until it is dropped.
pub(super) struct Running(Arc<ContainerHandle>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}

impl ContainerHandle {
    /// Creates a handle and the receiver of the signals sent through it.
    pub(super) fn new() -> (Self, mpsc::Receiver<i32>) {
        let (signals, receiver) = mpsc::channel(4);
        let (logs, environment) = Default::default();
        (Self { logs, running: AtomicBool::new(false), environment, signals }, receiver)
    }

    /// Opens the log of a new run. The log of the previous run is kept, older logs are dropped.
    pub(super) fn begin(&self, environment: &[(String, String)]) -> Log {
        *self.environment.lock().unwrap_or_else(PoisonError::into_inner) = environment.to_vec();
        let log = Log::new();
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.previous = logs.current.replace(log.clone());
        log
    }

    /// Marks the container as running until the returned guard is dropped.
    pub(super) fn mark_running(self: &Arc<Self>) -> Running {
        self.running.store(true, Ordering::Release);
        Running(Arc::clone(self))
    }

    /// Returns whether a process is running.
    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Returns the log of the current or the previous run.
    pub(super) fn log(&self, previous: bool) -> Option<Log> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if previous { logs.previous.clone() } else { logs.current.clone() }
    }

    /// Returns the environment of the current run.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a signal to the process. Returns false when no process is running.
    pub(super) fn signal(&self, signal: i32) -> bool {
        self.is_running()
            && !matches!(self.signals.try_send(signal), Err(mpsc::error::TrySendError::Closed(_)))
    }
}
