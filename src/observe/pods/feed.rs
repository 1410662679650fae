//! The watches themselves: one of each kind for each namespace, tried again for ever.

use super::lean::LeanPod;
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

/// Pauses before a watch is begun again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Objects in one page of a list: with more, a page takes more memory than all that is kept of it.
const PAGE: u32 = 200;

/// Something a watch brought.
pub(super) struct Input {
    pub(super) from: From,
    pub(super) what: Result<Change, watcher::Error>,
}

/// Which watch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct From {
    pub(super) kind: Kind,
    pub(super) namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Pods,
    Services,
    Slices,
    Deployments,
    Events,
}

impl Kind {
    /// The source it is told as.
    pub(super) fn source(self) -> Source {
        match self {
            Kind::Pods => Source::Pods,
            Kind::Services | Kind::Slices => Source::Endpoints,
            Kind::Deployments => Source::Workloads,
            Kind::Events => Source::ClusterEvents,
        }
    }
}

/// A change, or a station of a list.
pub(super) enum Change {
    ListBegins,
    ListEnds,
    Seen { object: Object, listed: bool },
    Gone(Object),
}

pub(super) enum Object {
    Pod(Box<Pod>),
    Service(Box<Service>),
    Slice(Box<EndpointSlice>),
    Deployment(Box<Deployment>),
    Event(Box<ClusterEvent>),
}

impl Object {
    /// What tells it from others of its kind in its namespace. A pod that took a lost one's name is another one.
    pub(super) fn identity(&self) -> String {
        match self {
            Object::Pod(pod) => pod.uid().unwrap_or_default(),
            Object::Service(service) => service.name_any(),
            Object::Slice(slice) => slice.name_any(),
            Object::Deployment(deployment) => deployment.name_any(),
            Object::Event(event) => event.name_any(),
        }
    }
}

pub(super) fn watches(namespace: &str) -> impl Iterator<Item = From> {
    let kinds = [Kind::Pods, Kind::Services, Kind::Slices, Kind::Deployments, Kind::Events];
    kinds.into_iter().map(|kind| From { kind, namespace: namespace.to_owned() })
}

/// One watch, for as long as it is read.
pub(super) fn input(client: &Client, from: &From) -> BoxStream<'static, Input> {
    match from.kind {
        Kind::Pods => changes(client, from, |LeanPod(pod)| Object::Pod(Box::new(pod))),
        Kind::Services => changes(client, from, |service| Object::Service(Box::new(service))),
        Kind::Slices => changes(client, from, |slice| Object::Slice(Box::new(slice))),
        Kind::Deployments => changes(client, from, |deployment| Object::Deployment(Box::new(deployment))),
        Kind::Events => changes(client, from, |event| Object::Event(Box::new(event))),
    }
}

fn changes<K>(client: &Client, from: &From, wrap: fn(K) -> Object) -> BoxStream<'static, Input>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + 'static,
{
    let events = tenacious(Api::<K>::namespaced(client.clone(), &from.namespace));
    let from = from.clone();
    events
        .map(move |event| Input {
            from: from.clone(),
            what: event.map(|event| match event {
                Event::Init => Change::ListBegins,
                Event::InitApply(object) => Change::Seen { object: wrap(object), listed: true },
                Event::InitDone => Change::ListEnds,
                Event::Apply(object) => Change::Seen { object: wrap(object), listed: false },
                Event::Delete(object) => Change::Gone(wrap(object)),
            }),
        })
        .boxed()
}

/// A watch that begins anew, with a list, whenever it could not be begun or taken up again: a watch that was taken up
/// says nothing until something changes, a list says at once that the source is back.
fn tenacious<K>(api: Api<K>) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + 'static
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let begin =
        move || watcher(api.clone(), watcher::Config::default().page_size(PAGE)).default_backoff().boxed();
    let state = (begin(), Pause::default(), begin);
    futures_util::stream::unfold(state, async |(mut events, mut pause, begin)| {
        tokio::time::sleep(std::mem::take(&mut pause.due)).await;
        let event = events.next().await?;
        match &event {
            Err(watcher::Error::InitialListFailed(_) | watcher::Error::WatchStartFailed(_)) => {
                events = begin();
                pause.lengthen();
            }
            Ok(Event::Init) | Err(_) => {}
            Ok(_) => pause = Pause::default(),
        }
        Some((event, (events, pause, begin)))
    })
}

/// The pause before a watch is begun again; each failure doubles it.
#[derive(Default)]
struct Pause {
    due: Duration,
    last: Duration,
}

impl Pause {
    fn lengthen(&mut self) {
        self.last = (self.last * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        self.due = self.last;
    }
}
