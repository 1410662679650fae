//! Signals that end, suspend or resume the session, as messages to the main loop.

use super::Msg;
use std::{future::poll_fn, io, task::Poll};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end the session, besides SIGHUP.
const ENDS: [(&str, i32); 6] = [
    ("SIGINT", libc::SIGINT),
    ("SIGTERM", libc::SIGTERM),
    ("SIGQUIT", libc::SIGQUIT),
    ("SIGUSR1", libc::SIGUSR1),
    ("SIGUSR2", libc::SIGUSR2),
    ("SIGXCPU", libc::SIGXCPU),
];

/// The signals that the live view handles.
pub struct Signals {
    /// Those that end the session, with their names and numbers.
    ends: Vec<(&'static str, i32, Signal)>,
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
        let ends = ENDS.map(|(name, number)| Ok((name, number, signal(SignalKind::from_raw(number))?)));
        Ok(Self {
            ends: ends.into_iter().collect::<io::Result<_>>()?,
            hangup: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(libc::SIGTSTP))?,
            resume: signal(SignalKind::from_raw(libc::SIGCONT))?,
        })
    }

    /// Waits for the next signal. Cancel-safe.
    pub async fn next(&mut self) -> Msg {
        tokio::select! {
            name = ended(&mut self.ends) => Msg::Interrupted(name),
            _ = self.hangup.recv() => Msg::Closed,
            _ = self.stop.recv() => Msg::Suspend,
            _ = self.resume.recv() => Msg::Resumed,
        }
    }
}

/// Waits for the next signal that ends the session, and returns its name. The kernel repeats SIGXCPU every second: only
/// the first one counts, so that it does not cut short the rollbacks. Cancel-safe.
async fn ended(ends: &mut Vec<(&'static str, i32, Signal)>) -> &'static str {
    let place = poll_fn(|context| {
        let arrived = ends.iter_mut().position(|(_, _, signal)| signal.poll_recv(context).is_ready());
        arrived.map_or(Poll::Pending, Poll::Ready)
    });
    let place = place.await;
    let (name, number) = (ends[place].0, ends[place].1);
    if number == libc::SIGXCPU {
        drop(ends.remove(place));
    }
    name
}
