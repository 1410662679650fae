//! Two operators at one target: from the first fire on, a Lease in the target's namespace says who has a fault on there, and
//! a session that is about to fire warns of the Lease of another one.
//!
//! The right to do so is optional. Without it nothing is written, and the sessions of this machine are looked up instead.

#[cfg(test)]
mod tests;

use crate::{
    cluster::Connection,
    session::{
        EventKind, Session,
        event::{OtherOperator, Timestamp},
        record::{ClusterReference, SessionsFolder},
        state::StepState,
        stream::Emitter,
    },
};
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api,
    api::{DeleteParams, ObjectMeta, PostParams, Preconditions},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// The name of the Lease.
const NAME: &str = "chaos-tui";
/// How long a Lease that is not renewed counts.
const DURATION_S: i32 = 30;
/// The interval between two looks while a fire is awaited, and between two renewals.
const LOOK: Duration = Duration::from_secs(5);
/// The timeout of a request.
const PATIENCE: Duration = Duration::from_secs(2);
/// Seconds since the last renewal after which a Lease is dead at first sight. Clocks of two machines differ by less.
const LONG_DEAD_S: f64 = 300.0;

/// Looks up other sessions of this machine, for a target whose Lease may not be read.
pub(super) type SessionsHere = Arc<dyn Fn() -> Vec<OtherOperator> + Send + Sync>;

/// Who this session is to others.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    /// User and host.
    pub who: String,
    pub session: String,
}

/// Returns the sessions of this machine that have a fault on at the same target, without this one.
pub(super) fn sessions_here(
    folder: &SessionsFolder,
    own: &str,
    target: &ClusterReference,
) -> Vec<OtherOperator> {
    let others = folder.list().into_iter().filter(|kept| kept.id() != own && kept.is_running());
    let at_target = others.filter_map(|kept| {
        let header = kept.header().ok()?;
        let cluster = header.cluster.as_ref()?;
        let same = cluster.server == target.server && cluster.namespace == target.namespace;
        let fires =
            same && kept.session().is_ok_and(|(session, _)| session.fault.is_some_and(|fault| fault.is_on()));
        let who = OtherOperator::of_holder(&header.operator.name(), Some(header.started));
        fires.then(|| OtherOperator { session: Some(kept.id()), ..who })
    });
    at_target.collect()
}

/// Watches the Lease and holds it while this session has fired.
pub(super) struct OperatorLease {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl OperatorLease {
    /// Starts to look at the Lease in the connection's namespace whenever a fire is awaited, and takes it with the first
    /// fire.
    pub(super) fn start(
        connection: &Connection,
        holder: Holder,
        here: SessionsHere,
        emitter: Emitter,
        session: watch::Receiver<Session>,
    ) -> Option<Self> {
        let client = connection.client().ok()?;
        let leases = Api::namespaced(client, connection.namespace());
        let stop = CancellationToken::new();
        let keeper = Keeper {
            leases,
            holder,
            here,
            emitter,
            known: Known::default(),
            held: None,
            refused: false,
            told: Vec::new(),
        };
        let task = tokio::spawn(keeper.run(session, stop.clone()));
        Some(Self { stop, task })
    }

