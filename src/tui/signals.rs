//! Signals that end, suspend or resume the session, as messages to the main loop.

use super::Msg;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that the live view handles.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    stop: Signal,
    resume: Signal,
}

impl Signals {
    /// Installs the signal handlers.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(libc::SIGTSTP))?,
            resume: signal(SignalKind::from_raw(libc::SIGCONT))?,
        })
    }

    /// Waits for the next signal. Cancel-safe.
    pub async fn next(&mut self) -> Msg {
        tokio::select! {
            _ = self.interrupt.recv() => Msg::Interrupted("SIGINT"),
            _ = self.terminate.recv() => Msg::Interrupted("SIGTERM"),
            _ = self.hangup.recv() => Msg::Closed,
            _ = self.stop.recv() => Msg::Suspend,
            _ = self.resume.recv() => Msg::Resumed,
        }
    }
}
