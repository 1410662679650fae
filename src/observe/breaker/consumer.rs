//! Finds the consumer: the pods behind the Service that users call, else the only workload in play that is not hit.

use super::sources::{page_route::PageRoute, usual_pages::groups};
use crate::{
    cluster::{Connection, Error, is_reached_at},
    session::event::{Event, EventKind, object_has_name},
};
use k8s_openapi::api::core::v1::{Container, Pod, Service};
use kube::{Api, ResourceExt, api::ListParams};
use std::collections::{BTreeMap, BTreeSet};

/// The namespace and name of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName {
    pub namespace: String,
    pub name: String,
}

/// The name of Istio's container, and the port on which its Envoy shows its series to the pod's network.
const ISTIO: &str = "istio-proxy";
const ISTIO_STATS: u16 = 15090;
/// The maximum number of pods that are read one by one.
pub(super) const PODS: usize = 10;
/// The maximum number of ports of a pod that are queried.
const PORTS: usize = 12;
/// The maximum number of objects requested in one list.
const LISTED: u32 = 500;
/// The maximum number of pods, and of names, remembered from the session's stream.
const SEEN: usize = 512;

/// The pods known from the session's stream, used if no Service identifies the consumer.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownPods {
    /// The owner of each pod in play, by namespace and name.
    pods: BTreeMap<(String, String), String>,
    /// Objects that a step would hit or has hit.
    hit: BTreeSet<String>,
}

impl KnownPods {
    /// Handles an event of the session.
    pub(super) fn follow(&mut self, event: &Event) {
        match &event.what {
            EventKind::PodSeen(pod) if pod.in_play && self.pods.len() < SEEN => {
                if let Some(owner) = &pod.owner {
                    self.pods.insert((pod.key.namespace.clone(), pod.key.name.clone()), owner.clone());
                }
            }
            EventKind::PodGone(key) => {
                self.pods.remove(&(key.namespace.clone(), key.name.clone()));
            }
            EventKind::Targeted(card) => self.hits(&card.objects),
            EventKind::FaultFired { targets, .. } => self.hits(targets),
            _ => {}
        }
    }

    fn hits(&mut self, objects: &[String]) {
        let room = SEEN.saturating_sub(self.hit.len());
        self.hit.extend(objects.iter().take(room).cloned());
    }

    fn namespaces(&self) -> impl Iterator<Item = &String> {
        self.pods.keys().map(|(namespace, _)| namespace)
    }

    /// The only workload in play that is not hit.
    fn bystander(&self) -> Option<(String, String)> {
        let hit = |name: &str| self.hit.iter().any(|object| object_has_name(object, name));
        let is_hit =
            |owner: &str| hit(owner) || self.pods.iter().any(|((_, pod), of)| of == owner && hit(pod));
        let spared: BTreeSet<(String, String)> = self
            .pods
            .iter()
            .filter(|(_, owner)| !is_hit(owner))
            .map(|((namespace, _), owner)| (namespace.clone(), owner.clone()))
            .collect();
        // While no hit is known, any of them may be the provider.
        if self.hit.is_empty() || spared.len() != 1 {
            return None;
        }
        spared.into_iter().next()
    }

