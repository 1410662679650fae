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

    /// Forgets the request: somebody else undoes the fault.
    pub(crate) fn forget(&mut self) {
        self.asked = false;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::undo::KitFiles;
    use crate::{
        experiment::Environment,
        provider::Providers,
        session::{
            Event, EventKind,
            clock::Clock,
            event::Level,
            stream::{Stream, stream},
        },
    };
    use std::sync::Arc;

    /// A kit of a session, and what it emits.
    fn kit() -> (Restoration, Stream, watch::Sender<Session>) {
        let (emitter, events) = stream(Clock::system());
        let (session, shown) = watch::channel(Session::new());
        let providers = Arc::new(Providers::new(Environment::default()));
        let kit = UndoStore::new(Some(providers), emitter, shown.clone(), KitFiles::default());
        (Restoration::new(kit, shown), events, session)
    }

    /// Whether a restore has run to its end.
    fn restored(events: &mut Stream) -> bool {
        let told: Vec<EventKind> = std::iter::from_fn(|| events.try_next()).map(|event| event.what).collect();
        match told.as_slice() {
            [] => false,
            [EventKind::UndoBegan, EventKind::UndoDone(_)] => true,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn while_the_run_goes_on_the_kit_is_put_back_at_once() {
        let (mut undo, mut events, _session) = kit();
        undo.stepped(&StepCommand::Next);
        undo.asked(false);
        undo.settle().await;
        assert!(restored(&mut events), "settled means that it has run to its end");
        undo.run_ended().await;
        assert!(!restored(&mut events), "once");
    }

    #[tokio::test]
    async fn while_the_run_stops_its_rollbacks_come_first() {
        for step in [StepCommand::Abort, StepCommand::Quit] {
            let (mut undo, mut events, _session) = kit();
            undo.stepped(&step);
            // A later command does not take the stop back.
            undo.stepped(&StepCommand::Next);
            undo.asked(false);
            undo.settle().await;
            assert!(!restored(&mut events), "{step:?}");
            undo.run_ended().await;
            assert!(restored(&mut events), "{step:?}");
            undo.run_ended().await;
            assert!(!restored(&mut events), "{step:?}: once");
        }
        let (mut undo, mut events, session) = kit();
        session.send_modify(|session| {
            let what = EventKind::Interrupted { reason: "SIGTERM".to_owned(), level: Level::Critical };
            session.apply(&Event { seq: 0, at: Clock::system().now(), what });
        });
        undo.asked(false);
        undo.settle().await;
        assert!(!restored(&mut events), "stopped by a signal");
        undo.run_ended().await;
        assert!(restored(&mut events));
    }

    #[tokio::test]
    async fn when_no_run_is_left_nothing_is_waited_for() {
        let (mut undo, mut events, _session) = kit();
        undo.stepped(&StepCommand::Quit);
        undo.asked(true);
        undo.settle().await;
        assert!(restored(&mut events));
    }

    #[tokio::test]
    async fn nothing_is_put_back_unasked() {
        let (mut undo, mut events, _session) = kit();
        undo.stepped(&StepCommand::Abort);
        undo.run_ended().await;
        assert!(!restored(&mut events));
    }
}
