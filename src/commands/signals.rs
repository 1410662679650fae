//! Signals of the operating system, for whoever plays an experiment.

use crate::runner::Signal;
use std::io;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinHandle,
};

/// Signals that may wait to be heard; more of them say nothing new.
const WAITING: usize = 8;

/// Hears signals from the moment it is made until it is dropped. Their default effect is gone from then on.
pub struct Signals {
    sender: mpsc::Sender<Signal>,
    tasks: Vec<JoinHandle<()>>,
}

impl Signals {
    /// Begins to hear Ctrl-C only; the others still have their default effect.
    pub fn interrupts() -> io::Result<(Self, mpsc::Receiver<Signal>)> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut signals = Self { sender, tasks: Vec::new() };
        signals.hear(SignalKind::interrupt(), Signal::Interrupt)?;
        Ok((signals, receiver))
    }

    /// Begins to hear the others too.
    pub fn all(&mut self) -> io::Result<()> {
        self.hear(SignalKind::terminate(), Signal::Terminate)?;
        self.hear(SignalKind::hangup(), Signal::HangUp)?;
        self.hear(SignalKind::user_defined1(), Signal::User1)?;
        self.hear(SignalKind::user_defined2(), Signal::User2)
    }

    /// Where Python sends what it would have sent to the process.
    pub fn sender(&self) -> mpsc::Sender<Signal> {
        self.sender.clone()
    }

    fn hear(&mut self, kind: SignalKind, meaning: Signal) -> io::Result<()> {
        let (mut signals, sender) = (signal(kind)?, self.sender.clone());
        self.tasks.push(tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // A full channel holds the same message already.
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