    fn pods_of(&self, namespace: &str, owner: &str) -> BTreeSet<String> {
        let mine = self.pods.iter().filter(|((ns, _), of)| ns == namespace && *of == owner);
        mine.map(|((_, pod), _)| pod.clone()).collect()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Consumer {
    namespace: String,
    /// `Service my-consumer-service`, `my-consumer-app`.
    pub(super) title: String,
    by: FoundBy,
}

#[derive(Clone, Debug, PartialEq)]
enum FoundBy {
    /// The pods that a Service selects.
    Selector(String),
    /// The pods of a workload.
    Owner(String),
}

/// A pod that can be queried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) namespace: String,
    pub(super) name: String,
    /// The UID and restart count, which tell the pod from earlier ones of its name, and from itself before a restart.
    pub(super) incarnation: (String, i32),
    /// The ports that it declares, with their names.
    pub(super) ports: Vec<(u16, Option<String>)>,
    /// The port of the admin page of an Envoy in it, which listens on loopback.
    pub(super) admin: Option<u16>,
}

impl Replica {
    /// The route to one of its ports through the API server's proxy.
    pub(super) fn route(&self, client: &kube::Client, port: u16) -> PageRoute {
        let (client, namespace, pod) = (client.clone(), self.namespace.clone(), self.name.clone());
        PageRoute::Pod { client, namespace, pod, port }
    }
}

/// Finds the consumer of the service whose users call the URL `users`; `named` is its Service, if it is known.
pub(super) async fn find(
    connection: &Connection,
    users: &str,
    named: Option<&ServiceName>,
    seen: &KnownPods,
) -> Result<Option<Consumer>, Error> {
    let url = reqwest::Url::parse(users).ok();
    let address = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    let own = connection.namespace().to_owned();
    let namespaces: BTreeSet<String> = match named {
        Some(named) => BTreeSet::from([named.namespace.clone()]),
        None => seen.namespaces().cloned().chain([own]).take(4).collect(),
    };
    if let Some((host, port)) = address {
        let meant = |service: &Service| match named {
            Some(named) => service.name_any() == named.name,
            None => is_reached_at(service, host, port),
        };
        for namespace in &namespaces {
            let services: Api<Service> = Api::namespaced(connection.client()?, namespace);
            let found = services.list(&ListParams::default().limit(LISTED)).await;
            let found = found.map_err(|source| connection.error("list services", source))?;
            if let Some(service) = found.items.iter().find(|service| meant(service))
                && let Some(selector) = selector(service)
            {
                let title = format!("Service {}", service.name_any());
                return Ok(Some(Consumer {
                    namespace: namespace.clone(),
                    title,
                    by: FoundBy::Selector(selector),
                }));
            }
        }
    }
    Ok(seen.bystander().map(|(namespace, owner)| Consumer {
        namespace,
        title: owner.clone(),
        by: FoundBy::Owner(owner),
    }))
}

fn selector(service: &Service) -> Option<String> {
    let pairs = service.spec.as_ref()?.selector.as_ref().filter(|pairs| !pairs.is_empty())?;
    Some(pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","))
}

/// The consumer's running pods, limited to the first [`PODS`], and their total number.
pub(super) async fn replicas(
    connection: &Connection,
    consumer: &Consumer,
    seen: &KnownPods,
) -> Result<(Vec<Replica>, usize), Error> {
    let pods: Api<Pod> = Api::namespaced(connection.client()?, &consumer.namespace);
    let list = ListParams::default().limit(LISTED);
    let list = match &consumer.by {
        FoundBy::Selector(selector) => list.labels(selector),
        FoundBy::Owner(_) => list,
    };
    let found = pods.list(&list).await.map_err(|source| connection.error("list pods", source))?;
    let mine = match &consumer.by {
        FoundBy::Selector(_) => None,
        FoundBy::Owner(owner) => Some(seen.pods_of(&consumer.namespace, owner)),
    };
    let is_mine = |pod: &Pod| mine.as_ref().is_none_or(|names| names.contains(&pod.name_any()));
    let mut replicas: Vec<Replica> =
        found.items.iter().filter(|pod| runs(pod) && is_mine(pod)).map(replica).collect();
    replicas.sort_by(|one, other| one.name.cmp(&other.name));
    let all = replicas.len();
    replicas.truncate(PODS);
    Ok((replicas, all))
}

fn runs(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    phase == Some("Running") && pod.metadata.deletion_timestamp.is_none()
}

