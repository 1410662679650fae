//! The watches: one per kind and namespace, retried for ever.

use super::partial_pod::PartialPod;
use crate::session::event::Source;
use futures_util::{Stream, StreamExt, stream::BoxStream};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Event as ClusterEvent, Pod, Service},
    discovery::v1::EndpointSlice,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::NamespaceResourceScope,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::{fmt::Debug, time::Duration};

/// Pauses before a watch is restarted.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Objects per page of a list: a larger page needs more memory than all data kept of it.
const PAGE: u32 = 200;

/// One result of a watch.
pub(super) struct WatchInput {
    pub(super) from: WatchSource,
    pub(super) what: Result<WatchChange, watcher::Error>,
}

/// Identifies a watch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct WatchSource {
    pub(super) kind: WatchedKind,
    pub(super) namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum WatchedKind {
    Pods,
    Services,
    Slices,
    Deployments,
    Events,
}

impl WatchedKind {
    /// The source as which its state is emitted.
    pub(super) fn source(self) -> Source {
        match self {
            WatchedKind::Pods => Source::Pods,
            WatchedKind::Services | WatchedKind::Slices => Source::Endpoints,
            WatchedKind::Deployments => Source::Workloads,
            WatchedKind::Events => Source::ClusterEvents,
        }
    }
}

/// A change of an object, or the begin or end of a list.
pub(super) enum WatchChange {
    ListBegins,
    ListEnds,
    Seen { object: WatchedObject, listed: bool },
    Gone(WatchedObject),
}

pub(super) enum WatchedObject {
    Pod(Box<Pod>),
    Service(Box<Service>),
    Slice(Box<EndpointSlice>),
    Deployment(Box<Deployment>),
    Event(Box<ClusterEvent>),
}

impl WatchedObject {
    /// Identifies the object among those of its kind in its namespace. A pod that reuses the name of a deleted one is
    /// another pod.
    pub(super) fn identity(&self) -> String {
        match self {
            WatchedObject::Pod(pod) => pod.uid().unwrap_or_default(),
            WatchedObject::Service(service) => service.name_any(),
            WatchedObject::Slice(slice) => slice.name_any(),
            WatchedObject::Deployment(deployment) => deployment.name_any(),
            WatchedObject::Event(event) => event.name_any(),
        }
    }
}

pub(super) fn watches(namespace: &str) -> impl Iterator<Item = WatchSource> {
    let kinds = [
        WatchedKind::Pods,
        WatchedKind::Services,
        WatchedKind::Slices,
        WatchedKind::Deployments,
        WatchedKind::Events,
    ];
    kinds.into_iter().map(|kind| WatchSource { kind, namespace: namespace.to_owned() })
}

/// The stream of one watch.
pub(super) fn input(client: &Client, from: &WatchSource) -> BoxStream<'static, WatchInput> {
    match from.kind {
        WatchedKind::Pods => changes(client, from, |PartialPod(pod)| WatchedObject::Pod(Box::new(pod))),
        WatchedKind::Services => changes(client, from, |service| WatchedObject::Service(Box::new(service))),
        WatchedKind::Slices => changes(client, from, |slice| WatchedObject::Slice(Box::new(slice))),
        WatchedKind::Deployments => {
            changes(client, from, |deployment| WatchedObject::Deployment(Box::new(deployment)))
        }
        WatchedKind::Events => changes(client, from, |event| WatchedObject::Event(Box::new(event))),
    }
}

fn changes<K>(
    client: &Client,
    from: &WatchSource,
    wrap: fn(K) -> WatchedObject,
) -> BoxStream<'static, WatchInput>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + 'static,
{
    let events = restarting(Api::<K>::namespaced(client.clone(), &from.namespace));
    let from = from.clone();
    events
        .map(move |event| WatchInput {
            from: from.clone(),
            what: event.map(|event| match event {
                Event::Init => WatchChange::ListBegins,
                Event::InitApply(object) => WatchChange::Seen { object: wrap(object), listed: true },
                Event::InitDone => WatchChange::ListEnds,
                Event::Apply(object) => WatchChange::Seen { object: wrap(object), listed: false },
                Event::Delete(object) => WatchChange::Gone(wrap(object)),
            }),
        })
        .boxed()
}

/// A watch that restarts with a list whenever it could not be started or resumed: a resumed watch is silent until
/// something changes, but a list shows at once that the source is back.
fn restarting<K>(api: Api<K>) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + 'static
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let begin =
        move || watcher(api.clone(), watcher::Config::default().page_size(PAGE)).default_backoff().boxed();
    let state = (begin(), WatchBackoff::default(), begin);
    futures_util::stream::unfold(state, async |(mut events, mut pause, begin)| {
        tokio::time::sleep(std::mem::take(&mut pause.due)).await;
        let event = events.next().await?;
        match &event {
            Err(watcher::Error::InitialListFailed(_) | watcher::Error::WatchStartFailed(_)) => {
                events = begin();
                pause.lengthen();
            }
            Ok(Event::Init) | Err(_) => {}
            Ok(_) => pause = WatchBackoff::default(),
        }
        Some((event, (events, pause, begin)))
    })
}

/// The pause before a watch is restarted; each failure doubles it.
#[derive(Default)]
struct WatchBackoff {
    due: Duration,
    last: Duration,
}

impl WatchBackoff {
    fn lengthen(&mut self) {
        self.last = (self.last * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        self.due = self.last;
    }
}
