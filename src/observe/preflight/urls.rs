//! Checks whether the addresses that will be requested accept a connection.

use super::{StepToCheck, fix, ok};
use crate::{
    cluster::{Connection, Forwards, ReachedService, TriedWays, hosts, node_ports, reach_all},
    experiment::ProviderKind,
    session::event::{PlanChange, PreflightCheck},
};
use k8s_openapi::api::core::v1::Service;
use kube::{Api, ResourceExt, api::ListParams};
use reqwest::Url;
use std::{collections::BTreeMap, time::Duration};
use tokio::net::TcpStream;

/// The timeout of a connection attempt.
const LIMIT: Duration = Duration::from_secs(2);

/// Where the Services are to which an address may belong.
pub(super) struct ServicesToTry<'a> {
    pub(super) connection: &'a Connection,
    pub(super) namespace: &'a str,
    /// The Service that was named as the users' endpoint.
    pub(super) users: Option<&'a ReachedService>,
    pub(super) forwards: &'a Forwards,
}

/// Connects to each address once and sends nothing.
pub(super) async fn check(
    subjects: &[StepToCheck<'_>],
    cluster: Option<ServicesToTry<'_>>,
) -> Vec<PreflightCheck> {
    let mut addresses: BTreeMap<(String, u16), Vec<&StepToCheck<'_>>> = BTreeMap::new();
    let mut checks = Vec::new();
    for subject in subjects.iter().filter(|subject| subject.activity.provider.kind == ProviderKind::Http) {
        let text = subject.text("url");
        let url = Url::parse(text).ok();
        let address = url.and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
        match address {
            Some(address) => addresses.entry(address).or_default().push(subject),
            None => checks.push(fix(
                format!("{}: '{text}' is no URL", subject.title()),
                Some("set the variable used in the URL".to_owned()),
            )),
        }
    }
    for ((host, port), subjects) in addresses {
        match connect(&host, port).await {
            Ok(()) => checks.push(ok(format!("{host}:{port} accepts connections, no request sent"))),
            Err(why) => {
                let ways = match &cluster {
                    Some(cluster) => ways(cluster, (&host, port)).await.unwrap_or_default(),
                    None => Vec::new(),
                };
                checks.push(PreflightCheck {
                    offer: offer(&subjects, &ways),
                    ..fix(
                        format!("{}: {host}:{port} does not answer ({why})", titles(&subjects)),
                        Some(remedy(&ways, cluster.is_some())),
                    )
                });
            }
        }
    }
    checks
}

/// `step 3 ask`, and the number of further steps with the same address.
fn titles(subjects: &[&StepToCheck<'_>]) -> String {
    let first = subjects.first().map(|subject| subject.title()).unwrap_or_default();
    match subjects.len() {
        0 | 1 => first,
        n => format!("{first} and {} more", n - 1),
    }
}

/// The ways that were found to each Service, by its name.
fn remedy(ways: &[(String, TriedWays)], in_cluster: bool) -> String {
    let words = |(service, tried): &(String, TriedWays)| {
        let answering: Vec<String> =
            tried.answering.iter().map(|way| format!("{} ({way})", way.url)).collect();
        match answering.as_slice() {
            [] => format!("Service {service} is not reached from here: {}", tried.failing.join(", ")),
            answering => format!("Service {service} is at {}", answering.join(", ")),
        }
    };
    match ways.iter().map(words).collect::<Vec<_>>() {
        words if words.is_empty() && in_cluster => {
            "start the server at that address, correct the URL, or name the Service: --watch service/NAME"
                .to_owned()
        }
        words if words.is_empty() => "start the server at that address, or correct the URL".to_owned(),
        words if ways.iter().all(|(_, tried)| tried.answering.is_empty()) => words.join("; "),
        words => format!("found: {}; set the URL's variable to it", words.join("; ")),
    }
}

/// An offer of another address, if exactly one Service may be meant and one of its addresses answers. The steps cannot
/// send the host that an Ingress needs.
fn offer(subjects: &[&StepToCheck<'_>], ways: &[(String, TriedWays)]) -> Option<PlanChange> {
    let [(_, tried)] = ways else { return None };
    let way = tried.answering.iter().find(|way| way.host.is_none())?;
    let from = address_of(subjects.first()?.text("url"))?.to_owned();
    let steps = subjects.iter().map(|subject| subject.at).collect();
    Some(PlanChange::Readdress { steps, from, to: way.url.clone(), via: Some(way.to_string()) })
}

/// Scheme, host and port as the URL writes them.
fn address_of(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url.get(host..)?.find(['/', '?', '#']).map_or(url.len(), |end| host + end);
    url.get(..end)
}

async fn connect(host: &str, port: u16) -> Result<(), String> {
    let host = host.trim_matches(['[', ']']);
    match tokio::time::timeout(LIMIT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Err("refused".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

/// The ways to the Services that may be meant: the one with that node port or name, else the users' Service, else those
/// with a node port, else the only one.
async fn ways(
    ServicesToTry { connection, namespace, users, forwards }: &ServicesToTry<'_>,
    (host, port): (&str, u16),
) -> Option<Vec<(String, TriedWays)>> {
    let namespace = users.map_or(*namespace, |users| &users.namespace);
    let services: Api<Service> = Api::namespaced(connection.client().ok()?, namespace);
    let mut services = services.list(&ListParams::default()).await.ok()?.items;
    services.retain(|service| service.spec.as_ref().is_some_and(|spec| spec.selector.is_some()));
    let by_port = |service: &Service| node_ports(service).any(|it| it == port);
    let by_name = |service: &Service| hosts(service).contains(host);
    let by_users = |service: &Service| users.is_some_and(|users| users.name == service.name_any());
    let outside = |service: &Service| node_ports(service).next().is_some();
    let position = |is: &dyn Fn(&Service) -> bool| services.iter().position(is);
    if let Some(meant) = position(&by_port).or(position(&by_name)).or(position(&by_users)) {
        services = vec![services.swap_remove(meant)];
    } else if services.iter().any(outside) {
        services.retain(outside);
    } else if services.len() > 1 {
        return None;
    }
    let mut ways = Vec::new();
    for mut service in services {
        service.metadata.namespace.get_or_insert_with(|| namespace.to_owned());
        ways.push((service.name_any(), reach_all(connection, &service, forwards).await));
    }
    Some(ways)
}