fn replica(pod: &Pod) -> Replica {
    let statuses =
        pod.status.as_ref().and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    let restarts = statuses.iter().map(|status| status.restart_count).fold(0, i32::saturating_add);
    Replica {
        namespace: pod.namespace().unwrap_or_default(),
        name: pod.name_any(),
        incarnation: (pod.uid().unwrap_or_default(), restarts),
        ports: ports(pod),
        admin: admin_port(pod),
    }
}

/// The pod's containers and its sidecar init containers.
fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    let sidecars = pod.spec.iter().flat_map(|spec| spec.init_containers.iter().flatten());
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    pod.spec.iter().flat_map(|spec| &spec.containers).chain(sidecars)
}

/// The usual admin port of an Envoy in the pod; `None` if its series are on a declared port, as Istio's are.
fn admin_port(pod: &Pod) -> Option<u16> {
    let declares = |container: &Container| declared(container).any(|(port, _)| port == ISTIO_STATS);
    let is_envoy = |container: &&Container| {
        let image = container.image.as_deref().unwrap_or_default();
        container.name == ISTIO || container.name == "envoy" || image.contains("envoy")
    };
    let envoy = containers(pod).find(is_envoy).filter(|_| !containers(pod).any(declares))?;
    Some(if envoy.name == ISTIO { 15000 } else { 9901 })
}

/// The TCP ports that the pod's containers declare.
fn ports(pod: &Pod) -> Vec<(u16, Option<String>)> {
    let mut ports: Vec<(u16, Option<String>)> = Vec::new();
    for container in containers(pod) {
        for (port, name) in declared(container) {
            if ports.len() < PORTS && !ports.iter().any(|(known, _)| *known == port) {
                ports.push((port, name));
            }
        }
    }
    ports
}

fn declared(container: &Container) -> impl Iterator<Item = (u16, Option<String>)> {
    let ports = container.ports.iter().flatten();
    let tcp = ports.filter(|port| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP"));
    tcp.filter_map(|port| Some((u16::try_from(port.container_port).ok()?, port.name.clone())))
}

/// The sources that the session will query, shown beforehand.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::observe) struct SourcesToAsk {
    pub(in crate::observe) namespace: String,
    /// `Service my-consumer-service`
    pub(in crate::observe) title: String,
    /// The number of pods that run now.
    pub(in crate::observe) pods: usize,
    /// The ports that they declare and that are queried.
    pub(in crate::observe) ports: Vec<u16>,
}

