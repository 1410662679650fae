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

/// The signals that a run handles.
const ALL: [Signal; 7] = [
    Signal::Interrupt,
    Signal::Terminate,
    Signal::HangUp,
    Signal::Quit,
    Signal::User1,
    Signal::User2,
    Signal::CpuLimit,
];

/// Whether this process itself received SIGTERM.
static TERMINATED: AtomicBool = AtomicBool::new(false);

/// Whether this process itself received SIGTERM.
pub(super) fn was_terminated() -> bool {
    TERMINATED.load(Ordering::Relaxed)
}

/// Whether this process itself received any signal that a run handles.
static SIGNALLED: AtomicBool = AtomicBool::new(false);

/// Whether this process itself received any signal that a run handles.
pub(super) fn was_signalled() -> bool {
    SIGNALLED.load(Ordering::Relaxed)
}

/// Records a signal that the process received.
pub(super) fn note(signal: Signal) {
    SIGNALLED.store(true, Ordering::Relaxed);
    if signal == Signal::Terminate {
        TERMINATED.store(true, Ordering::Relaxed);
    }
}

/// Receives signals from its creation until it is dropped. Their default effect is gone for good.
///
/// Also from its creation on, SIGXFSZ has no effect: a write beyond the limit of a file's size fails instead, and the
/// part that writes reports it.
pub(crate) struct Signals {
    sender: mpsc::Sender<Signal>,
    tasks: Vec<JoinHandle<()>>,
}

impl Signals {
    /// Receives all signals that runs handle; those that the reference does not handle only where they are not supposed
    /// to kill the process.
    pub(crate) fn all(compat: Compat) -> io::Result<(Self, mpsc::Receiver<Signal>)> {
        let (mut signals, receiver) = Self::none()?;
        for signal in ALL.into_iter().filter(|signal| !compat.dies_of_signals() || signal.is_known()) {
            signals.next(signal)?;
        }
        Ok((signals, receiver))
    }

    /// Receives those that end a session while it has no screen yet.
    pub(crate) fn endings() -> io::Result<(Self, mpsc::Receiver<Signal>)> {
        Self::all(Compat::Safe)
    }

    fn none() -> io::Result<(Self, mpsc::Receiver<Signal>)> {
        // The handler stays when its receiver is dropped. Child processes do not inherit it, as they would an ignored
        // signal.
        drop(signal(SignalKind::from_raw(libc::SIGXFSZ))?);
        let (sender, receiver) = mpsc::channel(WAITING);
        Ok((Self { sender, tasks: Vec::new() }, receiver))
    }

    /// Returns the sender for signals that Python would have sent to the process.
    pub(crate) fn sender(&self) -> mpsc::Sender<Signal> {
        self.sender.clone()
    }

    fn next(&mut self, meaning: Signal) -> io::Result<()> {
        let kind = SignalKind::from_raw(number(meaning));
        let (mut signals, sender) = (signal(kind)?, self.sender.clone());
        self.tasks.push(tokio::spawn(async move {
            while signals.recv().await.is_some() {
                note(meaning);
                // A full channel holds enough signals already.
                let _ = sender.try_send(meaning);
                if meaning == Signal::CpuLimit {
                    // The kernel repeats it every second: a repetition does not ask to end the rollbacks.
                    break;
                }
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

/// The number that the system gives the signal.
fn number(signal: Signal) -> i32 {
    match signal {
        Signal::Interrupt => libc::SIGINT,
        Signal::Terminate => libc::SIGTERM,
        Signal::HangUp => libc::SIGHUP,
        Signal::Quit => libc::SIGQUIT,
        Signal::User1 => libc::SIGUSR1,
        Signal::User2 => libc::SIGUSR2,
        Signal::CpuLimit => libc::SIGXCPU,
    }
}

/// Ends the process as the unhandled signal would have ended it, so that the parent process sees the signal.
pub(crate) fn die_of(signal: Signal) -> ! {
    let number = number(signal);
    // SAFETY: `signal` with `SIG_DFL` and `raise` take integers and touch no memory of ours. The handler that is
    // replaced only wrote into a pipe that is not read any more.
    unsafe {
        libc::signal(number, libc::SIG_DFL);
        libc::raise(number);
    }
    // Reached only if the signal is blocked, which nothing here does.
    std::process::exit(128 + number)
}
