//! Feeds the results of the watches into the cluster view and emits the resulting events.

use super::{
    InPlay, Interest,
    cluster_view::ClusterView,
    row,
    watchers::{WatchChange, WatchInput, WatchSource, WatchedKind, WatchedObject, input, watches},
};
use crate::{
    cluster::{Connection, Error},
    session::{
        event::{EventKind, Source, SourceState},
        stream::Emitter,
    },
};
use futures_util::{
    StreamExt,
    stream::{BoxStream, SelectAll},
};
use kube::{ResourceExt, runtime::watcher};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// The minimum interval between two emissions of pod counts.
const COUNTS: Duration = Duration::from_secs(1);

/// Watches the namespaces in play until `stop` is cancelled; emits events on change only. `interest` is what the operator
/// asks for meanwhile.
///
/// Fails only if no client can be made; a cluster that does not answer is reported by `SourceChanged`.
pub fn watch(
    connection: &Connection,
    in_play: InPlay,
    emitter: Emitter,
    interest: watch::Receiver<Interest>,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Error> {
    let client = connection.client()?;
    let mut inputs = SelectAll::new();
    let mut states = HashMap::new();
    for from in in_play.namespaces().flat_map(watches) {
        inputs.push(input(&client, &from));
        states.insert(from, None);
    }
    let observer = Observer {
        connection: connection.clone(),
        view: ClusterView::new(in_play),
        listing: HashMap::new(),
        states,
        told: HashMap::new(),
    };
    Ok(tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = observer.run(inputs, interest, emitter) => {}
        }
    }))
}

struct Observer {
    connection: Connection,
    view: ClusterView,
    /// Identities that a running list has contained so far.
    listing: HashMap<WatchSource, BTreeSet<String>>,
    /// The state of each watch; `None` before its first result.
    states: HashMap<WatchSource, Option<SourceState>>,
    told: HashMap<Source, SourceState>,
}