/// Finds the pods behind the Service that users call; returns `None` if there is no such Service.
pub(in crate::observe) async fn survey(
    connection: &Connection,
    users: &str,
    named: Option<&ServiceName>,
) -> Result<Option<SourcesToAsk>, Error> {
    let seen = KnownPods::default();
    let Some(consumer) = find(connection, users, named, &seen).await? else { return Ok(None) };
    let (replicas, pods) = replicas(connection, &consumer, &seen).await?;
    let asked = |(port, name): &&(u16, Option<String>)| !groups(*port, name.as_deref()).is_empty();
    let ports: BTreeSet<u16> = replicas
        .iter()
        .flat_map(|replica| replica.ports.iter().filter(asked))
        .map(|(port, _)| *port)
        .collect();
    let ports = ports.into_iter().collect();
    Ok(Some(SourcesToAsk { namespace: consumer.namespace, title: consumer.title, pods, ports }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::fake_api::{Reply, answering},
        session::event::{Pod as Row, Timestamp},
        test_support,
    };
    use serde_json::json;

    fn pod(name: &str, phase: &str) -> serde_json::Value {
        json!({"metadata": {"name": name, "namespace": "default", "uid": name}, "status": {"phase": phase},
            "spec": {"containers": [{"name": "main", "ports": [
                {"containerPort": 8080, "name": "http"}, {"containerPort": 53, "protocol": "UDP"}, {"containerPort": 8081}]}],
                "initContainers": [
                    {"name": "istio-proxy", "restartPolicy": "Always", "ports": [{"containerPort": 15090}]},
                    {"name": "setup", "ports": [{"containerPort": 9999}]}]}})
    }

    #[tokio::test]
    async fn the_pods_behind_the_users_service_are_the_consumer() {
        let (connection, asked) = answering(|asked| match asked.path.as_str() {
            "/api/v1/namespaces/default/services" => Reply::List(
                "Service",
                vec![
                    json!({"metadata": {"name": "other"}, "spec": {"ports": [{"port": 80, "nodePort": 30001}]}}),
                    json!({"metadata": {"name": "consumer", "namespace": "default"},
                        "spec": {"selector": {"name": "c"}, "ports": [{"port": 80, "nodePort": 30080}]}}),
                ],
            ),
            _ => {
                Reply::List("Pod", vec![pod("c-2", "Running"), pod("c-1", "Running"), pod("c-0", "Pending")])
            }
        });
        let seen = KnownPods::default();
        let consumer = find(&connection, "http://10.0.0.1:30080/invoke", None, &seen).await.unwrap().unwrap();
        assert_eq!(consumer.title, "Service consumer");
        let (replicas, all) = replicas(&connection, &consumer, &seen).await.unwrap();
        let names: Vec<_> = replicas.iter().map(|replica| replica.name.as_str()).collect();
        assert_eq!((names.as_slice(), all), (&["c-1", "c-2"][..], 2));
        let ports: Vec<_> = replicas[0].ports.iter().map(|(port, _)| *port).collect();
        assert_eq!(ports, [8080, 8081, 15090], "declared ones over TCP, sidecars' too");
        let last = asked.lock().unwrap().last().unwrap().line();
        assert!(last.contains("labelSelector=name=c"), "{last}");
        assert_eq!(
            find(&connection, "http://10.0.0.1:8080/", None, &seen).await.unwrap(),
            None,
            "nobody's address"
        );
        let named = ServiceName { namespace: "default".to_owned(), name: "consumer".to_owned() };
        let forwarded = find(&connection, "http://127.0.0.1:41234/", Some(&named), &seen).await.unwrap();
        assert_eq!(forwarded, Some(consumer), "its address is that of our own port-forward");
    }

    #[test]
    fn an_envoy_whose_series_are_on_no_declared_port_is_read_on_its_admin_port() {
        let admin = |containers: serde_json::Value| {
            admin_port(&serde_json::from_value(json!({"spec": {"containers": containers}})).unwrap())
        };
        assert_eq!(
            admin(json!([{"name": "main"}, {"name": "proxy", "image": "envoyproxy/envoy:v1.33"}])),
            Some(9901)
        );
        assert_eq!(admin(json!([{"name": "istio-proxy"}])), Some(15000));
        assert_eq!(admin(json!([{"name": "istio-proxy", "ports": [{"containerPort": 15090}]}])), None);
        assert_eq!(admin(json!([{"name": "main", "image": "shop/web:1"}])), None);
    }

    #[test]
    fn else_it_is_the_one_workload_that_is_not_hit() {
        let mut seen = KnownPods::default();
        let mut tell = |what| seen.follow(&Event { seq: 0, at: Timestamp::UNIX_EPOCH, what });
        for (name, owner) in [("c-1", "consumer"), ("c-2", "consumer"), ("p-1", "provider")] {
            tell(EventKind::PodSeen(Row {
                owner: Some(owner.to_owned()),
                ..test_support::pod("shop", name)
            }));
        }
        assert_eq!(seen.bystander(), None, "nobody knows yet which of them is hit");
        let fired = EventKind::FaultFired {
            step: test_support::method(0),
            what: "kill".to_owned(),
            targets: vec!["pod/p-1".to_owned()],
        };
        seen.follow(&Event { seq: 1, at: Timestamp::UNIX_EPOCH, what: fired });
        assert_eq!(seen.bystander(), Some(("shop".to_owned(), "consumer".to_owned())));
        assert_eq!(seen.pods_of("shop", "consumer").len(), 2);
    }
}
