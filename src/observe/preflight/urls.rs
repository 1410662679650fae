//! Checks whether the addresses that will be requested accept a connection.

use super::{StepToCheck, fix, ok};
use crate::{
    cluster::{Connection, ServiceReach, service_url},
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

/// Connects to each address once and sends nothing.
pub(super) async fn check(
    subjects: &[StepToCheck<'_>],
    connection: Option<&Connection>,
    namespace: &str,
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
                let ways = match connection {
                    Some(connection) => ways(connection, namespace, port).await.unwrap_or_default(),
                    None => Vec::new(),
                };
                checks.push(PreflightCheck {
                    offer: offer(&subjects, &ways).await,
                    ..fix(
                        format!("{}: {host}:{port} does not answer ({why})", titles(&subjects)),
                        Some(remedy(&ways)),
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

/// Where a Service can be reached, or how it could be made reachable.
enum ServiceRoute {
    At { service: String, url: String },
    Advice(String),
}

fn remedy(ways: &[ServiceRoute]) -> String {
    let words = |way: &ServiceRoute| match way {
        ServiceRoute::At { service, url } => format!("Service {service} is at {url}"),
        ServiceRoute::Advice(advice) => advice.clone(),
    };
    match ways.iter().map(words).collect::<Vec<_>>() {
        words if words.is_empty() => "start the server at that address, or correct the URL".to_owned(),
        words => format!("found: {}; set the URL's variable to it", words.join(", ")),
    }
}

/// An offer of another address, if there is exactly one candidate and it accepts connections.
async fn offer(subjects: &[&StepToCheck<'_>], ways: &[ServiceRoute]) -> Option<PlanChange> {
    let [ServiceRoute::At { url: to, .. }] = ways else { return None };
    let url = Url::parse(to).ok()?;
    connect(url.host_str()?, url.port_or_known_default()?).await.ok()?;
    let from = address_of(subjects.first()?.text("url"))?.to_owned();
    let steps = subjects.iter().map(|subject| subject.at).collect();
    Some(PlanChange::Readdress { steps, from, to: to.trim_end_matches('/').to_owned() })
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

/// The addresses of the Service that may be meant: the one with that node port, else those reachable from outside.
async fn ways(connection: &Connection, namespace: &str, port: u16) -> Option<Vec<ServiceRoute>> {
    let services: Api<Service> = Api::namespaced(connection.client().ok()?, namespace);
    let services = services.list(&ListParams::default()).await.ok()?.items;
    let node_ports = |service: &Service| -> Vec<i32> {
        let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
        ports.iter().filter_map(|port| port.node_port).collect()
    };
    let outside = services.iter().filter(|service| !node_ports(service).is_empty());
    let meant = outside.clone().find(|service| node_ports(service).contains(&i32::from(port)));
    let candidates: Vec<&Service> = meant.map_or_else(|| outside.collect(), |service| vec![service]);
    let mut ways = Vec::new();
    for service in candidates {
        let name = service.name_any();
        match service_url(connection, namespace, &name).await.ok()? {
            ServiceReach::At(url) => ways.push(ServiceRoute::At { service: name, url }),
            ServiceReach::Advice(advice) => ways.push(ServiceRoute::Advice(advice)),
            ServiceReach::Missing => {}
        }
    }
    Some(ways)
}
