//! When the undo kit is put back: at once, or after the rollbacks of a run that is stopping.

use super::UndoStore;
use crate::session::{Session, command::StepCommand};
use tokio::{sync::watch, task::JoinHandle};

/// The kit, and whether the operator asked to put it back.
pub(crate) struct Restoration {
    kit: UndoStore,
    /// Shows whether the run is stopping.
    session: watch::Receiver<Session>,
    asked: bool,
    /// Whether the operator told the run to stop: the run may not have received that yet.
    stop_requested: bool,
    task: Option<JoinHandle<()>>,
}

impl Restoration {
    /// Creates the state before any request.
    pub(crate) fn new(kit: UndoStore, session: watch::Receiver<Session>) -> Self {
        Self { kit, session, asked: false, stop_requested: false, task: None }
    }

    /// Records whether the operator told the run to stop.
    pub(crate) fn stepped(&mut self, step: &StepCommand) {
        self.stop_requested |= matches!(step, StepCommand::Abort | StepCommand::Quit);
    }

    /// Puts back what was fired away: at once, or, if the run is stopping, after its rollbacks, since the kit then
    /// restores only what they left. `over` means that no run is left whose rollbacks could still be run.
    pub(crate) fn asked(&mut self, over: bool) {
        if self.ends() && !over { self.asked = true } else { self.start() }
    }

    /// Whether the run is stopping. Read from the session's state, which misses no event.
    fn ends(&self) -> bool {
        self.stop_requested || self.session.borrow().run.interrupted.is_some()
    }

    /// Handles the end of the run and its rollbacks.
    pub(crate) async fn run_ended(&mut self) {
        if std::mem::take(&mut self.asked) {
            self.start();
        }
        self.settle().await;
    }

    /// Waits until no restore is running.
    pub(crate) async fn settle(&mut self) {
        if let Some(task) = self.task.take() {
            // The panic hook has already reported a panic of the task.
            let _ = task.await;
        }
    }

    fn start(&mut self) {
        if self.task.as_ref().is_none_or(JoinHandle::is_finished) {
            self.task = Some(tokio::spawn(self.kit.clone().restore()));
        }
    }
}
