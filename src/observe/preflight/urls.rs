//! Whether the addresses that will be asked accept a connection.

use super::{Subject, fix, ok};
use crate::cluster::{Connection, Reach, service_url};
use crate::experiment::ProviderKind;
use crate::session::event::Check;
use k8s_openapi::api::core::v1::Service;
use kube::{Api, ResourceExt, api::ListParams};
use reqwest::Url;
use std::{collections::BTreeMap, time::Duration};
use tokio::net::TcpStream;

/// Longest wait for a connection.
const LIMIT: Duration = Duration::from_secs(2);

/// Connects to each address once, sends nothing.
pub(super) async fn check(
    subjects: &[Subject<'_>],
    connection: Option<&Connection>,
    namespace: &str,
) -> Vec<Check> {
    let mut addresses: BTreeMap<(String, u16), &Subject<'_>> = BTreeMap::new();
    let mut checks = Vec::new();
    for subject in subjects.iter().filter(|subject| subject.activity.provider.kind == ProviderKind::Http) {
        let text = subject.text("url");
        let url = Url::parse(text).ok();
        let address = url.and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
        match address {
            Some(address) => drop(addresses.entry(address).or_insert(subject)),
            None => checks.push(fix(
                format!("{}: '{text}' is no URL", subject.title()),
                Some("set the variable it is made of".to_owned()),
            )),
        }
    }
    for ((host, port), subject) in addresses {
        match connect(&host, port).await {
            Ok(()) => checks.push(ok(format!("{host}:{port} accepts connections, no request sent"))),
            Err(why) => {
                let found = match connection {
                    Some(connection) => found(connection, namespace, port).await,
                    None => None,
                };
                let text = format!("{}: {host}:{port} does not answer ({why})", subject.title());
                checks
                    .push(fix(text, found.or(Some("start what listens there, or mend the URL".to_owned()))));
            }
        }
    }
    checks
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

/// Where the Service that may be meant can be reached: the one with that node port, else the only ones from outside.
async fn found(connection: &Connection, namespace: &str, port: u16) -> Option<String> {
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
            Reach::At(url) => ways.push(format!("Service {name} is at {url}")),
            Reach::Advice(advice) => ways.push(advice),
            Reach::Missing => {}
        }
    }
    (!ways.is_empty()).then(|| format!("found: {}; set the URL's variable to it", ways.join(", ")))
}
