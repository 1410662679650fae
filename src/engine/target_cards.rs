//! What a fire would do: looked up when a destructive step is awaited, and again when pods in play change.

use super::{
    bus::BusHandle,
    current_steps::{CurrentSteps, activity_at},
    session_cluster,
};
use crate::{
    cluster::Connection,
    experiment::{ProviderKind, Secrets},
    provider::{ActivityCluster, Providers, preview},
    runner::{Redactor, RunRequest},
    session::{
        EventKind, Session,
        event::{StepCluster, StepRef, TargetCard},
        stream::Emitter,
    },
};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Shortest time from the end of a look-up to the next one: pods often change in large numbers.
const PAUSE: Duration = Duration::from_secs(1);
/// At most one part in this many of the time is spent on look-ups: in a large namespace each is a long list.
const SHARE: u32 = 20;

/// Knows in which cluster a step acts, and where a fire needs no typed name.
#[derive(Clone)]
pub(super) struct StepClusters {
    /// The providers, which choose the cluster of a step.
    pub providers: Arc<Providers>,
    /// Contexts in which a fire needs no typed name, besides those on this machine.
    pub allowed: Vec<String>,
    /// The session, whose own cluster decides for steps without one.
    pub session: watch::Receiver<Session>,
}

impl StepClusters {
    /// Returns the cluster as the card names it, and what else the card says about it.
    fn shown(
        &self,
        site: &ActivityCluster,
        kind: ProviderKind,
        secrets: &Secrets,
    ) -> (StepCluster, Option<&'static str>) {
        let of_session = self.session.borrow().meta.allowed;
        match site {
            ActivityCluster::Known { connection, sure } => {
                let local = session_cluster::allowed(Some(connection.context()), &self.allowed);
                let context = if connection.is_direct() {
                    Redactor::new(secrets).text(connection.context().to_owned())
                } else {
                    connection.context().to_owned()
                };
                let unseen = (!sure).then_some(UNSEEN);
                let allowed = local && (*sure || of_session);
                (StepCluster { context: Some(context), sure: *sure, allowed }, unseen)
            }
            ActivityCluster::Missing(_) => (StepCluster { context: None, sure: true, allowed: false }, None),
            ActivityCluster::NoCluster => {
                let unseen = (kind != ProviderKind::Http).then_some(UNSEEN);
                (StepCluster { context: None, sure: false, allowed: of_session }, unseen)
            }
        }
    }
}

/// The line for a step that is given a cluster but may act in another.
const UNSEEN: &str = "targets that it selects itself are not shown;";

/// Follows the session and emits a card whenever one is due and has changed. The cluster on the card is recorded for
/// the runner, which fires in no other.
pub(super) fn follow(
    request: RunRequest,
    places: StepClusters,
    emitter: Emitter,
    bus: &BusHandle,
) -> impl Future<Output = ()> + Send + use<> {
    // Subscribe now, not only when the future is first polled.
    let (mut run, mut all) = (bus.subscribe_to_run(), bus.subscribe());
    let shown = request.shown.clone();
    let mut steps = CurrentSteps::new(request);
    let mut due = CardSchedule::default();
    let mut looking: Option<BoxFuture<'static, LookedUp>> = None;
    let mut last_card: Option<TargetCard> = None;
    async move {
        loop {
            tokio::select! {
                event = run.recv() => {
                    let Some(event) = event else { return };
                    let fixed = steps.handle(&event).is_some_and(|step| due.fixed(step));
                    if due.handle(&event.what) || fixed {
                        // The current look-up is for another step.
                        (looking, last_card) = (None, None);
                    }
                }
                event = all.recv() => {
                    let Some(event) = event else { return };
                    if matches!(event.what, EventKind::PodSeen(_) | EventKind::PodGone(_)) {
                        due.handle(&event.what);
                    }
                }
                Some((card, site, took)) = next(&mut looking) => {
                    looking = None;
                    due.looked_up(took);
                    if let Some(card) = &card {
                        shown.note(card.step, site.identity());
                    }
                    if card.is_some() && card != last_card {
                        last_card.clone_from(&card);
                        if let Some(card) = card {
                            emitter.emit(EventKind::Targeted(card)).await;
                        }
                    }
                }
                step = due.next(), if looking.is_none() => {
                    looking = Some(look_up(&steps, step, &places));
                }
            }
        }
    }
}

/// Waits for the look-up that is running; `None` if there is none.
async fn next<T>(looking: &mut Option<impl Future<Output = T> + Unpin>) -> Option<T> {
    match looking {
        Some(looking) => Some(looking.await),
        None => None,
    }
}

/// The card of a step, if the step exists, the cluster it names, and how long the look-up took.
type LookedUp = (Option<TargetCard>, ActivityCluster, Duration);

/// When to look up what firing the awaited step would do.
#[derive(Debug, Default)]
struct CardSchedule {
    awaited: Option<StepRef>,
    changed: bool,
    not_before: Option<Instant>,
}

impl CardSchedule {
    /// Handles an event. Returns whether another step, or none, is awaited now.
    fn handle(&mut self, what: &EventKind) -> bool {
        match what {
            EventKind::StepAwaited { step, destructive } => {
                *self = Self { awaited: destructive.then_some(*step), changed: true, not_before: None };
                true
            }
            EventKind::ActivityStarted { .. }
            | EventKind::StepSkipped { .. }
            | EventKind::RunEnded { .. } => {
                *self = Self::default();
                true
            }
            EventKind::PodSeen(pod) => {
                self.changed |= pod.in_play;
                false
            }
            // A background activity may have chosen another cluster.
            EventKind::PodGone(_) | EventKind::ActivityEnded { .. } => {
                self.changed = true;
                false
            }
            _ => false,
        }
    }

