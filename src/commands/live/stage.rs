//! What goes on behind the screen: the runner plays, observers watch, orders are carried to whom they concern.

use super::{
    doubt, guard,
    observers::{Observers, words_of},
    pump::PumpHandle,
    ready, safety,
    undoing::Undoing,
};
use crate::{
    provider::Providers,
    runner::{Again, Ending, Request, Signal, play},
    session::{Command, Session, What, event::Level, journal, stream::Emitter},
};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Orders that may wait for the runner, which always hears them.
const ORDERS: usize = 64;

/// Everything behind the screen.
pub struct Stage {
    /// Takes what is told.
    pub emitter: Emitter,
    /// Has the journal.
    pub handle: PumpHandle,
    /// The session as it becomes.
    pub shown: watch::Receiver<Session>,
    /// Where the journal goes.
    pub journal_path: PathBuf,
    /// Who watches.
    pub observers: Observers,
    /// Puts back what was fired away.
    pub undo: Undoing,
    /// What it takes to find the session's cluster, where it was not there at the beginning.
    pub late: Option<Late>,
    /// Fires when the run has ended and its journal is written.
    pub done: CancellationToken,
    /// Fires when the screen is gone for good.
    pub leave: CancellationToken,
}

/// Who looks for the session's cluster once something may have made it.
pub struct Late {
    /// What is played.
    pub request: Request,
    /// They choose the cluster.
    pub providers: Arc<Providers>,
    /// Contexts that need no typed name besides those on this machine.
    pub allowed: Vec<String>,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Report {
    /// How the run ended; `None` when none was played or it did not come to its end.
    pub ending: Option<Ending>,
    /// Whether the run was only looked at.
    pub looked: bool,
    /// Whether the journal could not be written.
    pub unwritten: Option<String>,
    /// Whether something of ours broke.
    pub bugs: bool,
    /// What it said.
    pub words: Vec<String>,
}

impl Report {
    /// A report of what broke before anything could be reported.
    pub fn broken(words: String) -> Self {
        Self { bugs: true, words: vec![words], ..Self::default() }
    }

    /// Whether `chaos run` would exit with 0.
    pub fn succeeded(&self) -> bool {
        self.unwritten.is_none() && (self.looked || self.ending.is_some_and(|ending| ending.succeeded()))
    }
}

impl Stage {
    /// Plays the experiment, and goes on watching after its end until the operator leaves.
    pub async fn play(
        mut self,
        request: Request,
        providers: Arc<Providers>,
        signals: mpsc::Receiver<Signal>,
        mut orders: mpsc::Receiver<Command>,
    ) -> Report {
        let mut report = Report::default();
        let (steps, stepped) = mpsc::channel(ORDERS);
        let mut tap = self.handle.taps.open();
        let (shown, emitter) = (self.shown.clone(), self.emitter.clone());
        let presence = self.observers.presence.clone();
        self.observers.mind_the_fault(shown.clone());
        self.observers.spawn(doubt::watch(shown.clone(), emitter.clock(), emitter.clone()));
        self.observers.spawn(guard::watch(shown, emitter.clock(), emitter, presence, steps.clone()));
        let again = Again::new(request.clone(), providers.clone());
        let mut running = tokio::spawn(play(request, providers, self.emitter.clone(), stepped, signals));
        let mut began = false;
        loop {
            tokio::select! {
                biased;
                ended = &mut running, if !self.done.is_cancelled() => {
                    match ended {
                        Ok(ending) => report.ending = Some(ending),
                        Err(failed) => self.broke(&mut report, words_of(failed)).await,
                    }
                    // Once the journal is made, all that the run told is in the state.
                    self.handle.journal().await;
                    let recovers = safety::begin(&self.shown, &self.emitter).await;
                    self.undo.run_ended().await;
                    self.write_journal(&mut report, began).await;
                    self.done.cancel();
                    if recovers {
                        self.recover(&again);
                    }
                }
                Some(order) = orders.recv() => {
                    if let Command::Fix(fix) = &order {
                        again.take(fix.clone());
                    }
                    self.carry(order, Some(&steps)).await;
                }
                Some(event) = tap.recv() => match event.what {
                    What::ActivityStarted { .. } => began = true,
                    What::ActivityEnded { .. } => self.find_cluster().await,
                    _ => {}
                },
                said = self.observers.broken() => self.broke(&mut report, said).await,
                () = self.leave.cancelled() => break,
            }
        }
        self.undo.settle().await;
        running.abort();
        self.observers.end().await;
        report
    }

