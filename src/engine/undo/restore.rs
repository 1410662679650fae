//! When the undo kit is put back: at once, or after the rollbacks of a run that turns to its end.

use super::UndoStore;
use crate::session::{Session, command::StepCommand};
use tokio::{sync::watch, task::JoinHandle};

/// The kit, and whether it was asked for.
pub(crate) struct Restoration {
    kit: UndoStore,
    /// Knows whether the run turns to its end by itself.
    session: watch::Receiver<Session>,
    asked: bool,
    /// Whether the operator told it to end: the run may not have heard yet.
    told: bool,
    task: Option<JoinHandle<()>>,
}

impl Restoration {
    /// Nobody asked yet.
    pub(crate) fn new(kit: UndoStore, session: watch::Receiver<Session>) -> Self {
        Self { kit, session, asked: false, told: false, task: None }
    }

    /// Hears what the operator told the run.
    pub(crate) fn stepped(&mut self, step: &StepCommand) {
        self.told |= matches!(step, StepCommand::Abort | StepCommand::Quit);
    }

    /// Puts back what was fired away: at once, or where the run turns to its end after what the file rolls back, since the kit then
    /// finds what is left. `over` says that no run is left that rollbacks could still be played of.
    pub(crate) fn asked(&mut self, over: bool) {
        match self.ends() && !over {
            true => self.asked = true,
            false => self.start(),
        }
    }

    /// Whether the run turns to its end. Read from the state, which misses nothing.
    fn ends(&self) -> bool {
        self.told || self.session.borrow().run.interrupted.is_some()
    }

    /// The run has ended, its rollbacks too.
    pub(crate) async fn run_ended(&mut self) {
        if std::mem::take(&mut self.asked) {
            self.start();
        }
        self.settle().await;
    }

    /// Waits until nothing is being put back.
    pub(crate) async fn settle(&mut self) {
        if let Some(task) = self.task.take() {
            // What a panic of it said, the hook has spoken.
            let _ = task.await;
        }
    }

    fn start(&mut self) {
        if self.task.as_ref().is_none_or(JoinHandle::is_finished) {
            self.task = Some(tokio::spawn(self.kit.clone().restore()));
        }
    }
}