    /// Handles a fix of a step. Returns whether that step is awaited now.
    fn fixed(&mut self, step: StepRef) -> bool {
        let awaited = self.awaited == Some(step);
        if awaited {
            (self.changed, self.not_before) = (true, None);
        }
        awaited
    }

    fn looked_up(&mut self, took: Duration) {
        self.not_before = Some(Instant::now() + PAUSE.max(took * SHARE));
    }

    /// Waits until a look-up is due. Returns its step.
    async fn next(&mut self) -> StepRef {
        let Some(step) = self.awaited.filter(|_| self.changed) else { return std::future::pending().await };
        if let Some(moment) = self.not_before {
            sleep_until(moment).await;
        }
        self.changed = false;
        step
    }
}

/// Makes the card of a step as it is run. The step is read at once, so that events can be handled meanwhile.
fn look_up(steps: &CurrentSteps, step: StepRef, places: &StepClusters) -> BoxFuture<'static, LookedUp> {
    let activity = activity_at(&steps.request.experiment, step).cloned();
    let (provider, places, secrets) = (steps.provider(step), places.clone(), steps.request.secrets.clone());
    let rolls_back = !steps.request.experiment.rollbacks().is_empty();
    Box::pin(async move {
        let begun = Instant::now();
        let (Some(activity), Some(provider)) = (activity, provider) else {
            return (None, ActivityCluster::NoCluster, begun.elapsed());
        };
        let kind = activity.provider.kind;
        let site = places.providers.cluster_of(kind, &provider, &secrets).await;
        let mut card = preview::card(step, &activity, &provider, site.connection()).await;
        let (place, unseen) = places.shown(&site, kind, &secrets);
        card.place = Some(place);
        if !rolls_back {
            card.undo = preview::undo_without_rollbacks(&card.undo);
        }
        if site.connection().is_some_and(Connection::is_direct) {
            // An error of the look-up names the server, which may be a secret.
            let redactor = Redactor::new(&secrets);
            card.consequences = card.consequences.into_iter().map(|text| redactor.text(text)).collect();
        }
        // In front, because the rest is cut where there is little room.
        card.consequences.splice(..0, unseen.map(str::to_owned));
        if let ActivityCluster::Missing(error) = &site {
            card.consequences = vec![Redactor::new(&secrets).text(error.to_string())];
        }
        (Some(card), site, begun.elapsed())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::event::{Pod, Section},
        test_support::pod,
    };

    const STEP: StepRef = StepRef { section: Section::Method, index: 0 };

    fn gone() -> EventKind {
        EventKind::PodGone(pod("default", "p").key)
    }

    fn seen(in_play: bool) -> EventKind {
        EventKind::PodSeen(Pod { in_play, ..pod("default", "p") })
    }

    /// Milliseconds until the next look-up is due; `None` where none is.
    async fn due_in(due: &mut CardSchedule) -> Option<u128> {
        let begun = Instant::now();
        let found = tokio::time::timeout(Duration::from_secs(3600), due.next()).await;
        found.ok().map(|_| begun.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn looks_at_once_then_after_changes_and_never_all_the_time() {
        let mut due = CardSchedule::default();
        due.handle(&gone());
        assert_eq!(due_in(&mut due).await, None, "nothing is awaited");
        assert!(due.handle(&EventKind::StepAwaited { step: STEP, destructive: true }));
        assert_eq!(due_in(&mut due).await, Some(0));
        due.looked_up(Duration::from_millis(10));
        assert_eq!(due_in(&mut due).await, None, "nothing changed since");
        due.looked_up(Duration::from_millis(10));
        due.handle(&seen(false));
        assert_eq!(due_in(&mut due).await, None, "a pod that is not in play");
        due.looked_up(Duration::from_millis(10));
        assert!((0..100).all(|_| !due.handle(&seen(true))));
        assert_eq!(due_in(&mut due).await, Some(1000), "a swarm is one change");
        due.looked_up(Duration::from_secs(2));
        due.handle(&gone());
        assert_eq!(due_in(&mut due).await, Some(40_000), "a long list is not asked for all the time");
    }

    #[tokio::test(start_paused = true)]
    async fn another_step_is_looked_up_at_once_and_none_when_none_is_awaited() {
        let mut due = CardSchedule::default();
        due.handle(&EventKind::StepAwaited { step: STEP, destructive: true });
        due_in(&mut due).await;
        due.looked_up(Duration::from_secs(2));
        let other = StepRef { index: 1, ..STEP };
        assert!(due.handle(&EventKind::StepAwaited { step: other, destructive: true }));
        assert_eq!(due_in(&mut due).await, Some(0));
        due.looked_up(Duration::from_secs(2));
        assert!(due.fixed(other) && !due.fixed(STEP));
        assert_eq!(due_in(&mut due).await, Some(0), "what takes the step's place is looked up at once");
        assert!(due.handle(&EventKind::StepSkipped { step: other, name: String::new() }));
        due.handle(&gone());
        assert_eq!(due_in(&mut due).await, None);
        assert!(due.handle(&EventKind::StepAwaited { step: STEP, destructive: false }));
        assert_eq!(due_in(&mut due).await, None, "nothing to know before a step that destroys nothing");
    }
}