impl Observer {
    async fn run(
        mut self,
        mut inputs: SelectAll<BoxStream<'static, WatchInput>>,
        mut interest: watch::Receiver<Interest>,
        emitter: Emitter,
    ) {
        let mut counts = tokio::time::interval(COUNTS);
        counts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let news = tokio::select! {
                input = inputs.next() => match input {
                    Some(input) => self.handle(input),
                    None => return,
                },
                Ok(()) = interest.changed() => {
                    let interest = interest.borrow_and_update();
                    let mut news = self.view.asked_at(interest.users.as_deref(), interest.service.as_ref());
                    news.extend(self.view.find(&interest.sought));
                    news
                }
                _ = counts.tick() => self.view.counts(),
            };
            for what in news {
                emitter.emit(what).await;
            }
        }
    }

    fn handle(&mut self, WatchInput { from, what }: WatchInput) -> Vec<EventKind> {
        let change = match what {
            Ok(change) => change,
            Err(error) => {
                let state = self.broken(&from, &error);
                return self.state(from, state);
            }
        };
        match change {
            WatchChange::ListBegins => {
                self.listing.insert(from, BTreeSet::new());
                Vec::new()
            }
            WatchChange::ListEnds => {
                let mut news = self.remove_unlisted(&from);
                news.extend(self.state(from, SourceState::Live));
                news
            }
            WatchChange::Seen { object, listed } => {
                let mut news = self.seen(&from, object, listed);
                if !listed {
                    news.extend(self.state(from, SourceState::Live));
                }
                news
            }
            WatchChange::Gone(object) => self.gone(object),
        }
    }

    fn seen(&mut self, from: &WatchSource, object: WatchedObject, listed: bool) -> Vec<EventKind> {
        if let Some(listing) = self.listing.get_mut(from).filter(|_| listed) {
            listing.insert(object.identity());
        }
        match object {
            WatchedObject::Pod(pod) => self.view.pod(&pod),
            WatchedObject::Service(service) => self.view.service(&service),
            WatchedObject::Slice(slice) => self.view.slice(&slice),
            WatchedObject::Deployment(deployment) => self.view.deployment(&deployment),
            // Events written before this program started are history.
            WatchedObject::Event(_) if listed => Vec::new(),
            WatchedObject::Event(event) => {
                self.view.event(&event).map(EventKind::ClusterNoted).into_iter().collect()
            }
        }
    }

    fn gone(&mut self, object: WatchedObject) -> Vec<EventKind> {
        match object {
            WatchedObject::Pod(pod) => self.view.pod_gone(&row::key(&pod)),
            WatchedObject::Service(service) => {
                self.view.service_gone(&service.namespace().unwrap_or_default(), &service.name_any())
            }
            WatchedObject::Slice(slice) => {
                self.view.slice_gone(&slice.namespace().unwrap_or_default(), &slice.name_any())
            }
            WatchedObject::Deployment(deployment) => {
                self.view.deployment_gone(&deployment.namespace().unwrap_or_default(), &deployment.name_any())
            }
            WatchedObject::Event(_) => Vec::new(),
        }
    }

    /// After a list: emits objects that the list did not contain as gone; they were deleted while the watch was
    /// interrupted.
    fn remove_unlisted(&mut self, from: &WatchSource) -> Vec<EventKind> {
        let held = self.listing.remove(from).unwrap_or_default();
        let at = from.namespace.as_str();
        let picture = &mut self.view;
        let lost =
            |names: Vec<String>| names.into_iter().filter(|name| !held.contains(name)).collect::<Vec<_>>();
        match from.kind {
            WatchedKind::Pods => {
                let lost: Vec<_> =
                    picture.pods_of(at).filter(|key| !held.contains(&key.uid)).cloned().collect();
                lost.iter().flat_map(|key| picture.pod_gone(key)).collect()
            }
            WatchedKind::Services => {
                lost(picture.services_of(at)).iter().flat_map(|name| picture.service_gone(at, name)).collect()
            }
            WatchedKind::Slices => {
                let lost = lost(picture.slices_of(at));
                let mut news: Vec<_> = lost.iter().flat_map(|name| picture.slice_gone(at, name)).collect();
                news.extend(picture.endpoints_listed(at));
                news
            }
            WatchedKind::Deployments => lost(picture.deployments_of(at))
                .iter()
                .flat_map(|name| picture.deployment_gone(at, name))
                .collect(),
            WatchedKind::Events => Vec::new(),
        }
    }

    /// Sets the state of a watch; returns the change of its source, if any. A source is live if all its watches are.
    fn state(&mut self, from: WatchSource, state: SourceState) -> Vec<EventKind> {
        let source = from.kind.source();
        self.states.insert(from, Some(state.clone()));
        let mut watches = self.states.iter().filter(|(from, _)| from.kind.source() == source);
        let live = watches.all(|(_, state)| *state == Some(SourceState::Live));
        if (state == SourceState::Live && !live) || self.told.get(&source) == Some(&state) {
            return Vec::new();
        }
        self.told.insert(source, state.clone());
        vec![EventKind::SourceChanged { source, state }]
    }

    fn broken(&self, from: &WatchSource, error: &watcher::Error) -> SourceState {
        let place = format!("{:?} in namespace {}", from.kind, from.namespace).to_lowercase();
        let source = match error {
            watcher::Error::InitialListFailed(source)
            | watcher::Error::WatchStartFailed(source)
            | watcher::Error::WatchFailed(source) => source,
            other => return SourceState::Reconnecting { reason: format!("{place}: {other}") },
        };
        let answer = crate::cluster::answer_text(source);
        match source {
            kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404) => {
                let hint = self.connection.hint(source).unwrap_or_default();
                SourceState::Absent { reason: format!("{place}: {answer}. {hint}") }
            }
            _ => SourceState::Reconnecting { reason: format!("{place}: {answer}") },
        }
    }
}
