//! The guards of a run without a screen: watches what they need, and nothing for whoever asked for none.

use super::{
    doubt,
    endpoints::endpoints,
    guard,
    observers::{Observers, Sources},
    pump::Taps,
    ready, safety,
};
use crate::{
    commands::{config::Preferences, prepare::Prepared},
    runner::Again,
    session::{Command, Event, Session, What, clock::Clock, event::Timestamp, stream::Emitter},
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Whoever watches for the guards.
pub struct Lookout {
    observers: Observers,
    shown: watch::Receiver<Session>,
    clock: Clock,
}

/// What a lookout reads: the events one by one, and the session they make.
#[derive(Clone)]
pub struct Audience {
    session: watch::Sender<Session>,
    taps: Taps,
}

impl Audience {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self { session: watch::Sender::new(Session::new()), taps: Taps::default() }
    }

    /// Passes an event on.
    pub fn hear(&self, event: &Event) {
        self.session.send_modify(|session| session.apply(event));
        self.taps.pass(&Arc::new(event.clone()));
    }
}

impl Lookout {
    /// Watches the cluster and, as users do, the experiment's own endpoint; orders go to the runner.
    pub async fn begin(
        prepared: &Prepared,
        emitter: &Emitter,
        audience: &Audience,
        runner: mpsc::Sender<Command>,
    ) -> Self {
        let Prepared { request, providers, guards, .. } = prepared;
        let connection = ready::connection(request, providers).await;
        let endpoints = endpoints(request, &Preferences::default(), &providers.environment());
        let mut observers =
            Observers::new(emitter.clone(), audience.taps.clone(), endpoints, Sources::default());
        emitter.emit(What::GuardsSet(*guards)).await;
        if let Some(connection) = &connection {
            observers.watch_cluster(connection, request).await;
        }
        observers.mind_the_fault(audience.session.subscribe());
        observers.observe(true).await;
        let (shown, clock) = (audience.session.subscribe(), emitter.clock());
        let (seen, presence) = (shown.clone(), observers.presence.clone());
        observers.spawn(doubt::watch(shown.clone(), emitter.clock(), emitter.clone()));
        observers.spawn(guard::watch(shown, emitter.clock(), emitter.clone(), presence, runner));
        Self { observers, shown: seen, clock }
    }

    /// Watches on until the system has recovered from what the run left, or is not going to.
    pub async fn recover(&self, again: &Again, emitter: &Emitter) {
        if safety::begin(&self.shown, emitter).await {
            safety::lead(again.clone(), self.shown.clone(), self.clock, emitter.clone(), false).await;
        }
    }

    /// What a judge says of the session.
    pub fn judge<T>(&self, judge: impl FnOnce(&Session, Timestamp) -> T) -> T {
        judge(&self.shown.borrow(), self.clock.now())
    }

    /// Stops watching.
    pub async fn end(self) {
        self.observers.end().await;
    }
}