    /// Watches the session's cluster from here on, if it is there by now.
    async fn find_cluster(&mut self) {
        let Some(late) = &self.late else { return };
        let Some(connection) = ready::connection(&late.request, &late.providers).await else { return };
        let found = What::ClusterFound {
            context: connection.context().to_owned(),
            namespace: connection.namespace().to_owned(),
            allowed: ready::allowed(Some(connection.context()), &late.allowed),
        };
        self.emitter.emit(found).await;
        self.observers.watch_cluster(&connection, &late.request).await;
        self.late = None;
    }

    /// Watches only.
    pub async fn look_only(mut self, mut orders: mpsc::Receiver<Command>) -> Report {
        let mut report = Report { looked: true, ..Report::default() };
        self.done.cancel();
        loop {
            tokio::select! {
                Some(order) = orders.recv() => self.carry(order, None).await,
                said = self.observers.broken() => self.broke(&mut report, said).await,
                () = self.leave.cancelled() => break,
            }
        }
        self.observers.end().await;
        report
    }

    /// Watches until the system has recovered from the run.
    fn recover(&mut self, again: &Again) {
        let (shown, emitter) = (self.shown.clone(), self.emitter.clone());
        let clock = emitter.clock();
        self.observers.spawn(safety::lead(again.clone(), shown, clock, emitter, true));
    }

    /// The observers obey what is about watching; the runner hears everything and tells it.
    async fn carry(&mut self, order: Command, runner: Option<&mpsc::Sender<Command>>) {
        // Only a way to look at what is there anyway: nothing that happened.
        if let Command::Find(text) = order {
            return self.observers.find(text);
        }
        self.undo.heard(&order, runner.is_none() || self.done.is_cancelled());
        if let Command::ReadLog(pod) = &order {
            self.observers.read_log(pod.clone());
        }
        if let Command::Fix(fix) = &order {
            self.observers.fix(fix).await;
        }
        let observe = match &order {
            Command::Observe(on) => Some(*on),
            // Whoever fires wants to know what users get.
            Command::Fire(_) => Some(true),
            _ => None,
        };
        if matches!(order, Command::Fire(_)) && runner.is_some() {
            self.observers.observe(true).await;
        }
        let untold = match runner {
            Some(runner) => runner.send(order).await.err().map(|refused| refused.0),
            None => Some(order),
        };
        if let Some(order) = untold {
            self.emitter.emit(What::Commanded(order)).await;
        }
        if let Some(on) = observe {
            self.observers.observe(on).await;
        }
    }

    /// Writes the journal, unless nothing was played. A run may end before its last events are heard here, such as those
    /// of a short rollback; once the journal is made, they are in the state.
    async fn write_journal(&self, report: &mut Report, began: bool) {
        let Some(journal) = self.handle.journal().await else { return };
        if !began && self.shown.borrow().steps.rows.iter().all(|row| row.calls == 0) {
            return;
        }
        match journal::write(&journal, &self.journal_path) {
            Ok(()) => {
                let path = self.journal_path.display().to_string();
                self.emitter.emit(What::JournalWritten { path }).await;
            }
            Err(error) => {
                report.unwritten = Some(error.to_string());
                self.tell(Level::Error, error.to_string()).await;
            }
        }
    }

    async fn broke(&self, report: &mut Report, said: String) {
        report.bugs = true;
        let message = format!("a part of chaos-tui broke, what it watched is not known any more: {said}");
        report.words.push(said);
        self.tell(Level::Critical, message).await;
    }

    async fn tell(&self, level: Level, message: String) {
        let target = "chaos-tui".to_owned();
        self.emitter.emit(What::Logged { level, target, message }).await;
    }
}
