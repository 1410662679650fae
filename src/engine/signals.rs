//! Signals of the operating system, forwarded to the run.

use crate::runner::{Compat, Signal};
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinHandle,
};

/// Capacity of the signal channel; further signals carry no new information.
const WAITING: usize = 8;

/// Whether this process itself received SIGTERM.
static TERMINATED: AtomicBool = AtomicBool::new(false);

/// Whether this process itself received SIGTERM.
pub(super) fn was_terminated() -> bool {
    TERMINATED.load(Ordering::Relaxed)
}

/// Records a signal that the process received.
pub(super) fn note(signal: Signal) {
    if signal == Signal::Terminate {
        TERMINATED.store(true, Ordering::Relaxed);
    }
}

/// Receives signals from its creation until it is dropped. Their default effect is gone for good.
pub(crate) struct Signals {
    sender: mpsc::Sender<Signal>,
    tasks: Vec<JoinHandle<()>>,
}

impl Signals {
    /// Receives all signals that runs handle; SIGHUP only where it is not supposed to kill the process.
    pub(crate) fn all(compat: Compat) -> io::Result<(Self, mpsc::Receiver<Signal>)> {
        let (mut signals, receiver) = Self::none();
        signals.next(SignalKind::interrupt(), Signal::Interrupt)?;
        signals.next(SignalKind::terminate(), Signal::Terminate)?;
        if !compat.ends_on_hangup() {
            signals.next(SignalKind::hangup(), Signal::HangUp)?;
        }
        signals.next(SignalKind::user_defined1(), Signal::User1)?;
        signals.next(SignalKind::user_defined2(), Signal::User2)?;
        Ok((signals, receiver))
    }

    /// Receives those that end a session while it has no screen yet; the others keep their default effect.
    pub(crate) fn endings() -> io::Result<(Self, mpsc::Receiver<Signal>)> {
        let (mut signals, receiver) = Self::none();
        signals.next(SignalKind::interrupt(), Signal::Interrupt)?;
        signals.next(SignalKind::terminate(), Signal::Terminate)?;
        signals.next(SignalKind::hangup(), Signal::HangUp)?;
        Ok((signals, receiver))
    }

    fn none() -> (Self, mpsc::Receiver<Signal>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { sender, tasks: Vec::new() }, receiver)
    }

    /// Returns the sender for signals that Python would have sent to the process.
    pub(crate) fn sender(&self) -> mpsc::Sender<Signal> {
        self.sender.clone()
    }

    fn next(&mut self, kind: SignalKind, meaning: Signal) -> io::Result<()> {
        let (mut signals, sender) = (signal(kind)?, self.sender.clone());
        self.tasks.push(tokio::spawn(async move {
            while signals.recv().await.is_some() {
                note(meaning);
                // A full channel holds enough signals already.
                let _ = sender.try_send(meaning);
            }
        }));
        Ok(())
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Ends the process as the unhandled signal would have ended it, so that the parent process sees the signal.
pub(crate) fn die_of(signal: Signal) -> ! {
    let number = match signal {
        Signal::Interrupt => libc::SIGINT,
        Signal::Terminate => libc::SIGTERM,
        Signal::HangUp => libc::SIGHUP,
        Signal::User1 => libc::SIGUSR1,
        Signal::User2 => libc::SIGUSR2,
    };
    // SAFETY: `signal` with `SIG_DFL` and `raise` take integers and touch no memory of ours. The handler that is
    // replaced only wrote into a pipe that is not read any more.
    unsafe {
        libc::signal(number, libc::SIG_DFL);
        libc::raise(number);
    }
    // Reached only if the signal is blocked, which nothing here does.
    std::process::exit(128 + number)
}