    /// Removes the Lease, if this session holds it.
    pub(super) async fn end(self) {
        self.stop.cancel();
        // The panic hook has already reported a panic of the task.
        let _ = self.task.await;
    }
}

/// The Lease as it was read last. Its times are another machine's: only whether they change is relied on.
#[derive(Debug, Default)]
struct Known {
    renewal: Option<(Option<MicroTime>, Timestamp)>,
}

impl Known {
    /// Whether the holder of a Lease is alive, as far as this and earlier reads show.
    fn is_alive(&mut self, spec: &LeaseSpec, now: Timestamp) -> bool {
        let renewed = spec.renew_time.clone();
        let first_read = match &self.renewal {
            Some((known, first_read)) if *known == renewed => *first_read,
            _ => now,
        };
        self.renewal = Some((renewed.clone(), first_read));
        let duration = f64::from(spec.lease_duration_seconds.unwrap_or(DURATION_S));
        let unchanged = now.duration_since(first_read).as_secs_f64() > duration;
        let age = renewed.map_or(f64::INFINITY, |renewed| now.duration_since(renewed.0).as_secs_f64());
        !unchanged && age < duration.max(LONG_DEAD_S)
    }
}

struct Keeper {
    leases: Api<Lease>,
    holder: Holder,
    here: SessionsHere,
    emitter: Emitter,
    known: Known,
    /// The Lease as this session wrote it last.
    held: Option<Lease>,
    /// Whether the Lease may not be read or written: others leave no trace there either.
    refused: bool,
    /// The others that were emitted last.
    told: Vec<OtherOperator>,
}

impl Keeper {
    async fn run(mut self, mut session: watch::Receiver<Session>, stop: CancellationToken) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stage = Stage::Calm;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                next = next_stage(&mut session, stage) => {
                    stage = next;
                    // The next look is due now.
                    ticks.reset_immediately();
                }
                _ = ticks.tick(), if stage != Stage::Calm => match stage {
                    Stage::Fired => self.hold().await,
                    Stage::Calm | Stage::Awaited => drop(self.look().await),
                },
            }
        }
        self.release().await;
    }

    /// Looks for another operator. Returns the Lease, `None` if it may not be read.
    async fn look(&mut self) -> Option<Option<Lease>> {
        let read = timeout(PATIENCE, self.leases.get_opt(NAME)).await;
        let found = match read {
            Ok(Ok(found)) => found,
            Ok(Err(error)) if is_refused(&error) => {
                self.refused = true;
                self.tell(self.others_here().await).await;
                return None;
            }
            // Nothing is known now; the next look may succeed.
            _ => return None,
        };
        let others = match &found {
            Some(lease) => self.other(lease).into_iter().collect(),
            None if self.refused => self.others_here().await,
            None => Vec::new(),
        };
        self.tell(others).await;
        Some(found)
    }

    async fn others_here(&self) -> Vec<OtherOperator> {
        let here = self.here.clone();
        // On a blocking thread, because it reads files.
        tokio::task::spawn_blocking(move || here()).await.unwrap_or_default()
    }

    /// The holder of a Lease, if that is another session and alive.
    fn other(&mut self, lease: &Lease) -> Option<OtherOperator> {
        let spec = lease.spec.as_ref()?;
        let holder = spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())?;
        let alive = self.known.is_alive(spec, self.emitter.clock().now());
        let since = spec.acquire_time.as_ref().map(|time| time.0);
        (alive && holder != self.identity()).then(|| OtherOperator::of_holder(holder, since))
    }

    fn identity(&self) -> String {
        OtherOperator::holder(&self.holder.who, &self.holder.session)
    }

    /// Takes the Lease unless another session holds it, or renews it.
    async fn hold(&mut self) {
        let written = match self.held.take() {
            Some(mut lease) => {
                let spec = lease.spec.get_or_insert_default();
                spec.renew_time = Some(MicroTime(self.emitter.clock().now()));
                self.write(&lease).await
            }
            None => self.acquire().await,
        };
        self.held = written;
    }

    async fn acquire(&mut self) -> Option<Lease> {
        let found = self.look().await?;
        if !self.told.is_empty() {
            return None;
        }
        let now = Some(MicroTime(self.emitter.clock().now()));
        let before = found.as_ref().and_then(|lease| lease.spec.as_ref()?.lease_transitions);
        let spec = LeaseSpec {
            holder_identity: Some(self.identity()),
            lease_duration_seconds: Some(DURATION_S),
            acquire_time: now.clone(),
            renew_time: now,
            lease_transitions: Some(found.as_ref().map_or(0, |_| before.unwrap_or(0).saturating_add(1))),
            ..LeaseSpec::default()
        };
        if let Some(lease) = found {
            // With its version: of two sessions that take over a dead one's Lease, the second is refused.
            return self.write(&Lease { spec: Some(spec), ..lease }).await;
        }
        let metadata = ObjectMeta { name: Some(NAME.to_owned()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(spec) };
        match timeout(PATIENCE, self.leases.create(&PostParams::default(), &lease)).await {
            Ok(Ok(lease)) => Some(lease),
            Ok(Err(error)) if is_refused(&error) => {
                self.refused = true;
                self.tell(self.others_here().await).await;
                None
            }
            _ => None,
        }
    }

    /// Writes a Lease that exists. `None` if that failed: the next attempt reads it first.
    async fn write(&self, lease: &Lease) -> Option<Lease> {
        timeout(PATIENCE, self.leases.replace(NAME, &PostParams::default(), lease)).await.ok()?.ok()
    }

    async fn release(mut self) {
        let Some(lease) = self.held.take() else { return };
        let preconditions =
            Preconditions { uid: lease.metadata.uid, resource_version: lease.metadata.resource_version };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        // One that is left behind expires.
        let _ = timeout(PATIENCE, self.leases.delete(NAME, &params)).await;
    }

    async fn tell(&mut self, others: Vec<OtherOperator>) {
        if others != self.told {
            self.told.clone_from(&others);
            self.emitter.emit(EventKind::OperatorsSeen { others }).await;
        }
    }
}

/// Whether a request is refused for good: no right, or no such namespace.
fn is_refused(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404))
}

/// What the session needs to know of other operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Calm,
    /// A fire is awaited: others are looked for.
    Awaited,
    /// Something was fired: the Lease is held until the end.
    Fired,
}

/// Waits until the stage is another one.
async fn next_stage(session: &mut watch::Receiver<Session>, stage: Stage) -> Stage {
    let next = session.wait_for(|session| Stage::of(session) != stage).await.ok();
    let next = next.map(|session| Stage::of(&session));
    match next {
        Some(next) => next,
        // The state ends with the session, which stops this task.
        None => std::future::pending().await,
    }
}

impl Stage {
    fn of(session: &Session) -> Self {
        let awaited = session
            .steps
            .current()
            .is_some_and(|row| row.step.destructive && matches!(row.state, StepState::Awaited { .. }));
        match awaited {
            _ if session.fault.is_some() => Self::Fired,
            true => Self::Awaited,
            false => Self::Calm,
        }
    }
}
