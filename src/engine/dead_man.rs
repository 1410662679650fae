//! The session's side of the dead-man switch: starts the guardian before a fire, renews its lease, and stops the run once
//! the lease was taken.

#[cfg(test)]
mod tests;

use super::{
    bus::BusHandle,
    guardian::{Guardian, News, NewsReader, Setup},
};
use crate::{
    insight,
    runner::RunRequest,
    session::{EventKind, Session, event::GuardianNews, stream::Emitter},
};
use pyvalue::{Map, Value};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// The length of the lease in a live session whose operator chose none.
pub(crate) const USUAL_LEASE: Duration = Duration::from_secs(30);
/// Renewals per length of the lease: some may be late.
const RENEWALS: u32 = 4;

/// When there is a guardian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadMan {
    Off,
    /// For faults that do not end by themselves.
    WhereNeeded(Duration),
    /// For every fault.
    Always(Duration),
}

impl DeadMan {
    /// The same for a session that no guardian could recover, unless one is asked for: one in the sandbox of this process,
    /// or one of which the operator wants no record.
    pub(super) fn where_possible(self, sandbox: bool, off_record: bool) -> Self {
        match self {
            Self::WhereNeeded(_) if sandbox || off_record => Self::Off,
            other => other,
        }
    }

    fn lease(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::WhereNeeded(lease) | Self::Always(lease) => Some(lease),
        }
    }
}

/// Returns what a guardian needs besides the record: the resolved values, of which the record has references only.
pub(super) fn hand_over(request: &RunRequest) -> Vec<u8> {
    let values = [
        ("configuration".to_owned(), Value::from(request.configuration.clone())),
        ("secrets".to_owned(), request.secrets.expose().clone().into()),
    ];
    Value::Map(Map::from_iter(values)).to_json().into_bytes()
}

/// Guards a session.
#[derive(Clone)]
pub(super) struct DeadManSwitch(Arc<Switch>);

struct Switch {
    when: DeadMan,
    /// The session's record, if it has one.
    folder: Option<PathBuf>,
    /// Values that the guardian needs and that are not in the record.
    hand_over: Vec<u8>,
    bus: BusHandle,
    emitter: Emitter,
    session: watch::Receiver<Session>,
    guardian: Mutex<Option<Guardian>>,
    /// Cancelled once the lease was taken.
    taken: CancellationToken,
}

impl DeadManSwitch {
    /// Creates the switch of the session with its record in `folder`. Nothing is started before a fire.
    pub(super) fn new(
        when: DeadMan,
        folder: Option<PathBuf>,
        hand_over: Vec<u8>,
        bus: BusHandle,
        emitter: Emitter,
        session: watch::Receiver<Session>,
    ) -> Self {
        let (guardian, taken) = (Mutex::default(), CancellationToken::new());
        Self(Arc::new(Switch { when, folder, hand_over, bus, emitter, session, guardian, taken }))
    }

    /// Lets a fire pass that a guardian guards, or that needs none. The last thing before the activity is called.
    ///
    /// # Errors
    /// If the lease was taken, or there is no guardian.
    pub(super) async fn allow(&self) -> Result<(), String> {
        let switch = &self.0;
        if !switch.is_taken() && !switch.is_guarded() && switch.is_needed() {
            self.start().await.map_err(|why| {
                format!(
                    "nothing was fired, because no guardian could be started ({why}); --dead-man off fires without one"
                )
            })?;
        }
        if switch.is_taken() {
            return Err("nothing was fired, because the guardian has taken over this session".to_owned());
        }
        Ok(())
    }

    /// Resolves once the lease was taken.
    pub(super) async fn taken(&self) {
        self.0.taken.cancelled().await;
    }

    async fn start(&self) -> Result<(), String> {
        let Some(lease) = self.0.when.lease() else { return Ok(()) };
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let folder =
            self.0.folder.clone().ok_or("it recovers from the session's record, and there is none")?;
        let setup = Setup { folder, lease, hand_over: self.0.hand_over.clone() };
        let (guardian, news) = Guardian::start(&program, &setup).await.map_err(|error| error.to_string())?;
        *self.0.guardian() = Some(guardian);
        let lease_s = lease.as_secs().max(1) as u32;
        self.0.tell(GuardianNews::Guards { lease_s }).await;
        tokio::spawn(self.0.clone().attend(lease, news));
        Ok(())
    }

    /// Ends the guardian. One that has something to undo, because the run did not come to its end, is left alone: it acts
    /// when this process is gone.
    pub(super) fn end(&self, in_order: bool) {
        if let Some(guardian) = self.0.guardian().take() {
            if in_order {
                guardian.done();
            } else {
                guardian.leave();
            }
        }
    }
}

impl Switch {
    fn guardian(&self) -> std::sync::MutexGuard<'_, Option<Guardian>> {
        self.guardian.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_guarded(&self) -> bool {
        self.guardian().is_some()
    }

    fn is_taken(&self) -> bool {
        self.taken.is_cancelled() || self.folder.as_deref().is_some_and(super::guardian::is_taken)
    }

    fn is_needed(&self) -> bool {
        match self.when {
            DeadMan::Off => false,
            DeadMan::Always(_) => true,
            DeadMan::WhereNeeded(_) => insight::needs_guardian(&self.session.borrow()),
        }
    }

    /// Renews the lease while the engine works, and passes on what the guardian says.
    async fn attend(self: Arc<Self>, lease: Duration, mut news: NewsReader) {
        let mut ticks = interval(lease / RENEWALS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let heard = tokio::select! {
                biased;
                heard = news.next() => heard,
                _ = ticks.tick() => {
                    // An event bus that hangs is a session that hangs.
                    self.bus.ping().await;
                    if self.is_taken() {
                        self.taken.cancel();
                    }
                    if let Some(guardian) = &*self.guardian() {
                        guardian.renew();
                    }
                    continue;
                }
            };
            let (told, last) = match heard {
                News::Took(why) => {
                    self.taken.cancel();
                    (GuardianNews::Took { why }, false)
                }
                News::Did(what) => (GuardianNews::Did { what }, false),
                News::Over(undone) => (GuardianNews::Over { undone }, true),
                // A guardian that was told that all is done has ended as it should.
                News::Lost if self.guardian().take().is_none() => return,
                News::Lost => (GuardianNews::Lost, true),
            };
            self.tell(told).await;
            if last {
                return;
            }
        }
    }

    async fn tell(&self, news: GuardianNews) {
        self.emitter.emit(EventKind::Guardian(news)).await;
    }
}
